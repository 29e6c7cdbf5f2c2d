"""Checks that several kinds of document share, each run only where the form is sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from pith_builder.core.alias import alias_names
from pith_builder.core.canonical import JsonValue, Writer, canonical_json, sha256_hex
from pith_builder.core.event_checks import Finding, judged
from pith_builder.core.keys import Keyring, PublicKey
from pith_builder.core.number import PithNumber
from pith_builder.core.record import CanonicalRecord
from pith_builder.core.report import Code, Failure, differences
from pith_builder.errors import MalformedError


class Sound:
    """A document and where its form is sound, so that a check reads only what it can."""

    def __init__(
        self,
        document: dict[str, JsonValue],
        failures: tuple[Failure, ...],
        write: Writer = canonical_json,
    ) -> None:
        """Take a document, how its form fails, and what writes it.

        `write` may be `dump_canonical` if the document is known to be plain.
        """
        self.document = document
        self.write = write
        self.failures = failures
        self._unsound = [failure.path for failure in failures]

    def has(self, *fields: str) -> bool:
        """Tell whether each of these parts is whole and of sound form."""
        return not any(
            path == field or path.startswith(field + "/") or field.startswith(path + "/")
            for field in fields
            for path in self._unsound
        )

    def below(self, field: str) -> Sound:
        """Return the object that is one of the document's fields, and where its form is sound."""
        place = f"/{field}"
        found = tuple(
            replace(failure, path=failure.path.removeprefix(place))
            for failure in self.failures
            if failure.path == place or failure.path.startswith(place + "/")
        )
        return Sound(self.document[field], found, self.write)


def number_failures(holds: Sound) -> Iterator[Failure]:
    """Yield a failure unless the short form is the Pith Number's."""
    if holds.has("/pith_number", "/short_pith_number"):
        yield from differences(
            holds.document["short_pith_number"],
            PithNumber.parse(holds.document["pith_number"]).short(),
            "/short_pith_number",
            Code.NUMBER_MISMATCH,
            "the Pith Number",
        )


def canonical_record(holds: Sound, field: str) -> CanonicalRecord | None:
    """Read the canonical record at `field`, or None where it does not hold by itself."""
    if not holds.has(field):
        return None
    value: JsonValue = holds.document
    for key in field.split("/")[1:]:
        value = value[key]
    try:
        return CanonicalRecord.from_json_object(value)
    except MalformedError:
        return None


def record_name_failures(holds: Sound, field: str) -> Iterator[Failure]:
    """Yield a failure unless the canonical record at `field` is the one the document names."""
    record = canonical_record(holds, field)
    if record is None:
        if holds.has(field):
            yield Failure(field, Code.WRONG_VALUE, "is not in the one form of a canonical record")
        return
    if holds.has("/canonical_sha256") and "canonical_sha256" in holds.document:
        yield from differences(
            holds.document["canonical_sha256"],
            record.digest().hex(),
            "/canonical_sha256",
            Code.CANONICAL_DIGEST_MISMATCH,
            "the canonical record",
        )
    if holds.has("/pith_number") and holds.document["pith_number"] != str(record.pith_number()):
        yield Failure(
            field,
            Code.NUMBER_MISMATCH,
            f"this canonical record is {record.pith_number()}, "
            f"the document is of {holds.document['pith_number']}",
        )
    if "source" in holds.document and holds.has("/source"):
        yield from differences(
            holds.document["source"],
            record.source(),
            "/source",
            Code.DISAGREEMENT,
            "the canonical record",
        )


def alias_failures(holds: Sound, record_field: str, aliases_field: str) -> Iterator[Failure]:
    """Yield every alias that does not follow from the canonical record at `record_field`."""
    record = canonical_record(holds, record_field)
    if record is None or not holds.has(aliases_field):
        return
    value: JsonValue = holds.document
    for key in aliases_field.split("/")[1:]:
        value = value[key]
    yield from differences(
        [
            {"alias_kind": alias["alias_kind"], "alias_value": alias["alias_value"]}
            for alias in value
        ],
        [
            {"alias_kind": kind, "alias_value": name}
            for kind, name in alias_names(record, record.pith_number())
        ],
        aliases_field,
        Code.ALIAS_MISMATCH,
        "the canonical record",
    )


def judged_events(holds: Sound, keyring: Keyring) -> list[list[Finding]]:
    """Return all that is to be said against each event the document lists."""
    if not holds.has("/events"):
        return []
    number = holds.document["pith_number"] if holds.has("/pith_number") else None
    return judged(holds.document["events"], number, keyring, "/events")


def state_digest_failures(holds: Sound, field: str) -> Iterator[Failure]:
    """Yield a failure unless the state at `field` ("" for the whole document) is hashed right."""
    if not holds.has(field):
        return
    state = holds.document[field[1:]] if field else holds.document
    unsealed = {key: value for key, value in state.items() if key != "state_sha256"}
    yield from differences(
        state["state_sha256"],
        sha256_hex(holds.write(unsealed)),
        field + "/state_sha256",
        Code.STATE_DIGEST_MISMATCH,
        "the rest of the state",
    )


def fingerprint_failures(key: dict[str, JsonValue], path: str) -> Iterator[Failure]:
    """Yield where the several forms of one public key disagree."""
    wanted = _public_key_object(
        key["key_id"], key["public_key_hex"], key["rotates_at"], key["url"], key["notes"]
    )
    if key != wanted:
        yield from differences(key, wanted, path, Code.FINGERPRINT_MISMATCH, "its public_key_hex")


@lru_cache(maxsize=64)
def _public_key_object(
    key_id: str, raw_hex: str, rotates_at: str | None, url: str | None, notes: str | None
) -> dict[str, JsonValue]:
    """Return what a key is by its bytes; the documents of one registry name the same few."""
    key = PublicKey(
        key_id=key_id, raw=bytes.fromhex(raw_hex), rotates_at=rotates_at, url=url, notes=notes
    )
    return key.to_json_object()
