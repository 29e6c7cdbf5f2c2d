"""Whether one published bundle says all that was gathered of a record, so that it can stay."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from orjson import Fragment

from pith_builder.core.bundle import Bundle
from pith_builder.core.bundle_checks import link_failures, seal_failures
from pith_builder.core.canonical import JsonValue, canonical_json, dump_canonical
from pith_builder.core.event import claimed_id
from pith_builder.core.form import ObjectOf
from pith_builder.core.forms import BUNDLE
from pith_builder.core.gathering import Gathered
from pith_builder.core.keys import Keyring
from pith_builder.core.sound import Sound

_FOLLOWING = frozenset(
    {
        "canonical_record",
        "canonical_sha256",
        "pith_number",
        "short_pith_number",
        "source",
        "source_aliases",
        "state",
    }
)
"""What of a bundle follows from its events, and is compared."""

_COMPARED = _FOLLOWING | {"events"}

_REST = ObjectOf({name: form for name, form in BUNDLE.fields.items() if name not in _COMPARED})
_is_quickly_sound = _REST.quick()


def published_bundle(
    found: Gathered, bundles: Iterable[JsonValue], keyring: Keyring
) -> Bundle | None:
    """Return the bundle that says all that was gathered and holds, or None.

    It holds as `verify` would find, which would judge the events once more. Ruling: of several
    the one whose canonical JSON comes first, so that their order does not matter.
    """
    following = dump_canonical(
        {
            "canonical_record": found.record.to_json_object(),
            "canonical_sha256": found.digest.hex(),
            "pith_number": str(found.number),
            "short_pith_number": found.number.short(),
            "source": found.record.source(),
            "source_aliases": [alias.to_json_object() for alias in found.aliases],
            "state": Fragment(found.state.document),
        }
    )
    events = {event.event_id: event.document for event in found.valid}
    holding: list[Bundle] = []
    for bundle in bundles:
        rest = {name: bundle[name] for name in bundle.keys() - _COMPARED}
        # What compares equal is canonical as it is written; where the rest is plain, all is.
        is_quick = _is_quickly_sound(rest)
        write = dump_canonical if is_quick else canonical_json
        holds = Sound(bundle, (), write)
        if (
            write({name: bundle.get(name) for name in _FOLLOWING}) == following
            and len(bundle["events"]) == len(events)
            and {claimed_id(event): write(event) for event in bundle["events"]} == events
            and (is_quick or next(_REST.failures(rest, ""), None) is None)
            and next(seal_failures(holds, keyring), None) is None
            and next(link_failures(holds), None) is None
        ):
            built_at, signature = bundle["built_at"], bundle["bundle_signature"]
            kept = Bundle(built_at=built_at, signature=signature, document=write(bundle))
            holding.append(kept)
    return min(holding, key=attrgetter("document"), default=None)
