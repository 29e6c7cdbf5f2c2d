"""Building: from a snapshot's lines to a committed lake, by as many workers as there are cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from pith_builder.core.keys import Signer
from pith_builder.core.manifest import Manifest, Part, TableState, signed_manifest
from pith_builder.core.registry import Registry
from pith_builder.errors import SourceError
from pith_builder.lake.disk import Disk
from pith_builder.lake.lock import lake_lock
from pith_builder.lake.parts import Row, read_keys, write_part, writer_versions
from pith_builder.lake.roots import table_root
from pith_builder.lake.rows import Rows
from pith_builder.lake.store import commit, empty_tables, live_manifest, settle
from pith_builder.lake.tables import BUILDS, KEYS, REJECTS, TABLES, Table
from pith_builder.operations.chunks import ChunkResult, Plan, chunks
from pith_builder.operations.workers import minted_in_order
from pith_builder.sources.lines import Block, blocks

Progress = Callable[[int], None]
"""Is told, now and then, how many papers were seen so far."""


@dataclass(slots=True, kw_only=True)
class BuildResult:
    """What a build came to: seen = minted + unchanged + rejected.

    Attributes:
        build_id: The build's name; it stands in the lake if there was anything to commit.
        manifest_sha256: The live manifest's digest after the build, or None without a lake.
        committed: Whether the lake changed.
        seen: Papers read.
        minted: Records added.
        unchanged: Papers whose record was there.
        rejected: Papers that made no record.
        rejected_by_reason: Those, by reason.
        sequence: The live manifest's number after the build, or 0.
    """

    build_id: str
    manifest_sha256: str | None = None
    committed: bool = False
    seen: int = 0
    minted: int = 0
    unchanged: int = 0
    rejected: int = 0
    rejected_by_reason: dict[str, int] = field(default_factory=dict)
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """What to build.

    Attributes:
        sources: Snapshot files; `-` is standard input.
        lake: The lake's folder, made if it is missing.
        registry: Who builds.
        signer: With which key.
        now: The instant everything is dated with, UTC.
        workers: Processes that mint.
        wait_seconds: How long to wait for another writer.
    """

    sources: Sequence[Path]
    lake: Path
    registry: Registry
    signer: Signer
    now: datetime
    workers: int = 1
    wait_seconds: float = 0.0


def build(
    request: BuildRequest, standard_input: BinaryIO, progress: Progress = lambda _: None
) -> BuildResult:
    """Mint every paper of the sources that the lake has no record of, in one commit.

    Where nothing is new, nothing is committed. Where a source fails midway, what was sound is
    committed first.

    Raises:
        SourceError: A source is not what it says; the lake holds what was sound.
        LakeBusyError: Another process is writing to the lake.
        StorageError: The disk is full, or the folder takes no files.
        VerificationError: The lake is damaged.
    """
    with lake_lock(request.lake, request.wait_seconds):
        settle(Disk(), request.lake)
        manifest = live_manifest(request.lake)
        sequence = manifest.sequence + 1 if manifest else 1
        plan = Plan(
            lake=request.lake,
            manifest=manifest,
            sequence=sequence,
            build_id=f"{sequence:08d}-{request.now:%Y%m%dT%H%M%SZ}",
            registry=request.registry,
            signer=request.signer,
            now=request.now,
        )
        gathered = _Gathered(plan)
        failure: SourceError | None = None
        try:
            lines = _input(request.sources, standard_input)
            for chunk in minted_in_order(plan, chunks(lines), request.workers):
                gathered.add(chunk)
                progress(gathered.result.seen)
        except SourceError as error:
            failure = error
        outcome = "complete" if failure is None else str(failure)
        result = gathered.commit([source.name or "-" for source in request.sources], outcome)
        if failure is not None:
            raise SourceError(
                f"{failure} (before it: {result.seen} seen, {result.minted} minted, "
                f"{result.unchanged} unchanged, {result.rejected} rejected)"
            ) from failure
        return result


def _input(sources: Sequence[Path], standard_input: BinaryIO) -> Iterator[Block]:
    for source in sources:
        yield from blocks(source, standard_input)


class _Gathered:
    """What the chunks came to, until it is committed."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._parts: dict[str, list[Part]] = {name: [] for name in TABLES}
        self._rejects: list[Row] = []
        self.result = BuildResult(build_id=plan.build_id)

    def add(self, chunk: ChunkResult) -> None:
        result = self.result
        result.seen += chunk.seen
        result.minted += len(chunk.minted)
        result.unchanged += chunk.unchanged
        result.rejected += len(chunk.rejects)
        for row in chunk.rejects:
            reason = row[REJECTS.position("reason")]
            result.rejected_by_reason[reason] = result.rejected_by_reason.get(reason, 0) + 1
        self._rejects += chunk.rejects
        for name, part in chunk.parts.items():
            self._parts[name].append(part)

    def commit(self, sources: Sequence[str], outcome: str) -> BuildResult:
        """Write the small tables and the manifest, if there is anything new."""
        plan, result = self._plan, self.result
        manifest = plan.manifest
        rejects = self._new_rejects()
        if result.minted or rejects:
            rows = Rows(plan.build_id, plan.now)
            self._write(REJECTS, rejects)
            version = plan.registry.builder_version
            self._write(BUILDS, [rows.build(result, version, sources, outcome)])
            self._write(KEYS, self._new_keys(rows))
            manifest = self._manifest()
            commit(Disk(), plan.lake, manifest)
            result.committed = True
        if manifest is not None:
            result.sequence = manifest.sequence
            result.manifest_sha256 = manifest.manifest_sha256
        return result

    def _write(self, table: Table, rows: Sequence[Row]) -> None:
        label = f"{self._plan.sequence:08d}"
        part = write_part(Disk(), self._plan.lake, table, label, rows)
        if part is not None:
            self._parts[table.name].append(part)

    def _new_rejects(self) -> list[Row]:
        """Return the rejects that the lake does not hold, sorted by key, each once."""
        keys = [REJECTS.position(name) for name in REJECTS.key]
        known = self._keys_of(REJECTS)
        found = {tuple(row[index] for index in keys): row for row in self._rejects}
        return [found[key] for key in sorted(found.keys() - known)]

    def _new_keys(self, rows: Rows) -> list[Row]:
        row = rows.key(self._plan.signer.public_key)
        return [] if tuple(row[:2]) in self._keys_of(KEYS) else [row]

    def _keys_of(self, table: Table) -> set[tuple[object, ...]]:
        if self._plan.manifest is None:
            return set()
        parts = self._plan.manifest.tables[table.name].parts
        return read_keys(self._plan.lake, table, parts)

    def _manifest(self) -> Manifest:
        plan = self._plan
        before = plan.manifest.tables if plan.manifest else empty_tables()
        tables = {}
        for name, table in TABLES.items():
            added = self._parts[name]
            parts = (*before[name].parts, *added)
            root = table_root(plan.lake, parts).hex() if added else before[name].content_root
            tables[name] = TableState(
                schema_version=table.schema_version, content_root=root, parts=parts
            )
        return signed_manifest(
            previous=plan.manifest,
            tables=tables,
            build_id=plan.build_id,
            builder_version=plan.registry.builder_version,
            writer_versions=writer_versions(),
            signer=plan.signer,
            now=plan.now,
        )
