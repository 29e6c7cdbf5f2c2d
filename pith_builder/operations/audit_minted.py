"""Auditing what was minted by minting it again, with a signer that checks instead of signing.

From arXiv's words in `records` and the signatures found, the rows of records, events, states,
bundles and aliases are made again; where they are the rows found, and each signature is that of a
trusted key, nothing is left to check. What is not so, for whatever reason, is left to the checks
of each row by itself, which say what is wrong with it, or that it is right otherwise.
"""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from operator import lt
from pathlib import Path
from typing import NamedTuple

import orjson

from pith_builder.core.forms import RECORD_CREATED
from pith_builder.core.instants import format_microseconds, format_seconds
from pith_builder.core.keys import PublicKey
from pith_builder.core.manifest import Part
from pith_builder.core.minting import Mint, Minted, identities
from pith_builder.core.registry import Registry
from pith_builder.errors import VerificationError
from pith_builder.lake.arrays import Same
from pith_builder.lake.minted_parts import (
    NotTogetherError,
    Stretch,
    is_what,
    papers_of,
    seen_in,
    stretches,
)
from pith_builder.lake.minted_rows import AliasRow, MintedRows, alias_rows
from pith_builder.lake.parts import instant_of
from pith_builder.lake.reading import DamagedPartError, batches, column_of, read_rows, rows_of
from pith_builder.lake.tables import ALIASES, BUNDLES, EVENTS, RECORDS, STATES, TABLES
from pith_builder.operations.audit_parts import UNREADABLE, PartAudit, PartCheck, audit_part
from pith_builder.signing.ed25519 import SignatureChecker, TrustedKeys

_TABLES = (RECORDS, EVENTS, STATES, BUNDLES)
_NOT_AS_MINTED = (*UNREADABLE, VerificationError, RuntimeError, StopIteration)
"""What stands in the way of minting rows again, where they were not minted, or are damaged."""


class _Again(NamedTuple):
    """The mint that made some rows, standing again without its private key."""

    mint: Mint
    rows: MintedRows
    checker: SignatureChecker
    build_id: str


def audit_minted(lake: Path, parts: Mapping[str, Part], trusted: TrustedKeys) -> list[PartAudit]:
    """Audit parts that were written together: those of four tables, and of aliases if it is there.

    Memory: the documents of a thousand papers, and the names of all.
    """
    checks = [PartCheck(table, parts[table.name], trusted) for table in _TABLES]
    again: _Again | None = None
    names: list[AliasRow] = []
    places: dict[str, int] = {}
    try:
        for stretch in stretches(lake, parts):
            again = again or _mint_of(stretch, trusted)
            minted = again and _minted_again(stretch, again, checks)
            if minted is None:
                for check, batch in zip(checks, stretch, strict=True):
                    check.examine(rows_of(check.table, parts[check.table.name], batch))
            else:
                names += alias_rows(minted)
                first = checks[-1].audit.rows - len(minted.identities)
                for row, identity in enumerate(minted.identities, first):
                    places[identity.pith_number] = row
        if names and again is not None:
            _note_key(again, checks, names[0][2])
        if ALIASES.name in parts:
            checks.append(PartCheck(ALIASES, parts[ALIASES.name], trusted))
            if not (names and again and _aliases_hold(lake, parts, again, names, checks[-1])):
                checks[-1].examine(read_rows(lake, ALIASES, parts[ALIASES.name]))
                _link_aliases(again, names, places, checks[3].audit)
        else:
            _link_aliases(again, names, places, checks[3].audit)
    except (DamagedPartError, NotTogetherError):
        # Each by itself, they tell which of them is damaged.
        return [audit_part(lake, TABLES[name], part, trusted) for name, part in parts.items()]
    return [check.finish() for check in checks]


def _note_key(again: _Again, checks: Sequence[PartCheck], number: str) -> None:
    """Note for the tables whose rows are signed that their key must be listed."""
    key = again.checker.public_key
    used = {"key_id": key.key_id, "public_key_fingerprint": key.fingerprint}
    for check in checks:
        if check.table in (RECORDS, BUNDLES):
            check.audit.link("key", used, 0, number)


