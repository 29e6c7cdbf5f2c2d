"""Taking in what others say: events that are not known yet, and the records they are of.

1. What is offered is read, by several processes, and sorted by record on a desk (`desk`).
2. What the lake holds of those records is laid beside it.
3. Record by record, what is new is judged, merged and bundled (`taking_record`), by several
   processes. What is added goes into new parts; what changes is kept on the desk.
4. The parts that hold changed rows are rewritten (copy on write), and all is committed at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import count, groupby
from pathlib import Path

from pith_builder.core.keys import PublicKey
from pith_builder.core.lineage import Input
from pith_builder.core.manifest import Part
from pith_builder.core.merge import Verdict
from pith_builder.core.remaking import Remaking
from pith_builder.lake.parts import PartWriter, Row, part_writers
from pith_builder.lake.rewriting import NumberSet, find_rows, number_set, rewritten
from pith_builder.lake.tables import ALIASES, BUNDLES, EVENTS, RECORDS, STATES, TABLES
from pith_builder.lake.taken_rows import TakenRows
from pith_builder.operations.chunks import Plan
from pith_builder.operations.collecting import no_collecting
from pith_builder.operations.desk import Desk, new_desk
from pith_builder.operations.in_order import Run, here, running
from pith_builder.operations.merging import sorted_out
from pith_builder.operations.offers import Offer, Refused, offers_of
from pith_builder.operations.taking_record import TakenRecord, Taker, take_record
from pith_builder.operations.transaction import (
    BuildResult,
    Progress,
    Target,
    Transaction,
    transaction,
)
from pith_builder.signing.ed25519 import TrustedKeys
from pith_builder.sources.lines import PlacedBlock

RECORDS_A_CHUNK = 4_000
"""Records that one process takes in at a time, into one part of each table."""

MAX_LISTED = 1_000
"""Of what is refused so much is listed; all of it is counted."""

_ROWS_KEPT = 500
"""Rows that a process holds before it puts them on the desk."""

_REWRITTEN = (BUNDLES, STATES, ALIASES)
"""The tables of which rows change. All others are only added to."""


@dataclass(slots=True)
class _Refusals:
    """What was not taken: all of it counted, the first thousand listed."""

    by_reason: Counter[str] = field(default_factory=Counter)
    listed: list[Refused] = field(default_factory=list)

    def note(self, refused: Refused) -> None:
        """Note one."""
        self.by_reason[refused.reason] += 1
        if len(self.listed) < MAX_LISTED:
            self.listed.append(refused)


@dataclass(slots=True, kw_only=True)
class TakenIn:
    """What a run came to: seen = new + known + refused, in events.

    Attributes:
        result: What was committed, in records.
        new: Events added.
        known: Events that the lake held already.
        refused: Events, or documents that carry none, that were not taken.
        refused_by_reason: Those, by reason.
        listed: The first thousand of them.
        changed: Records of the lake that were rebuilt.
        numbers: The first thousand records that were added or rebuilt.
    """

    result: BuildResult
    new: int = 0
    known: int = 0
    refused: int = 0
    refused_by_reason: Counter[str] = field(default_factory=Counter)
    listed: list[Refused] = field(default_factory=list)
    changed: int = 0
    numbers: list[str] = field(default_factory=list)

    @property
    def seen(self) -> int:
        """Everything that was offered."""
        return self.new + self.known + self.refused

    def refuse_unread(self, refusals: _Refusals) -> None:
        """Count and note what could not even be read."""
        self.refused += refusals.by_reason.total()
        self.refuse(refusals)

    def refuse(self, refusals: _Refusals) -> None:
        """Note what was not taken."""
        self.refused_by_reason += refusals.by_reason
        self.listed += refusals.listed[: MAX_LISTED - len(self.listed)]


@dataclass(slots=True, kw_only=True)
class _ChunkTaken:
    """What became of a stretch of records."""

    records: int = 0
    added: int = 0
    changed: int = 0
    rejected: int = 0
    without_license: int = 0
    withdrawn: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    refusals: _Refusals = field(default_factory=_Refusals)
    categories: Counter[str] = field(default_factory=Counter)
    keys: set[tuple[str, str]] = field(default_factory=set)
    numbers: list[str] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)

    def count(self, record: TakenRecord) -> None:
        """Count what became of one record."""
        self.records += 1
        for verdict, events in record.verdicts.items():  # Counter's own sum is slow
            self.verdicts[verdict] += events
        for one in record.refused:
            self.refusals.note(one)
        self.keys |= record.signing_keys()
        if record.found is not None and len(self.numbers) < MAX_LISTED:
            self.numbers.append(record.number)
        if record.is_held:
            self.changed += record.found is not None
        elif record.found is None:
            self.rejected += 1
        else:
            self.added += 1
            self.categories[record.found.record.primary_cat] += 1
            self.without_license += not record.found.record.license
            self.withdrawn += bool(record.raw and record.raw["is_withdrawn"])


def take_in(  # noqa: PLR0913 - what is done, with what, by whom and how it is called
    target: Target,
    trusted: Iterable[PublicKey],
    offers: Iterable[Offer | PlacedBlock | Refused],
    *,
    operation: str,
    sources: Callable[[], Sequence[Input]],
    is_import: bool = False,
    progress: Progress = lambda _: None,
) -> TakenIn:
    """Take in what is offered, and commit it; where nothing is new, commit nothing.

    Args:
        target: The lake, and who rebuilds bundles with which key.
        trusted: The keys that are trusted besides the target's own.
        offers: What is offered.
        operation: What this is called in table `builds`.
        sources: Tells, in the end, what it was read from, as table `builds` does.
        is_import: Whether records that come without signed events are vouched for.
        progress: Is told how many records were gone through.

    Raises:
        UsageError: A source cannot be read.
        SourceError: A packed source is truncated or damaged, or a plain one changed meanwhile.
        VerificationError: The lake is damaged, or holds what no trusted key signed.
        LakeBusyError: Another process is writing to the lake.
        StorageError: The disk is full, or the folder takes no files.
    """
    taker = Taker(
        registry=target.registry,
        signer=target.signer,
        trusted=TrustedKeys([*trusted, target.signer.public_key]),
        now=target.now,
        is_import=is_import,
    )
    with new_desk() as desk, transaction(target, operation) as opened:
        taken = TakenIn(result=opened.result)
        with running(target.workers, __name__) as sharing:
            placed = _gather(desk, offers, taken, sharing)
            run = sharing if desk.is_worth_sharing() else here
            _hold(opened.plan, desk, run)
            _take_chunks(opened, taker, desk, run, taken, progress)
            if taken.changed:
                _rewrite(opened, desk, run)
        for block in placed.values():
            block.see_that_it_holds()
        with desk.clearing():
            opened.commit(sources())
    return taken


def _gather(
    desk: Desk, offers: Iterable[Offer | PlacedBlock | Refused], taken: TakenIn, run: Run
) -> dict[Path, PlacedBlock]:
    """Put what is offered on the desk, turn by turn; give a block of each file that must stay."""
    turns = count()
    placed: dict[Path, PlacedBlock] = {}
    for is_shared, some in groupby(offers, lambda one: isinstance(one, PlacedBlock)):
        if is_shared:
            blocks = (one for one in some if isinstance(one, PlacedBlock))
            for refusals in run(_putting(desk, blocks, turns, placed)):
                taken.refuse_unread(refusals)
        else:
            refusals = _Refusals()
            read = (one for one in some if not isinstance(one, PlacedBlock))
            desk.put_offers(sorted_out(read, refusals.note), next(turns))
            taken.refuse_unread(refusals)
    desk.sort_offers()
    return placed


def _putting(
    desk: Desk,
    blocks: Iterable[PlacedBlock],
    turns: Iterator[int],
    placed: dict[Path, PlacedBlock],
) -> Iterator[Callable[[], _Refusals]]:
    for block in blocks:
        placed.setdefault(block.path, block)
        yield partial(_put, desk.path, block, next(turns))


def _put(place: Path, block: PlacedBlock, turn: int) -> _Refusals:
    refusals = _Refusals()
    with no_collecting(), closing(Desk(place)) as desk:
        desk.put_offers(sorted_out(offers_of(block), refusals.note), turn)
    return refusals


def _hold(plan: Plan, desk: Desk, run: Run) -> None:
    """Lay the bundles of what is offered beside it."""
    parts = plan.manifest.tables[BUNDLES.name].parts if plan.manifest else ()
    for _ in run(partial(_hold_part, plan.lake, part, desk.path) for part in parts):
        pass


def _hold_part(lake: Path, part: Part, place: Path) -> None:
    with closing(Desk(place)) as desk:
        desk.hold(find_rows(lake, BUNDLES, part, desk.offered, ("pith_number", "document")))


def _take_chunks(
    opened: Transaction, taker: Taker, desk: Desk, run: Run, taken: TakenIn, progress: Progress
) -> None:
    result = opened.result
    tasks = (
        partial(_take_chunk, opened.plan, taker, desk.path, index, first, last)
        for index, (first, last) in enumerate(desk.stretches(RECORDS_A_CHUNK))
    )
    for chunk in run(tasks):
        opened.add_parts(chunk.parts)
        opened.bring_to_disk(chunk.parts.values())
        opened.list_keys(taker.trusted.by_name[name] for name in chunk.keys)
        result.seen += chunk.records
        result.minted += chunk.added
        result.rejected += chunk.rejected
        result.unchanged += chunk.records - chunk.added - chunk.rejected
        result.minted_by_category += chunk.categories
        result.minted_without_license += chunk.without_license
        result.minted_withdrawn += chunk.withdrawn
        taken.new += chunk.verdicts[Verdict.NEW]
        taken.known += chunk.verdicts[Verdict.KNOWN]
        taken.refused += chunk.verdicts[Verdict.REFUSED]
        taken.changed += chunk.changed
        taken.numbers += chunk.numbers[: MAX_LISTED - len(taken.numbers)]
        taken.refuse(chunk.refusals)
        progress(result.seen)


def _take_chunk(
    plan: Plan, taker: Taker, place: Path, index: int, first: str, last: str
) -> _ChunkTaken:
    """Take in the records from `first` to `last`, in the order of their numbers."""
    chunk = _ChunkTaken()
    with (
        no_collecting(),
        closing(Desk(place)) as desk,
        closing(Desk(place)) as changes,  # SQLite cannot write where it is still reading
        _writing(plan, index, chunk) as written,
    ):
        remaking = Remaking(taker.trusted)
        for number, held, offers in desk.records(first, last):
            record = take_record(taker, number, held, offers, remaking)
            chunk.count(record)
            if record.found is None:
                continue
            if record.is_held:
                written.change(record)
            else:
                written.add(record)
            if len(written.replaced) >= _ROWS_KEPT:
                changes.replace(written.taken_replaced())
        changes.replace(written.taken_replaced())
    return chunk


class _Written:
    """The parts of one chunk, and the rows it replaces."""

    def __init__(self, plan: Plan, writers: dict[str, PartWriter]) -> None:
        self.rows = TakenRows(plan.build_id, plan.now)
        self.writers = writers
        self.aliases: list[Row] = []
        self.replaced: list[tuple[str, str, Sequence[Row]]] = []

    def add(self, record: TakenRecord) -> None:
        """Add the rows of a record that the lake does not hold."""
        found, created, bundle = record.found, record.created, record.bundle
        if found is None or created is None or bundle is None:
            return
        number, rows, count = record.number, self.rows, found.state.event_count
        row = rows.record(found, created, record.raw, record.source_name())
        self.writers[RECORDS.name].add_row(row)
        self._add_events(record)
        self.writers[STATES.name].add_row(rows.state(number, found.state))
        self.writers[BUNDLES.name].add_row(rows.bundle(number, count, bundle))
        self.aliases += (rows.alias(number, alias) for alias in found.aliases)

    def change(self, record: TakenRecord) -> None:
        """Add the events of a record that the lake holds, and replace its other rows."""
        found, bundle = record.found, record.bundle
        if found is None or bundle is None:
            return
        number, rows, count = record.number, self.rows, found.state.event_count
        self._add_events(record)
        aliases = [
            rows.alias(number, alias)
            for alias in found.aliases
            if record.before_of(alias) != alias.created_at
        ]
        self.replaced += (
            (STATES.name, number, [rows.state(number, found.state)]),
            (BUNDLES.name, number, [rows.bundle(number, count, bundle)]),
            (ALIASES.name, number, aliases),
        )

    def taken_replaced(self) -> list[tuple[str, str, Sequence[Row]]]:
        """Return the rows replaced since this was last asked."""
        rows, self.replaced = self.replaced, []
        return rows

    def _add_events(self, record: TakenRecord) -> None:
        for event in record.new:
            self.writers[EVENTS.name].add_row(self.rows.event(record.number, event))


@contextmanager
def _writing(plan: Plan, index: int, chunk: _ChunkTaken) -> Iterator[_Written]:
    """Write one part of each table, to be brought to the disk; the unfinished is removed."""
    label = f"{plan.sequence:08d}-{index:05d}"
    with part_writers(
        plan.disk, plan.lake, (RECORDS, EVENTS, STATES, BUNDLES, ALIASES), label
    ) as writers:
        named = {writer.table.name: writer for writer in writers}
        written = _Written(plan, named)
        yield written
        for alias in sorted(written.aliases, key=tuple):
            named[ALIASES.name].add_row(alias)
        finished = {name: writer.hand_over() for name, writer in named.items()}
    chunk.parts = {name: part for name, part in finished.items() if part is not None}


def _rewrite(opened: Transaction, desk: Desk, run: Run) -> None:
    """Rewrite every part that holds a row that changes."""
    plan = opened.plan
    parts = [
        (table.name, part)
        for table in _REWRITTEN
        if plan.manifest is not None
        for part in plan.manifest.tables[table.name].parts
    ]
    tasks = (
        partial(_rewrite_part, plan, name, part, index, desk.path)
        for index, (name, part) in enumerate(parts)
    )
    for (_, old), new in zip(parts, run(tasks), strict=True):
        if new is not None:
            opened.swap(old, new)
            opened.bring_to_disk([new])


def _rewrite_part(plan: Plan, name: str, part: Part, index: int, place: Path) -> Part | None:
    label = f"{plan.sequence:08d}-r{index:05d}"
    with no_collecting(), closing(Desk(place)) as desk:
        return rewritten(
            plan.disk,
            plan.lake,
            TABLES[name],
            part,
            label,
            changed=_changed(place, name),
            replaced=partial(desk.replaced, name),
        )


@lru_cache(maxsize=1)
def _changed(place: Path, name: str) -> NumberSet:
    """Return the records of which a table's rows change; a process asks part by part."""
    with closing(Desk(place)) as desk:
        return number_set(desk.changed(name))
