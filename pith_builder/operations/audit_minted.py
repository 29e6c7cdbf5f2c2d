"""Auditing what was minted by minting it again, with a signer that checks instead of signing.

From arXiv's words in `records` and the signatures found, the rows of records, events, states and
bundles are made again; where they are the rows found, and each signature is that of a trusted key,
nothing is left to check. Receipts and bundles that another key signed again later are made with
its signatures; their events, which state the first receipts, with those of the first key. What is
not so, for whatever reason, is left to the checks of each row by itself, which say what is wrong
with it, or that it is right otherwise.
"""

from __future__ import annotations

from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from operator import lt
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from pith_builder.core.forms import RECORD_CREATED
from pith_builder.core.instants import format_microseconds
from pith_builder.core.keys import PublicKey
from pith_builder.core.manifest import Part
from pith_builder.core.minting import Mint, Seal, identities
from pith_builder.core.registry import Registry
from pith_builder.errors import VerificationError
from pith_builder.lake.minted_parts import (
    EVENTS_OF_A_PAPER,
    MINTED_AT_ONCE,
    Minting,
    NotMintedError,
    NotTogetherError,
    Stretch,
    by_mint,
    chosen,
    is_mintable,
    is_what,
    joined,
    papers_of,
    part_of,
    seen_in,
    stretches,
    without_documents,
)
from pith_builder.lake.minted_rows import MintedRows
from pith_builder.lake.parts import Columns, instant_of, row_digests
from pith_builder.lake.reading import Batch, DamagedPartError, column_of, rows_of
from pith_builder.lake.tables import ALIASES, BUNDLES, EVENTS, RECORDS, STATES, TABLES, Table
from pith_builder.operations.audit_parts import UNREADABLE, PartAudit, PartCheck, audit_part
from pith_builder.signing.ed25519 import SignatureChecker, TrustedKeys

_TABLES = (RECORDS, EVENTS, STATES, BUNDLES)
_NOT_AS_MINTED = (*UNREADABLE, NotMintedError, VerificationError, RuntimeError, StopIteration)
"""What stands in the way of minting rows again, where they were not minted, or are damaged."""


class _Again(NamedTuple):
    """The mint of a build, standing again without its private key.

    Attributes:
        mint: The mint.
        rows: Its rows.
        checker: Stands in for the key that signed first.
        sealer: Stands in for the key that signed receipts and bundles again, if one did.
    """

    mint: Mint
    rows: MintedRows
    checker: SignatureChecker
    sealer: SignatureChecker | None

    def keys(self) -> dict[str, PublicKey]:
        """Return the key that signed the rows of each table whose rows are signed."""
        first = self.checker.public_key
        last = first if self.sealer is None else self.sealer.public_key
        return {RECORDS.name: last, EVENTS.name: first, BUNDLES.name: last}


class _OfMint(NamedTuple):
    """Rows of one mint, as they were made again, and of `aliases` the digests they call for."""

    again: _Again
    numbers: Sequence[str]
    columns: tuple[Columns, ...]
    names: bytes


class _Made(NamedTuple):
    """What of a stretch was made again.

    Attributes:
        is_right: Of each of its papers, whether it was.
        mints: The rows of those, mint by mint.
    """

    is_right: Sequence[bool]
    mints: Sequence[_OfMint]


def audit_minted(lake: Path, parts: Mapping[str, Part], trusted: TrustedKeys) -> list[PartAudit]:
    """Audit parts of four tables that hold the same papers, of one build or of several.

    Memory: the rows of a thousand papers, and the digests of the names of all.
    """
    checks = [PartCheck(table, parts[table.name], trusted) for table in _TABLES]
    used: set[tuple[str, PublicKey]] = set()
    try:
        for stretch, made in _all_made_again(stretches(lake, parts), trusted):
            _note_keys(stretch, made, checks, used)
            for check, batch in zip(checks, stretch, strict=True):
                _pass_or_examine(check, parts[check.table.name], batch, made.is_right)
            _count(made, checks)
    except (DamagedPartError, NotTogetherError):
        # Each by itself, they tell which of them is damaged.
        return [audit_part(lake, TABLES[name], part, trusted) for name, part in parts.items()]
    return [check.finish() for check in checks]