def _mint_of(stretch: Stretch, trusted: TrustedKeys) -> _Again | None:
    """Find out who minted a stretch, with which key and when: its first bundle says so.

    Nothing of it is believed: rows made otherwise are not those found.
    """
    try:
        bundle = orjson.loads(column_of(BUNDLES, stretch.bundles.slice(0, 1), "document")[0])
        key = PublicKey.from_json_object(bundle["public_keys"][0])
        hint, created = bundle["mirror_hints"][0], bundle["events"][0]
        registry = Registry(
            signer_id=created["signer"]["signer_id"],
            name=hint["name"],
            base_url=hint["base_url"],
            builder_version=created["payload"]["receipt"]["builder_version"],
        )
        signed_at, build_id = (
            column_of(RECORDS, stretch.records.slice(0, 1), name)[0]
            for name in ("signed_at", "build_id")
        )
        now = instant_of(signed_at)
        if not trusted.holds(key, registry.signer_id, format_microseconds(now)):
            return None
        checker = SignatureChecker(key)
        mint = Mint(registry, checker, now)
        return _Again(mint, MintedRows(mint, build_id), checker, build_id)
    except _NOT_AS_MINTED:
        return None


def _minted_again(stretch: Stretch, again: _Again, checks: Sequence[PartCheck]) -> Minted | None:
    """Mint a stretch again and pass its rows, or return None where they are not what is minted."""
    try:
        again.checker.expect(_signatures(stretch))
        minted = again.mint.mint(identities(papers_of(stretch.records)))
        rows = again.rows
        made = (
            rows.records(minted, seen_in(stretch.records)),
            rows.events(minted),
            rows.states(minted),
            rows.bundles(minted),
        )
        numbers = [identity.pith_number for identity in minted.identities]
        holds = all(map(lt, numbers, numbers[1:])) and all(map(is_what, _TABLES, stretch, made))
    except _NOT_AS_MINTED:
        return None
    if not holds:
        return None
    for check, columns, batch in zip(checks, made, stretch, strict=True):
        check.accept(columns, len(batch), again.build_id)
    return minted


def _signatures(stretch: Stretch) -> Iterator[bytes]:
    """Return the signatures found, in the order in which a mint makes them."""
    types = column_of(EVENTS, stretch.events, "event_type")
    signatures = column_of(EVENTS, stretch.events, "signature_b64")
    firsts, seconds = signatures[::2], signatures[1::2]
    is_created = [event_type == RECORD_CREATED for event_type in types[::2]]
    pairs = zip(firsts, seconds, is_created, strict=True)
    created, graph = zip(*((a, b) if first else (b, a) for a, b, first in pairs), strict=True)
    receipts = column_of(RECORDS, stretch.records, "signature_b64")
    bundles = column_of(BUNDLES, stretch.bundles, "signature_b64")
    return map(a2b_base64, chain(receipts, created, graph, bundles))


def _aliases_hold(
    lake: Path,
    parts: Mapping[str, Part],
    again: _Again,
    names: list[AliasRow],
    check: PartCheck,
) -> bool:
    """Pass the aliases written if they are those of the papers that were minted again."""
    columns, place = again.rows.aliases(names), 0
    size = ALIASES.row_group_rows
    for batch in batches(lake, ALIASES, parts[ALIASES.name], rows_at_once=size):
        rows = slice(place, place + len(batch))
        some = [said if isinstance(said, Same) else said[rows] for said in columns]
        if len(names) < rows.stop or not is_what(ALIASES, batch, some):
            return False
        place = rows.stop
    if place != len(names):
        return False
    check.accept(columns, len(names), again.build_id)
    return True


def _link_aliases(
    again: _Again | None, names: list[AliasRow], places: Mapping[str, int], bundles: PartAudit
) -> None:
    """Note the names that bundles give papers, to be looked for among all aliases."""
    if again is not None:
        created_at = format_seconds(again.mint.now)
        for value, kind, number in names:
            bundles.link("alias", [number, kind, value, created_at], places[number], number)
