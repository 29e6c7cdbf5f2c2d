"""Auditing the names of records: rows of `aliases` are what bundles call for, each once.

There are six names a record, so their digests are kept on disk; which row one is of is looked up
where a digest is not found on the other side.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from operator import lt
from pathlib import Path
from typing import Any

from pith_builder.core.canonical import parse_json
from pith_builder.core.keys import Keyring
from pith_builder.core.manifest import Part
from pith_builder.lake.arrays import arrow_array
from pith_builder.lake.digests import Digests, differences
from pith_builder.lake.parts import row_digests
from pith_builder.lake.reading import (
    Batch,
    DamagedPartError,
    batches,
    column_of,
    packed_digests,
    read_rows,
    rows_of,
    same_or_values,
)
from pith_builder.lake.tables import ALIASES, BUNDLES, Kind, Table
from pith_builder.operations.audit_parts import (
    MAX_FINDINGS,
    UNREADABLE,
    Finding,
    PartAudit,
    PartCheck,
    digests_of_names,
)

Place = tuple[str, int, str]


def audit_aliases(lake: Path, part: Part, keyring: Keyring) -> PartAudit:
    """Check every row of a part of `aliases`, a row group at a time where all is well."""
    check = PartCheck(ALIASES, part, keyring)
    try:
        for batch in batches(lake, ALIASES, part, rows_at_once=ALIASES.row_group_rows):
            ends = _sound_ends(batch)
            if ends is None:
                check.examine(rows_of(ALIASES, part, batch))
            else:
                check.accept(*ends, len(batch))
                check.audit.builds.update(column_of(ALIASES, batch, "build_id"))
    except DamagedPartError as error:
        check.audit.report("unreadable_part", None, "", str(error))
        return check.audit
    return check.finish()


def _sound_ends(batch: Batch) -> tuple[tuple[Any, ...], tuple[Any, ...]] | None:
    """Return the first and the last key of rows, if they are in order and have their digests."""
    try:
        keys = [column_of(ALIASES, batch, name) for name in ALIASES.key]
        others = [same_or_values(ALIASES, batch, name) for name in ("created_at", "build_id")]
        digests = row_digests(ALIASES, [*keys, *others])
        if not arrow_array(Kind.SHA256, digests, len(batch)).equals(batch.column(-1)):
            return None
        if not _are_sorted(keys):
            return None
    except UNREADABLE:
        return None
    first, last = (tuple(column[row] for column in keys) for row in (0, -1))
    return first, last


def _are_sorted(keys: Sequence[Sequence[Any]]) -> bool:
    """Tell whether each key is greater than the one before, as most are by their first column."""
    values = keys[0]
    if all(map(lt, values, values[1:])):
        return True
    rows = [*zip(*keys, strict=True)]
    return all(map(lt, rows, rows[1:]))


class Names:
    """The names that a lake's parts hold and call for."""

    def __init__(self, lake: Path, parts: Mapping[str, Sequence[Part]]) -> None:
        """Begin before any part is audited."""
        self._lake = lake
        self._parts = parts
        self._held = Digests()
        self._called_for = Digests()

    def noted(self, audits: Iterable[PartAudit]) -> Iterator[PartAudit]:
        """Note the names of parts as their audits go by."""
        held = {part.path: part for part in self._parts[ALIASES.name]}
        for audited in audits:
            if audited.place in held:
                with suppress(DamagedPartError):  # which the audit of the part has said
                    for digests in packed_digests(self._lake, ALIASES, held[audited.place]):
                        self._held.add(digests.tobytes())
            self._called_for.add(audited.names)
            audited.names.clear()
            yield audited

    def findings(self, whole: Collection[str]) -> Iterator[Finding]:
        """Yield rows whose names the other table does not say, and names that are said again.

        What a table would say that cannot be read whole is not missed. No more are listed of a
        table than of a part.
        """
        found = differences(self._held, self._called_for)
        for table, other, alone, twice, names_of in (
            (ALIASES, BUNDLES, found.only_left, found.left_twice, _held),
            (BUNDLES, ALIASES, found.only_right, found.right_twice, _called_for),
        ):
            missed = alone if other.name in whole else set()
            of_table = self._of_table(table, other, missed, twice, names_of)
            yield from islice(of_table, MAX_FINDINGS)

    def _of_table(
        self,
        table: Table,
        other: Table,
        missed: Collection[bytes],
        twice: Collection[bytes],
        names_of: Callable[[Sequence[Any]], Iterable[bytes]],
    ) -> Iterator[Finding]:
        first: dict[bytes, Place] = {}
        parts = self._parts[table.name] if missed or twice else ()
        for digest, place in _places(self._lake, table, parts, names_of):
            if digest in first:
                message = f"says again what row {first[digest][1]} of {first[digest][0]} says"
                yield Finding("duplicate", place[0], message, table.name, place[1], place[2])
            elif digest in missed:
                message = f"no row of {other.name} says the same alias"
                yield Finding("alias_link", place[0], message, table.name, place[1], place[2])
            if digest in twice:
                first.setdefault(digest, place)

    def close(self) -> None:
        """Give back the disk."""
        self._held.close()
        self._called_for.close()


def _places(
    lake: Path,
    table: Table,
    parts: Iterable[Part],
    names_of: Callable[[Sequence[Any]], Iterable[bytes]],
) -> Iterator[tuple[bytes, Place]]:
    """Yield where digests come from, which is only asked where something is wrong."""
    key_places = [table.position(name) for name in table.key]
    for part in parts:
        with suppress(DamagedPartError):
            for row, values in enumerate(read_rows(lake, table, part)):
                key = " ".join(str(values[place]) for place in key_places)
                for digest in names_of(values):
                    yield digest, (part.path, row, key)


def _held(values: Sequence[Any]) -> Iterable[bytes]:
    return (values[-1],)


def _called_for(values: Sequence[Any]) -> Iterable[bytes]:
    try:
        bundle = parse_json(values[BUNDLES.position("document")].encode())
        return digests_of_names(bundle)
    except UNREADABLE:
        return ()
