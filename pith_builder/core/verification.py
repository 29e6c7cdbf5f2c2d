"""Verifying a document of any kind: every failure found, in one report (FORMAT.md 14)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from pith_builder.core.bundle_checks import bundle_failures, state_failures
from pith_builder.core.canonical import JsonValue, canonical_json, dump_canonical, parse_json
from pith_builder.core.event_checks import (
    event_findings,
    failures_among,
    judged,
    snapshot_digest_failures,
)
from pith_builder.core.form import AnyObject, Form, Quick
from pith_builder.core.forms import BUNDLE, GRAPH, PUBLIC_KEY, RECORD_DOCUMENT, STATE
from pith_builder.core.inclusion import INCLUSION, inclusion_failures
from pith_builder.core.keys import Keyring
from pith_builder.core.manifest import MANIFEST
from pith_builder.core.manifest_checks import manifest_failures
from pith_builder.core.mirror import MIRRORS
from pith_builder.core.proof import PROOF, proof_failures
from pith_builder.core.record_document_checks import record_document_failures
from pith_builder.core.report import Code, Failure, Report, pointer
from pith_builder.core.sound import Sound, fingerprint_failures
from pith_builder.errors import MalformedError


def verify_bytes(data: bytes, keyring: Keyring) -> Report:
    """Verify the one document that `data` holds; never raises, whatever the bytes are."""
    try:
        value = parse_json(data)
    except MalformedError as error:
        return _not_json(error)
    return verify(value, keyring)


def verify_value(value: JsonValue, keyring: Keyring) -> Report:
    """Verify what a program made of a document; never raises, also where JSON cannot say it."""
    try:
        canonical_json(value)
    except MalformedError as error:
        return _not_json(error)
    return verify(value, keyring)


def _not_json(error: MalformedError) -> Report:
    return Report("unknown", "", (Failure("", Code.NOT_JSON, str(error)),))


def verify(document: JsonValue, keyring: Keyring) -> Report:
    """Verify a parsed document of any kind; the fields it has tell which kind it is.

    Trust comes from `keyring`; keys that the document carries prove its integrity at most.

    Raises:
        MalformedError: It holds what JSON cannot say, which no parser gives.
    """
    for kind in _KINDS:
        if isinstance(document, dict) and not kind.told_by.isdisjoint(document):
            if kind.is_sound(document):
                holds = Sound(document, (), dump_canonical)
            else:
                holds = Sound(document, tuple(kind.form.failures(document, "")))
            checked = tuple(kind.failures(holds, keyring))
            name = _named(document, kind.named_by)
            return Report(kind.name, name, (*holds.failures, *checked))
    if _lists_events(document):
        found = tuple(failures_among(judged(document, None, keyring)))
        return Report("events", _named(document[0], "subject_pith_number"), found)
    message = f"not a Pith document: it has none of the fields {_TELLING}"
    return Report("unknown", "", (Failure("", Code.UNKNOWN_KIND, message),))


def _named(document: dict[str, JsonValue], field: str) -> str:
    return str(document.get(field, ""))[:80]


def _lists_events(document: JsonValue) -> bool:
    """Tell whether a document is a list of events, as a mirror has of each record."""
    return (
        isinstance(document, list)
        and bool(document)
        and all(isinstance(one, dict) and not _TOLD_EVENTS.isdisjoint(one) for one in document)
    )


def _whole_event_failures(holds: Sound, keyring: Keyring) -> Iterator[Failure]:
    yield from failures_among([event_findings(holds.document, None, keyring)])


def _public_key_failures(holds: Sound, keyring: Keyring) -> Iterator[Failure]:
    del keyring
    if holds.has(""):
        yield from fingerprint_failures(holds.document, "")


def _graph_failures(holds: Sound, keyring: Keyring) -> Iterator[Failure]:
    """Yield what can be recomputed of a bare graph snapshot, which nobody signed."""
    del keyring
    if holds.has(""):
        yield from snapshot_digest_failures(holds.document, "")


def _mirrors_failures(holds: Sound, keyring: Keyring) -> Iterator[Failure]:
    """Yield what can be recomputed of a list of mirrors, which nobody signed."""
    del keyring
    if holds.has("/mirrors"):
        for index, mirror in enumerate(holds.document["mirrors"]):
            yield from fingerprint_failures(
                mirror["public_key"], pointer("mirrors", index, "public_key")
            )


_TOLD_EVENTS = frozenset({"event_type", "event_id"})


@dataclass(frozen=True, kw_only=True)
class _Kind:
    name: str
    told_by: frozenset[str]
    named_by: str
    form: Form
    failures: Callable[[Sound, Keyring], Iterator[Failure]]

    @cached_property
    def is_sound(self) -> Quick:
        """What tells quickly that a document is of the form; if not, the form must tell."""
        return self.form.quick()


_KINDS = (
    _Kind(
        name="bundle",
        told_by=frozenset({"bundle_type", "bundle_signature"}),
        named_by="pith_number",
        form=BUNDLE,
        failures=bundle_failures,
    ),
    _Kind(
        name="state",
        told_by=frozenset({"state_type", "state_sha256"}),
        named_by="pith_number",
        form=STATE,
        failures=state_failures,
    ),
    _Kind(
        name="record",
        told_by=frozenset({"record_type", "agent_actions"}),
        named_by="pith_number",
        form=RECORD_DOCUMENT,
        failures=record_document_failures,
    ),
    _Kind(
        name="event",
        told_by=_TOLD_EVENTS,
        named_by="event_id",
        form=AnyObject(),
        failures=_whole_event_failures,
    ),
    _Kind(
        name="graph_snapshot",
        told_by=frozenset({"author_claims"}),
        named_by="builder_version",
        form=GRAPH,
        failures=_graph_failures,
    ),
    _Kind(
        name="equivocation_proof",
        told_by=frozenset({"proof_type"}),
        named_by="pith_number",
        form=PROOF,
        failures=proof_failures,
    ),
    _Kind(
        name="inclusion_proof",
        told_by=frozenset({"inclusion_type", "inclusion_version"}),
        named_by="pith_number",
        form=INCLUSION,
        failures=inclusion_failures,
    ),
    _Kind(
        name="mirrors",
        told_by=frozenset({"mirrors"}),
        named_by="generated_at",
        form=MIRRORS,
        failures=_mirrors_failures,
    ),
    _Kind(
        name="manifest",
        told_by=frozenset({"manifest_type", "manifest_signature"}),
        named_by="sequence",
        form=MANIFEST,
        failures=manifest_failures,
    ),
    _Kind(
        name="public_key",
        told_by=frozenset({"public_key_hex", "public_key_b64"}),
        named_by="key_id",
        form=PUBLIC_KEY,
        failures=_public_key_failures,
    ),
)
_TELLING = ", ".join(sorted(field for kind in _KINDS for field in kind.told_by))