def _all_made_again(
    found: Iterable[Stretch], trusted: TrustedKeys
) -> Iterator[tuple[Stretch, _Made]]:
    """Mint stretches again; of one where that fails, each small piece by itself."""
    mints: dict[Minting, _Again] = {}
    for stretch in found:
        made = _made_again(stretch, mints, trusted)
        if made.mints:
            yield stretch, made
            continue
        for start in range(0, len(stretch.records), MINTED_AT_ONCE):
            piece = part_of(stretch, slice(start, start + MINTED_AT_ONCE))
            yield piece, _made_again(piece, mints, trusted)


def _made_again(stretch: Stretch, mints: dict[Minting, _Again], trusted: TrustedKeys) -> _Made:
    """Mint again what of a stretch may be minted, if all of that is as it is minted, or nothing."""
    is_right = is_mintable(stretch)
    some = chosen(stretch, [place for place, is_one in enumerate(is_right) if is_one])
    made: list[_OfMint] = []
    for minting, of_mint in by_mint(some):
        again = mints.pop(minting, None) or _mint_of(of_mint, trusted)
        one = again and _minted_again(of_mint, again)
        if one is None:
            break
        mints[minting] = one.again
        made.append(one)
    else:
        numbers = column_of(RECORDS, some.records, "pith_number")
        if all(map(lt, numbers, numbers[1:])):
            return _Made(is_right, made)
    return _Made([False] * len(is_right), ())


def _pass_or_examine(check: PartCheck, part: Part, batch: Batch, is_right: Sequence[bool]) -> None:
    """Pass the rows of papers that were made again, and check each other row by itself."""
    keys = [column_of(check.table, batch, name) for name in check.table.key]
    start, rows_of_a_paper = 0, len(batch) // len(is_right)
    for are_right, some in groupby(is_right):
        rows = rows_of_a_paper * len([*some])
        if are_right:
            ends = (start, start + rows - 1)
            first, last = (tuple(column[row] for column in keys) for row in ends)
            check.accept(first, last, rows)
        else:
            check.examine(rows_of(check.table, part, batch.slice(start, rows)))
        start += rows


def _count(made: _Made, checks: Sequence[PartCheck]) -> None:
    """Count the rows that were made again, and note what names their bundles call for."""
    for one in made.mints:
        for check, columns in zip(checks, one.columns, strict=True):
            papers = len(one.numbers)
            check.count(columns, papers * (EVENTS_OF_A_PAPER if check.table is EVENTS else 1))
        checks[-1].audit.names += one.names


def _note_keys(
    stretch: Stretch,
    made: _Made,
    checks: Sequence[PartCheck],
    used: set[tuple[str, PublicKey]],
) -> None:
    """Note for the tables whose rows are signed, once of a part, that the key must be listed."""
    numbers = column_of(RECORDS, stretch.records, "pith_number")
    for one in made.mints:
        for check, batch in zip(checks, stretch, strict=True):
            key = one.again.keys().get(check.table.name)
            if key is None or (check.table.name, key) in used:
                continue
            used.add((check.table.name, key))
            row = numbers.index(one.numbers[0]) * len(batch) // len(numbers)
            said = {"key_id": key.key_id, "public_key_fingerprint": key.fingerprint}
            named = (_first(check.table, batch.slice(row), name) for name in check.table.key)
            check.audit.link("key", said, check.audit.rows + row, " ".join(named))


def _mint_of(stretch: Stretch, trusted: TrustedKeys) -> _Again | None:
    """Find out who minted a stretch, with which keys and when: its first bundle says so.

    Nothing of it is believed: rows made otherwise are not those found.
    """
    try:
        bundle = orjson.loads(_first(BUNDLES, stretch.bundles, "document"))
        registry = Registry.of_bundle(bundle)
        keys = [PublicKey.from_json_object(key) for key in bundle["public_keys"]]
        signature = bundle["events"][0]["signature"]
        named = signature["key_id"], signature["public_key_fingerprint"]
        checker = SignatureChecker(
            next(key for key in keys if (key.key_id, key.fingerprint) == named)
        )
        now, sealed_at = (
            instant_of(_first(RECORDS, stretch.records, name))
            for name in ("first_computed_at", "signed_at")
        )
        sealer = SignatureChecker(keys[0]) if sealed_at > now else None
        for key, at in ((checker.public_key, now), (keys[0], sealed_at)):
            if not trusted.holds(key, registry.signer_id, format_microseconds(at)):
                return None
        seal = None if sealer is None else Seal(sealer, sealed_at)
        mint = Mint(registry, checker, now, seal)
        builds = (
            _first(table, batch, "build_id")
            for table, batch in ((RECORDS, stretch.records), (BUNDLES, stretch.bundles))
        )
        return _Again(mint, MintedRows(mint, *builds), checker, sealer)
    except _NOT_AS_MINTED:
        return None


