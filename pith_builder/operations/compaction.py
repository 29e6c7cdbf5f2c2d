"""Compaction: small parts joined into fewer, larger ones, as one commit that changes no row.

Parts of records, events, states and bundles that hold the same papers are joined alike, so that
what was written together stays together. The manifest names the build whose rows it still holds,
and every content root stays: that is verified before the commit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pith_builder.core.manifest import Manifest, Part, TableState, signed_manifest
from pith_builder.disk import Disk, remove_unwanted
from pith_builder.errors import UsageError, VerificationError
from pith_builder.lake.joining import joined
from pith_builder.lake.lock import lake_lock
from pith_builder.lake.minted_parts import families
from pith_builder.lake.parts import writer_versions
from pith_builder.lake.store import commit, current_sequence, open_lake, settle
from pith_builder.lake.tables import RECORDS, TABLES
from pith_builder.operations.content_roots import content_roots
from pith_builder.operations.in_order import running
from pith_builder.operations.tiers import full_rows, joins
from pith_builder.operations.transaction import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """What compaction did.

    Attributes:
        joined: Parts that were joined.
        parts: Parts they were joined into.
        written_bytes: The size of those.
        sequence: The live manifest's number after it.
        manifest_sha256: Its digest.
    """

    joined: int
    parts: int
    written_bytes: int
    sequence: int
    manifest_sha256: str


@dataclass(frozen=True, slots=True)
class _Join:
    """Parts of one table, in the order they were added, that become one."""

    table: str
    parts: tuple[Part, ...]


def compact(target: Target) -> Compacted:
    """Join small parts of every table and commit that; where there are none to join, nothing.

    The parts that were joined stay on the disk for those who read an earlier manifest, until
    maintenance sweeps them. Memory: a few row groups for each worker.

    Raises:
        UsageError: There is no lake.
        LakeBusyError: Another process is writing to the lake.
        StorageError: The disk is full, or the folder takes no files.
        VerificationError: The lake is damaged; nothing is committed.
    """
    if not target.lake.is_dir():
        raise UsageError(f"there is no lake in {target.lake}")
    disk = target.disk
    with lake_lock(target.lake, target.wait_seconds, disk):
        settle(disk, target.lake)
        before = open_lake(target.lake).manifest
        wanted = list(_wanted(before.tables))
        made: list[Part] = []
        try:
            sequence = before.sequence + 1
            with running(min(target.workers, max(1, len(wanted)))) as run:
                tasks = (
                    partial(_join, disk, target.lake, join, f"{sequence:08d}-c{index:05d}")
                    for index, join in enumerate(wanted)
                )
                for new in run(tasks):
                    made.append(new)  # noqa: PERF402 - what was made must be known if one fails
            manifest = _committed(target, before, wanted, made) if wanted else before
        finally:
            if current_sequence(target.lake) != before.sequence + 1:
                for part in made:
                    remove_unwanted(disk, target.lake / part.path)
    return Compacted(
        joined=sum(len(join.parts) for join in wanted),
        parts=len(made),
        written_bytes=sum(part.size_bytes for part in made),
        sequence=manifest.sequence,
        manifest_sha256=manifest.manifest_sha256,
    )


def _join(disk: Disk, lake: Path, join: _Join, label: str) -> Part:
    return joined(disk, lake, TABLES[join.table], join.parts, label)


def _wanted(tables: Mapping[str, TableState]) -> Iterator[_Join]:
    """Yield what to join, the largest tables' parts among the first."""
    together = families({name: table.parts for name, table in tables.items()})
    for places in joins([family[RECORDS.name].rows for family in together], full_rows(RECORDS)):
        some = [together[place] for place in places]
        for name in some[0]:
            yield _Join(name, tuple(family[name] for family in some))
    of_families = {part.path for family in together for part in family.values()}
    for name, table in tables.items():
        alone = [part for part in table.parts if part.path not in of_families]
        for places in joins([part.rows for part in alone], full_rows(TABLES[name])):
            yield _Join(name, tuple(alone[place] for place in places))


def _committed(
    target: Target, before: Manifest, wanted: Sequence[_Join], made: Sequence[Part]
) -> Manifest:
    """Commit a manifest that names what was made in the place of what was joined."""
    first = {join.parts[0].path: new for join, new in zip(wanted, made, strict=True)}
    gone = {part.path for join in wanted for part in join.parts}
    tables = {
        name: replace(
            table,
            schema_version=max(table.schema_version, TABLES[name].schema_version),
            parts=tuple(
                first.get(part.path, part)
                for part in table.parts
                if part.path in first or part.path not in gone
            ),
        )
        for name, table in before.tables.items()
    }
    changed = {
        name: table.parts
        for name, table in tables.items()
        if table.parts != before.tables[name].parts
    }
    for name, root in content_roots(target.lake, changed, target.workers).items():
        if (root, tables[name].rows) != (tables[name].content_root, before.tables[name].rows):
            raise VerificationError(
                f"the rows of {name} are not those of the manifest: found {root}, wanted "
                f"{tables[name].content_root}; nothing is committed. Run `pith audit`"
            )
    manifest = signed_manifest(
        previous=before,
        tables=tables,
        build_id=before.build_id,
        builder_version=target.registry.builder_version,
        writer_versions=writer_versions(),
        signer=target.signer,
        now=target.now,
    )
    commit(target.disk, target.lake, manifest)
    return manifest
