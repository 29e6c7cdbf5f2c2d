"""A transaction: the lock, what is minted under it, and the one commit that makes it so."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from pith_builder.core.canonical import JsonValue, dump_canonical
from pith_builder.core.keys import PublicKey, Signer
from pith_builder.core.lineage import COMPLETE, Input, Run, run_event
from pith_builder.core.manifest import Manifest, Part, TableState, signed_manifest
from pith_builder.core.registry import Registry
from pith_builder.disk import Disk, remove_unwanted, storage_errors
from pith_builder.lake.joining import joined
from pith_builder.lake.lock import lake_lock
from pith_builder.lake.parts import Row, write_part, writer_versions
from pith_builder.lake.reading import read_keys
from pith_builder.lake.rows import Rows
from pith_builder.lake.store import commit, current_sequence, empty_tables, live_manifest, settle
from pith_builder.lake.tables import ALIASES, BUILDS, KEYS, REJECTS, TABLES, Table
from pith_builder.operations.chunks import Chunk, ChunkResult, Plan
from pith_builder.operations.content_roots import content_roots
from pith_builder.operations.in_order import running
from pith_builder.operations.run_facts import libraries, written
from pith_builder.operations.tiers import full_rows, joins
from pith_builder.operations.workers import minted_in_order

MOST_NAME_PARTS = 36
"""A run that writes more parts of `aliases` joins them before it commits: a name is looked for in
each, which takes a tenth of a millisecond."""

_log = logging.getLogger(__name__)

Progress = Callable[[int], None]
"""Is told, now and then, how many papers were seen so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a run writes, as whom, and when.

    Attributes:
        lake: The lake's folder, made if it is missing.
        registry: Who builds.
        signer: With which key.
        now: The instant everything is dated with, UTC.
        workers: Processes that mint.
        wait_seconds: How long to wait for another writer.
        disk: What writes.
    """

    lake: Path
    registry: Registry
    signer: Signer
    now: datetime
    workers: int = 1
    wait_seconds: float = 0.0
    disk: Disk = field(default_factory=Disk)


@dataclass(slots=True, kw_only=True)
class BuildResult:
    """What a run came to: seen = minted + unchanged + rejected.

    Attributes:
        build_id: The run's name; it stands in the lake if there was anything to commit.
        manifest_sha256: The live manifest's digest after the run, or None without a lake.
        committed: Whether the lake changed.
        seen: Papers read.
        minted: Records added.
        unchanged: Papers whose record was there.
        rejected: Papers that made no record.
        rejected_by_reason: Those, by reason.
        minted_by_category: Records added, by primary category.
        minted_without_license: Records added of papers without a licence.
        minted_withdrawn: Records added of papers that are withdrawn.
        sequence: The live manifest's number after the run, or 0.
    """

    build_id: str
    manifest_sha256: str | None = None
    committed: bool = False
    seen: int = 0
    minted: int = 0
    unchanged: int = 0
    rejected: int = 0
    rejected_by_reason: Counter[str] = field(default_factory=Counter)
    minted_by_category: Counter[str] = field(default_factory=Counter)
    minted_without_license: int = 0
    minted_withdrawn: int = 0
    sequence: int = 0


class Transaction:
    """Mints under the lake's lock and commits at most once."""

    def __init__(self, target: Target, operation: str) -> None:
        """Look at the lake as it is; `transaction` holds the lock."""
        manifest = live_manifest(target.lake)
        sequence = manifest.sequence + 1 if manifest else 1
        self.plan = Plan(
            lake=target.lake,
            manifest=manifest,
            sequence=sequence,
            build_id=f"{sequence:08d}-{target.now:%Y%m%dT%H%M%SZ}",
            registry=target.registry,
            signer=target.signer,
            now=target.now,
            disk=target.disk,
        )
        self.rows = Rows(self.plan.build_id, self.plan.now)
        self.result = BuildResult(build_id=self.plan.build_id)
        self._operation = operation
        self._workers = target.workers
        self._parts: dict[str, list[Part]] = {name: [] for name in TABLES}
        self._swapped: dict[str, Part] = {}
        self._keys = {target.signer.public_key}
        self._rejects: list[Row] = []

    def mint(self, chunks: Iterator[Chunk], progress: Progress = lambda _: None) -> None:
        """Mint what is new in chunks of input.

        Raises:
            SourceError: The input failed; what precedes it is minted.
            StorageError: The disk is full, or the folder takes no files.
        """
        for chunk in minted_in_order(self.plan, chunks, self._workers):
            self._add(chunk)
            _log.info("chunk %d: %d seen, %d minted", chunk.index, chunk.seen, len(chunk.minted))
            progress(self.result.seen)

    def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows, sorted by key, to one of the small tables.

        Raises:
            StorageError: The disk is full, or the folder takes no files.
        """
        label = f"{self.plan.sequence:08d}"
        part = write_part(self.plan.disk, self.plan.lake, table, label, rows)
        if part is not None:
            self._parts[table.name].append(part)

    def add_parts(self, parts: Mapping[str, Part]) -> None:
        """Add parts, by table, that are written already."""
        for name, part in parts.items():
            self._parts[name].append(part)

    def bring_to_disk(self, parts: Iterable[Part]) -> None:
        """Bring parts that were handed over to the disk, while the workers go on.

        Raises:
            StorageError: The disk is full.
        """
        for part in parts:
            path = self.plan.lake / part.path
            with storage_errors(path):
                self.plan.disk.sync_written(path)
                self.plan.disk.sync_directory(path.parent)

    def swap(self, old: Part, new: Part) -> None:
        """Put a part, which is written already, in the place of one of the lake's (copy on write).

        The old one stays on the disk for those who read an earlier manifest.
        """
        self._swapped[old.path] = new

    def list_keys(self, keys: Iterable[PublicKey]) -> None:
        """See to it that table `keys` lists these keys, which signed something."""
        self._keys.update(keys)

    def commit(
        self, inputs: Sequence[Input], outcome: str = COMPLETE, *, is_forced: bool = False
    ) -> BuildResult:
        """Put a manifest in force, if anything was added; nothing new is no commit.

        Args:
            inputs: What was read; of an address, each thing that was asked of it.
            outcome: What ended the reading, if that was not its end.
            is_forced: Whether bounds were overridden.

        Raises:
            StorageError: The disk is full, or the folder takes no files.
        """
        result = self.result
        manifest = self.plan.manifest
        rejects = self._new_rejects()
        self.write(REJECTS, rejects)
        if len(self._parts[ALIASES.name]) > MOST_NAME_PARTS:
            self._join_names()
        if any(self._parts.values()) or self._swapped:
            self.write(KEYS, self._new_keys())
            row = self.rows.build(
                result,
                operation=self._operation,
                builder_version=self.plan.registry.builder_version,
                sources=[*dict.fromkeys(one.source for one in inputs)],
                outcome=outcome,
                rejects_added=len(rejects),
                is_forced=is_forced,
                run_facts=dump_canonical(self._run_event(inputs, outcome)),
            )
            self.write(BUILDS, [row])
            manifest = self._manifest()
            commit(self.plan.disk, self.plan.lake, manifest)
            result.committed = True
            _log.info(
                "committed manifest %d: %d seen, %d minted, %d unchanged, %d rejected",
                manifest.sequence,
                *(result.seen, result.minted, result.unchanged, result.rejected),
            )
        if manifest is not None:
            result.sequence = manifest.sequence
            result.manifest_sha256 = manifest.manifest_sha256
        return result

    def abandon(self) -> None:
        """Remove what was written, unless `CURRENT` says that it was committed."""
        if current_sequence(self.plan.lake) != self.plan.sequence:
            added = [part for parts in self._parts.values() for part in parts]
            for part in (*added, *self._swapped.values()):
                remove_unwanted(self.plan.disk, self.plan.lake / part.path)

    def keys_of(self, table: Table) -> set[tuple[object, ...]]:
        """Return the keys that the lake holds of a small table."""
        if self.plan.manifest is None:
            return set()
        parts = self.plan.manifest.tables[table.name].parts
        return read_keys(self.plan.lake, table, parts)

    def _add(self, chunk: ChunkResult) -> None:
        result = self.result
        result.seen += chunk.seen
        result.minted += len(chunk.minted)
        result.unchanged += chunk.unchanged
        result.rejected += len(chunk.rejects)
        result.minted_by_category += chunk.minted_by_category
        result.minted_without_license += chunk.minted_without_license
        result.minted_withdrawn += chunk.minted_withdrawn
        reason = REJECTS.position("reason")
        result.rejected_by_reason.update(row[reason] for row in chunk.rejects)
        self._rejects += chunk.rejects
        self.add_parts(chunk.parts)
        self.bring_to_disk(chunk.parts.values())

    def _join_names(self) -> None:
        """Join the parts of `aliases` that this run wrote, which no manifest names yet."""
        plan, parts = self.plan, self._parts[ALIASES.name]
        groups = joins([part.rows for part in parts], full_rows(ALIASES))
        wanted = [[parts[place] for place in places] for places in groups]
        tasks = (
            partial(
                joined, plan.disk, plan.lake, ALIASES, some, f"{plan.sequence:08d}-j{index:05d}"
            )
            for index, some in enumerate(wanted)
        )
        with running(min(self._workers, max(1, len(wanted)))) as run:
            for some, new in zip(wanted, run(tasks), strict=True):
                parts[parts.index(some[0])] = new
                for part in some:
                    remove_unwanted(plan.disk, plan.lake / part.path)
                for part in some[1:]:
                    parts.remove(part)

    def _new_rejects(self) -> list[Row]:
        """Return the rejects that the lake does not hold, sorted by key, each once."""
        keys = [REJECTS.position(name) for name in REJECTS.key]
        known = self.keys_of(REJECTS)
        found = {tuple(row[index] for index in keys): row for row in self._rejects}
        return [found[key] for key in sorted(found.keys() - known)]

    def _new_keys(self) -> list[Row]:
        known = self.keys_of(KEYS)
        rows = {tuple(row[:2]): row for row in map(self.rows.key, self._keys)}
        return [rows[name] for name in sorted(rows.keys() - known)]

    def _run_event(self, inputs: Sequence[Input], outcome: str) -> JsonValue:
        plan = self.plan
        run = Run(
            build_id=plan.build_id,
            previous=plan.manifest.manifest_sha256 if plan.manifest else None,
            operation=self._operation,
            now=plan.now,
            namespace=plan.registry.base_url,
            builder_version=plan.registry.builder_version,
            libraries=libraries(),
            outcome=outcome,
        )
        swapped: dict[str, list[Part]] = {name: [] for name in TABLES}
        for new in self._swapped.values():
            swapped[new.table].append(new)
        outputs = (written(name, self._parts[name], swapped[name]) for name in TABLES)
        return run_event(run, inputs, [one for one in outputs if one is not None])

    def _manifest(self) -> Manifest:
        plan = self.plan
        before = plan.manifest.tables if plan.manifest else empty_tables()
        parts = {name: self._parts_after(name, before[name].parts) for name in TABLES}
        changed = {name: some for name, some in parts.items() if some != before[name].parts}
        roots = content_roots(plan.lake, changed, self._workers)
        tables = {
            name: TableState(
                schema_version=table.schema_version, content_root=roots[name], parts=parts[name]
            )
            if name in roots
            else before[name]
            for name, table in TABLES.items()
        }
        return signed_manifest(
            previous=plan.manifest,
            tables=tables,
            build_id=plan.build_id,
            builder_version=plan.registry.builder_version,
            writer_versions=writer_versions(),
            signer=plan.signer,
            now=plan.now,
        )

    def _parts_after(self, name: str, before: Iterable[Part]) -> tuple[Part, ...]:
        """Return the parts that a table will have."""
        kept = (self._swapped.get(part.path, part) for part in before)
        return (*kept, *self._parts[name])


@contextmanager
def transaction(target: Target, operation: str) -> Iterator[Transaction]:
    """Hold the lake's lock and give a transaction; what it does not commit is removed.

    Raises:
        LakeBusyError: Another process is writing to the lake.
        StorageError: The folder takes no files.
        VerificationError: The lake is damaged.
    """
    with lake_lock(target.lake, target.wait_seconds, target.disk):
        settle(target.disk, target.lake)
        opened = Transaction(target, operation)
        try:
            yield opened
        finally:
            opened.abandon()
