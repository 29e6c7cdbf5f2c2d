"""Chunks of the input: cut by the input alone, each read, minted and written by one worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple, Protocol

from pith_builder.core.keys import Signer
from pith_builder.core.manifest import Manifest, Part
from pith_builder.core.minting import Identity, Mint, identities
from pith_builder.core.paper import Paper
from pith_builder.core.registry import Registry
from pith_builder.disk import Disk, remove_unwanted
from pith_builder.lake.known import KnownRecords, known_records
from pith_builder.lake.minted_rows import AliasRow, MintedRows, alias_rows
from pith_builder.lake.parts import Row, part_writers
from pith_builder.lake.rows import Rows
from pith_builder.lake.tables import ALIASES, BUNDLES, EVENTS, RECORDS, STATES
from pith_builder.operations.collecting import no_collecting
from pith_builder.sources.lines import Block, Lines
from pith_builder.sources.snapshot import RejectedLineError, read_line

CHUNK_BYTES = 8 << 20
"""Bytes of snapshot in the first chunks: some 5,000 papers."""

LARGEST_CHUNK_BYTES = 128 << 20
"""Bytes in the largest chunks: some 80,000 papers, which a worker holds in memory at once."""

LARGEST_HELD_BYTES = 64 << 20
"""Bytes in the largest chunks of lines that are not read where they stand, since they were packed
or piped in: those that wait for a worker are in memory, too."""

_CHUNKS_BEFORE = 8
"""A chunk is so small a part of what precedes it that no worker has long to wait at the end, and
as large as that allows, because few large parts are quicker to ask than many small ones."""

_LAST_SHARE = 4
"""At the end of the input a chunk is this part of what is left, and no less than this part of the
first: while the last one is minted, other workers have nothing left."""

_HANDLED_AT_ONCE = 250
"""Papers minted at once; their documents are some thirty kilobytes each."""


class Observation(NamedTuple):
    """One thing a source said: a paper, or what makes none.

    Attributes:
        source_kind: `snapshot` or `oai`.
        source_name: The file or address.
        source_line: The line of the file, from 1; 0 where there are no lines.
        paper: What was read, or None.
        raw: What was said, whole, where it makes no paper.
        reason: Why it makes none, from a closed list.
        message: Why, in words.
    """

    source_kind: str
    source_name: str
    source_line: int = 0
    paper: Paper | None = None
    raw: bytes = b""
    reason: str = ""
    message: str = ""


class Chunk(Protocol):
    """A stretch of the input."""

    @property
    def index(self) -> int:
        """Its place in the input, from 0."""
        ...

    def observations(self) -> Iterator[Observation]:
        """Read it."""
        ...


@dataclass(frozen=True, slots=True)
class SnapshotChunk:
    """Lines of snapshot files.

    Attributes:
        index: Its place in the input, from 0.
        blocks: Its lines, which may be of several files.
    """

    index: int
    blocks: tuple[Lines, ...]

    def observations(self) -> Iterator[Observation]:
        """Read every line that is not blank."""
        for block in self.blocks:
            for number, line in enumerate(block.data.split(b"\n"), block.first_line):
                if not line.strip():
                    continue
                try:
                    paper = read_line(line)
                except RejectedLineError as error:
                    yield Observation(
                        source_kind="snapshot",
                        source_name=block.source_name,
                        source_line=number,
                        raw=line,
                        reason=error.reason,
                        message=str(error),
                    )
                else:
                    yield Observation(
                        source_kind="snapshot",
                        source_name=block.source_name,
                        source_line=number,
                        paper=paper,
                    )


@dataclass(frozen=True, slots=True)
class ReadChunk:
    """What was read already, as a harvest has it.

    Attributes:
        index: Its place in the input, from 0.
        read: The observations.
    """

    index: int
    read: tuple[Observation, ...]

    def observations(self) -> Iterator[Observation]:
        """Go through them."""
        return iter(self.read)


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
        disk: What writes.
    """

    lake: Path
    manifest: Manifest | None
    sequence: int
    build_id: str
    registry: Registry
    signer: Signer
    now: datetime
    disk: Disk = field(default_factory=Disk)

    def known(self) -> KnownRecords:
        """Read which records the lake holds."""
        parts = self.manifest.tables[RECORDS.name].parts if self.manifest else ()
        return known_records(self.lake, parts)


@dataclass(slots=True)
class ChunkResult:
    """What became of a chunk: seen = minted + unchanged + rejected.

    Attributes:
        index: The chunk's place in the input.
        seen: Observations.
        unchanged: Papers whose record was there, or stands earlier in the input.
        parts: What was written, by table.
        minted: The canonical digests of the records minted.
        rejects: Rows of `rejects`.
        minted_by_category: Records minted, by primary category.
        minted_without_license: Records minted of papers without a licence.
        minted_withdrawn: Records minted of papers that are withdrawn.
    """

    index: int
    seen: int = 0
    unchanged: int = 0
    parts: dict[str, Part] = field(default_factory=dict)
    minted: list[bytes] = field(default_factory=list)
    rejects: list[Row] = field(default_factory=list)
    minted_by_category: Counter[str] = field(default_factory=Counter)
    minted_without_license: int = 0
    minted_withdrawn: int = 0


