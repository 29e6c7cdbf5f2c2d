"""Rows of records and bundles whose receipt or seal is signed again, with another key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pith_builder.core.bundle import bundle_digest
from pith_builder.core.canonical import JsonValue, RecordDigest, parse_json
from pith_builder.core.gathering import KeyName, reissued_bundle
from pith_builder.core.instants import format_microseconds, format_seconds, parse_seconds
from pith_builder.core.keys import Keyring, PublicKey, Signature, Signer, decode_base64
from pith_builder.core.manifest import Part
from pith_builder.core.receipt import STATED, reissued
from pith_builder.errors import MalformedError, VerificationError
from pith_builder.lake.parts import Row, instant_of, microseconds
from pith_builder.lake.reading import DIGESTS_AT_ONCE, batches
from pith_builder.lake.tables import BUNDLES, RECORDS, Kind, Table

_UNSOUND = (MalformedError, VerificationError, LookupError, TypeError, ValueError)
_NAMED_BY = ("key_id", "public_key_fingerprint")


def signed_by(lake: Path, table: Table, part: Part) -> Counter[KeyName]:
    """Return how many rows of a part each key signed.

    Raises:
        DamagedPartError: The part cannot be read whole.
    """
    found: Counter[KeyName] = Counter()
    for batch in batches(lake, table, part, _NAMED_BY, DIGESTS_AT_ONCE):
        found.update(zip(*(batch.column(name).to_pylist() for name in _NAMED_BY), strict=True))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ReissuedRows:
    """Signs rows again that one of several keys signed, once that signature is shown to hold.

    Attributes:
        former: The names of those keys.
        keyring: The keys that are trusted.
        keys: The same by name.
        signer: With which key.
        now: The instant everything is dated with.
        build_id: The run.
    """

    former: frozenset[KeyName]
    keyring: Keyring
    keys: Mapping[KeyName, PublicKey]
    signer: Signer
    now: datetime
    build_id: str

    def changed(self, table: Table, rows: Sequence[Row]) -> list[Row]:
        """Return rows of `records` or `bundles`, given with their digests, without, signed again.

        Raises:
            VerificationError: A row's signature does not hold: nothing vouches for it.
        """
        change = {RECORDS.name: self._record, BUNDLES.name: self._bundle}[table.name]
        names = [column.name for column in table.columns]
        changed: list[Row] = []
        for values in rows:
            row = dict(zip(names, values, strict=False))
            if (row["key_id"], row["public_key_fingerprint"]) in self.former:
                try:
                    row |= change(row)
                except _UNSOUND as error:
                    raise VerificationError(
                        f"the row of {row['pith_number']} in {table.name} does not hold, so it is "
                        f"not signed again: {error}; run `pith audit`"
                    ) from error
            changed.append(tuple(row.values()))
        return changed

    def _record(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return what changes of a row of `records`; it stays a row of the build that added it."""
        stated = {name: _told(RECORDS, name, row[name]) for name in STATED}
        signature = Signature(
            row["key_id"],
            row["public_key_fingerprint"],
            decode_base64(row["signature_b64"]),
            stated["signed_at"],
        )
        self.keyring.verified(RecordDigest.fromhex(row["canonical_sha256"]), signature)
        now = microseconds(self.now)
        again = reissued(stated, self.signer, format_microseconds(self.now))
        dates = {"last_reissued_at": now, "signed_at": now}
        return {**again, **dates, "first_computed_at": row["first_computed_at"]}

    def _bundle(self, row: dict[str, Any]) -> dict[str, Any]:
        bundle = parse_json(row["document"].encode())
        signature = Signature.from_block(bundle["bundle_signature"], bundle["built_at"])
        self.keyring.verified(bundle_digest(bundle), signature)
        built = reissued_bundle(bundle, signer=self.signer, keys=self.keys, now=self.now)
        return {
            "built_at": microseconds(parse_seconds(format_seconds(self.now))),
            **{
                name: built.signature[name]
                for name in ("bundle_sha256", *_NAMED_BY, "signature_b64")
            },
            "signed_at": microseconds(self.now),
            "document": built.document.decode(),
            "build_id": self.build_id,
        }


def _told(table: Table, name: str, value: Any) -> JsonValue:
    return (
        format_microseconds(instant_of(value)) if table.column(name).kind is Kind.INSTANT else value
    )