def _first(table: Table, batch: Batch, name: str) -> Any:
    return column_of(table, batch.slice(0, 1), name)[0]


def _minted_again(stretch: Stretch, again: _Again) -> _OfMint | None:
    """Mint papers of one build again, or return None where their rows are not what is minted."""
    try:
        columns, names = _rows_again(stretch, again)
        holds = all(map(is_what, _TABLES, stretch, columns))
    except _NOT_AS_MINTED:
        return None
    numbers = column_of(RECORDS, stretch.records, "pith_number")
    return _OfMint(again, numbers, columns, names) if holds else None


def _rows_again(stretch: Stretch, again: _Again) -> tuple[tuple[Columns, ...], bytes]:
    """Make the rows of a stretch again, all but documents, which are compared at once.

    Returns:
        The columns of each table, and the digests of the rows of `aliases` that are called for.

    Raises:
        NotMintedError: A document is not what is minted.
    """
    papers, seen = identities(papers_of(stretch.records)), seen_in(stretch.records)
    signed = _signatures(stretch)
    firsts = signed if again.sealer is None else (_first_receipts(stretch), *signed[1:3])
    made: list[tuple[Columns, ...]] = []
    names: list[bytes] = []
    for start in range(0, len(papers), MINTED_AT_ONCE):
        some = slice(start, start + MINTED_AT_ONCE)
        again.checker.expect(_decoded(of[some] for of in firsts))
        reissued = None
        if again.sealer is not None:
            again.sealer.expect(_decoded(signed[place][some] for place in (0, 3)))
            digests = (identity.digest for identity in papers[some])
            reissued = [b64encode(again.sealer.sign(digest)).decode() for digest in digests]
        minted = again.mint.mint(papers[some])
        rows = again.rows
        columns = (
            rows.records(minted, seen[some], reissued),
            rows.events(minted),
            rows.states(minted),
            rows.bundles(minted),
        )
        made.append(tuple(map(without_documents, _TABLES, part_of(stretch, some), columns)))
        names += row_digests(ALIASES, rows.names(minted))
    return tuple(map(joined, zip(*made, strict=True))), b"".join(names)


def _decoded(columns: Iterable[Iterable[str]]) -> Iterator[bytes]:
    return map(a2b_base64, chain.from_iterable(columns))


def _signatures(stretch: Stretch) -> tuple[Sequence[str], ...]:
    """Return the signatures found: of receipts, creations, graphs and bundles, paper by paper.

    In this order a mint makes them.
    """
    created, graph = _by_type(stretch, "signature_b64")
    receipts = column_of(RECORDS, stretch.records, "signature_b64")
    bundles = column_of(BUNDLES, stretch.bundles, "signature_b64")
    return receipts, created, graph, bundles


def _first_receipts(stretch: Stretch) -> list[str]:
    """Return the signatures of the receipts that the events of creation state."""
    created, _ = _by_type(stretch, "document")
    return [orjson.loads(event)["payload"]["receipt"]["signature_b64"] for event in created]


def _by_type(stretch: Stretch, name: str) -> tuple[Sequence[str], Sequence[str]]:
    """Return a column of `events`: of those that state a creation, and of the others."""
    types = column_of(EVENTS, stretch.events, "event_type")
    values = column_of(EVENTS, stretch.events, name)
    is_created = [event_type == RECORD_CREATED for event_type in types[::2]]
    pairs = zip(values[::2], values[1::2], is_created, strict=True)
    created, graph = zip(*((a, b) if first else (b, a) for a, b, first in pairs), strict=True)
    return created, graph
