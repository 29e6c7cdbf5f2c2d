"""Chunks of a snapshot: cut by the input alone, each read, minted and written by one worker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pith_builder.core.keys import Signer
from pith_builder.core.manifest import Manifest, Part
from pith_builder.core.minting import Identity, Mint
from pith_builder.core.registry import Registry
from pith_builder.lake.disk import Disk
from pith_builder.lake.known import KnownRecords, known_records
from pith_builder.lake.parts import PartWriter, Row, write_part
from pith_builder.lake.rows import Rows
from pith_builder.lake.tables import ALIASES, BUNDLES, EVENTS, RECORDS, STATES
from pith_builder.sources.lines import Block
from pith_builder.sources.snapshot import RejectedLineError, read_line

CHUNK_BYTES = 8 << 20
"""Bytes of snapshot in a chunk: some 5,000 papers, which a worker holds in memory at once."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of the input.

    Attributes:
        index: Its place in the input, from 0.
        blocks: Its lines, which may be of several files.
    """

    index: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What every worker of one build needs to know.

    Attributes:
        lake: The lake's folder.
        manifest: The live manifest, or None for a new lake.
        sequence: The number of the manifest to come.
        build_id: The build.
        registry: Who builds.
        signer: With which key.
        now: The instant everything is dated with.
    """

    lake: Path
    manifest: Manifest | None
    sequence: int
    build_id: str
    registry: Registry
    signer: Signer
    now: datetime

    def known(self) -> KnownRecords:
        """Read which records the lake holds."""
        parts = self.manifest.tables[RECORDS.name].parts if self.manifest else ()
        return known_records(self.lake, parts)


@dataclass(slots=True)
class ChunkResult:
    """What became of a chunk's lines: seen = minted + unchanged + rejected.

    Attributes:
        index: The chunk's place in the input.
        seen: Lines that are not blank.
        unchanged: Papers whose record was there, or stands earlier in the input.
        parts: What was written, by table.
        minted: The canonical digests of the records minted.
        rejects: Rows of `rejects`.
    """

    index: int
    seen: int = 0
    unchanged: int = 0
    parts: dict[str, Part] = field(default_factory=dict)
    minted: list[bytes] = field(default_factory=list)
    rejects: list[Row] = field(default_factory=list)


def chunks(blocks: Iterable[Block], chunk_bytes: int = CHUNK_BYTES) -> Iterator[Chunk]:
    """Cut the input after the line that fills a chunk, however it was read.

    A failure of the source is raised after the chunk of what precedes it.
    """
    gathered: list[Block] = []
    index = size = 0
    try:
        for block in blocks:
            rest = block
            while size + len(rest.data) >= chunk_bytes:
                end = rest.data.find(b"\n", max(0, chunk_bytes - size - 1)) + 1 or len(rest.data)
                head, rest = _cut(rest, end)
                yield Chunk(index, (*gathered, head))
                index, gathered, size = index + 1, [], 0
            if rest.data:
                gathered.append(rest)
                size += len(rest.data)
    except Exception:
        if gathered:
            yield Chunk(index, tuple(gathered))
        raise
    if gathered:
        yield Chunk(index, tuple(gathered))


def _cut(block: Block, end: int) -> tuple[Block, Block]:
    head, tail = block.data[:end], block.data[end:]
    after = block.first_line + head.count(b"\n")
    return Block(block.source_name, block.first_line, head), Block(block.source_name, after, tail)


def mint_chunk(
    plan: Plan, known: KnownRecords, chunk: Chunk, earlier: frozenset[bytes] = frozenset()
) -> ChunkResult:
    """Read a chunk's lines, mint what is new, and write its parts.

    Args:
        plan: The build.
        known: The records of the lake.
        chunk: The lines.
        earlier: Canonical digests of the chunk's that stand earlier in the input.

    Raises:
        StorageError: The disk is full, or the folder takes no files.
    """
    result = ChunkResult(chunk.index)
    rows = Rows(plan.build_id, plan.now)
    found: dict[bytes, tuple[Identity, str, int]] = {}
    for block in chunk.blocks:
        for number, line in enumerate(block.data.split(b"\n"), block.first_line):
            if not line.strip():
                continue
            result.seen += 1
            try:
                identity = Identity.of(read_line(line))
            except RejectedLineError as error:
                result.rejects.append(
                    rows.reject(block.source_name, number, error.reason, str(error), line)
                )
                continue
            digest = identity.digest
            if digest in found:
                result.unchanged += 1
            else:
                found[digest] = (identity, block.source_name, number)
    for old in earlier | known.among(found):
        del found[old]
        result.unchanged += 1
    result.minted = list(found)
    if found:
        ordered = sorted(found.values(), key=lambda entry: entry[0].number)
        _write_chunk(plan, rows, ordered, result)
    return result


def _write_chunk(
    plan: Plan, rows: Rows, found: list[tuple[Identity, str, int]], result: ChunkResult
) -> None:
    """Mint in the order of the Pith Numbers, so that parts are sorted as they are written."""
    mint = Mint(plan.registry, plan.signer, plan.now)
    disk = Disk()
    label = f"{plan.sequence:08d}-{result.index:05d}"
    writers = {
        table.name: PartWriter(disk, plan.lake, table, label)
        for table in (RECORDS, EVENTS, STATES, BUNDLES)
    }
    aliases: list[Row] = []
    try:
        for identity, source_name, source_line in found:
            minted = mint.mint(identity)
            writers["records"].add(rows.record(minted, source_name, source_line))
            for event in rows.events(minted):
                writers["events"].add(event)
            writers["states"].add(rows.state(minted))
            writers["bundles"].add(rows.bundle(minted))
            aliases += rows.aliases(minted)
        for name, writer in writers.items():
            _keep(result, name, writer.finish())
    except BaseException:
        for writer in writers.values():
            writer.abandon()
        raise
    aliases.sort(key=tuple)
    _keep(result, ALIASES.name, write_part(disk, plan.lake, ALIASES, label, aliases))


def _keep(result: ChunkResult, name: str, part: Part | None) -> None:
    if part is not None:
        result.parts[name] = part


def discard(plan: Plan, result: ChunkResult) -> None:
    """Remove the parts of a result that is not wanted."""
    for part in result.parts.values():
        Disk().remove(plan.lake / part.path)