def snapshot_chunks(
    blocks: Iterable[Lines], chunk_bytes: int = CHUNK_BYTES
) -> Iterator[SnapshotChunk]:
    """Cut the input after the line that fills a chunk, however it was read.

    The chunks are of `chunk_bytes` at first and grow with what precedes them; but the last full one
    and what follows it are cut anew, into smaller and smaller ones.

    A failure of the source is raised after the chunks of what precedes it.
    """

    def growing(before: int, of: Lines) -> int:
        largest = LARGEST_HELD_BYTES if isinstance(of, Block) else LARGEST_CHUNK_BYTES
        return min(max(chunk_bytes, before // _CHUNKS_BEFORE), largest)

    index = count()
    last: list[Lines] = []
    failure: Exception | None = None
    try:
        for piece, is_full in _pieces(blocks, growing):
            if is_full and last:
                yield SnapshotChunk(next(index), tuple(last))
                last = []
            last += piece
    except Exception as error:  # noqa: BLE001 - raised again after what precedes it
        failure = error
    size = sum(block.size for block in last)
    smallest = size if size < chunk_bytes else chunk_bytes // _LAST_SHARE
    for piece, _ in _pieces(last, lambda done, _: max(smallest, (size - done) // _LAST_SHARE, 1)):
        yield SnapshotChunk(next(index), tuple(piece))
    if failure is not None:
        raise failure


def _pieces(
    blocks: Iterable[Lines], wanted: Callable[[int, Lines], int]
) -> Iterator[tuple[list[Lines], bool]]:
    """Cut blocks after each line that makes a piece as large as is wanted, of them, after so much.

    Of each it is told whether it is so large: of all but the last, which may be smaller.
    """
    gathered: list[Lines] = []
    size = before = 0
    try:
        for block in blocks:
            rest = block
            while size + rest.size >= (full := wanted(before, rest)):
                end = rest.data.find(b"\n", max(0, full - size - 1)) + 1 or rest.size
                head, rest = rest.cut(end)
                yield [*gathered, head], True
                before += size + head.size
                gathered, size = [], 0
            if rest.size:
                gathered.append(rest)
                size += rest.size
    except Exception:
        if gathered:
            yield gathered, False
        raise
    if gathered:
        yield gathered, False


def mint_chunk(
    plan: Plan, known: KnownRecords, chunk: Chunk, earlier: frozenset[bytes] = frozenset()
) -> ChunkResult:
    """Read a chunk's lines, mint what is new, and write its parts; syncing them is left to do.

    Args:
        plan: The build.
        known: The records of the lake.
        chunk: The lines.
        earlier: Canonical digests of the chunk's that stand earlier in the input.

    Raises:
        StorageError: The disk is full, or the folder takes no files.
    """
    with no_collecting():
        return _mint_chunk(plan, known, chunk, earlier)


def _mint_chunk(
    plan: Plan, known: KnownRecords, chunk: Chunk, earlier: frozenset[bytes]
) -> ChunkResult:
    result = ChunkResult(chunk.index)
    rows = Rows(plan.build_id, plan.now)
    found: dict[bytes, tuple[Identity, Observation]] = {}
    observations = chunk.observations()
    while some := list(islice(observations, _HANDLED_AT_ONCE)):
        result.seen += len(some)
        result.rejects += [rows.reject(observed) for observed in some if observed.paper is None]
        sound = [observed for observed in some if observed.paper is not None]
        papers = [observed.paper for observed in sound if observed.paper is not None]
        for identity, observed in zip(identities(papers), sound, strict=True):
            if identity.digest in found:
                result.unchanged += 1
            else:
                found[identity.digest] = (identity, observed)
    for old in earlier | known.among(found):
        del found[old]
        result.unchanged += 1
    result.minted = list(found)
    for identity, _ in found.values():
        result.minted_by_category[identity.paper.categories[0]] += 1
        result.minted_without_license += not identity.paper.license
        result.minted_withdrawn += identity.paper.is_withdrawn
    if found:
        ordered = sorted(found.values(), key=lambda entry: entry[0].pith_number)
        found.clear()
        _write_chunk(plan, ordered, result)
    return result


def _write_chunk(
    plan: Plan, found: list[tuple[Identity, Observation]], result: ChunkResult
) -> None:
    """Mint in the order of the Pith Numbers, so that parts are sorted as they are written."""
    mint = Mint(plan.registry, plan.signer, plan.now)
    rows = MintedRows(mint, plan.build_id)
    label = f"{plan.sequence:08d}-{result.index:05d}"
    tables = (RECORDS, EVENTS, STATES, BUNDLES, ALIASES)
    names: list[AliasRow] = []
    with part_writers(plan.disk, plan.lake, tables, label) as writers:
        records, events, states, bundles, aliases = writers
        for start in range(0, len(found), _HANDLED_AT_ONCE):
            some = found[start : start + _HANDLED_AT_ONCE]
            minted = mint.mint([identity for identity, _ in some])
            records.add(rows.records(minted, [observed for _, observed in some]))
            events.add(rows.events(minted))
            states.add(rows.states(minted))
            bundles.add(rows.bundles(minted))
            names += alias_rows(minted)
        aliases.add(rows.aliases(names))
        for writer in writers:
            _keep(result, writer.table.name, writer.hand_over())


def _keep(result: ChunkResult, name: str, part: Part | None) -> None:
    if part is not None:
        result.parts[name] = part


def discard(plan: Plan, result: ChunkResult) -> None:
    """Remove the parts of a result that is not wanted."""
    for part in result.parts.values():
        remove_unwanted(plan.disk, plan.lake / part.path)
