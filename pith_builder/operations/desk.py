"""The desk: what is offered and what it changes, sorted by record on a scratch disk.

However much is merged, memory holds one record at a time. It is a temporary folder (TMPDIR says
where) that several processes read and write: an SQLite database says what there is of each record,
and in which heap its documents lie. A heap is a file of documents, one after the other, to which
one connection adds. What is offered in a plain file lies in that already, and is read there.
"""

from __future__ import annotations

import os
import pickle
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, NamedTuple

from pith_builder.errors import StorageError
from pith_builder.lake.parts import Row
from pith_builder.operations.offers import Offer, OfferKind, reading

_ROWS_AT_ONCE = 500
_SHARED_FROM = 1_000
"""Documents that one process takes in while another would still be starting."""

_LAST_SHARE = 4
"""At the end a stretch is this part of what is left."""

_LEAST_SHARE = 8
"""No stretch is less than this part of the first: for each, parts are written."""

_HEAPS_OPEN = 256
"""A process may have some thousand files open, and a large merge has more heaps."""

_HEAP_PREFIX = "heap-"
_BUSY_SECONDS = 600.0
_SCHEMA = """
    create table offers
        (number text, turn integer, kind text, source text, line integer,
        heap text, start integer, size integer);
    create table held
        (number text primary key, heap text, start integer, size integer) without rowid;
    create table replaced
        (name text, number text, heap text, start integer, size integer,
        primary key (name, number)) without rowid;
"""


class _Place(NamedTuple):
    """Where some bytes lie."""

    heap: str
    start: int
    size: int


class Desk:
    """One connection to the desk."""

    def __init__(self, path: Path) -> None:
        """Open the desk that lies at `path`."""
        self.path = path
        self._database = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        self._database.execute("pragma synchronous = off")
        self._open = ExitStack()
        self._open.callback(self._database.close)
        self._read: dict[str, int] = {}
        self._open.callback(self._close_read)
        self._added = 0
        self._heap: IO[bytes] | None = None
        self._heap_name = ""

    def close(self) -> None:
        """Close the connection."""
        self._open.close()

    def lay_out(self) -> None:
        """Make the tables of a new desk."""
        self._database.execute("pragma journal_mode = wal")
        self._database.executescript(_SCHEMA)

    def put_offers(self, offers: Iterable[Offer], turn: int = 0) -> None:
        """Take what is offered; `turn` is its place among all that several processes put."""
        rows = (
            (
                offer.number,
                turn,
                str(offer.kind),
                offer.source,
                offer.line,
                *self._place_of(offer),
            )
            for offer in offers
        )
        while some := [*islice(rows, _ROWS_AT_ONCE)]:
            with self._change():
                self._database.executemany(
                    "insert into offers values (?, ?, ?, ?, ?, ?, ?, ?)", some
                )

    def sort_offers(self) -> None:
        """Sort all that is offered by record, and what is of one record as it came."""
        with self._change():
            self._database.execute("create index by_number on offers (number, turn)")

    def numbers(self) -> Iterator[str]:
        """Go through the records something is offered of, in order."""
        query = "select distinct number from offers order by number"
        for (number,) in self._database.execute(query):
            yield number

    def stretches(self, records: int) -> list[tuple[str, str]]:
        """Cut the records into stretches of so many, and return the first and last of each.

        At the end they are smaller and smaller: while the last one is taken in, other processes
        have nothing left.
        """
        query = "select count(distinct number) from offers"
        ((left,),) = self._database.execute(query).fetchall()
        found: list[tuple[str, str]] = []
        numbers = self.numbers()
        for first in numbers:
            size = min(records, max(left // _LAST_SHARE, records // _LEAST_SHARE, 1))
            *_, last = first, *islice(numbers, size - 1)
            found.append((first, last))
            left -= size
        return found

    def is_worth_sharing(self) -> bool:
        """Tell whether so much is offered that starting other processes pays."""
        query = "select count(*) from (select 1 from offers limit ?)"
        ((count,),) = self._database.execute(query, (_SHARED_FROM,)).fetchall()
        return bool(count == _SHARED_FROM)

    def offered(self, keys: Sequence[tuple[Any, ...]]) -> Mapping[tuple[Any, ...], None]:
        """Return which of these keys, Pith Numbers, something is offered of."""
        found = self._among(
            "select number from offers where number in ({})", [key[0] for key in keys]
        )
        return dict.fromkeys(found)

    def hold(self, rows: Iterable[tuple[str, str]]) -> None:
        """Keep the bundles, by number, that the lake holds of what is offered."""
        some: list[tuple[str, str]] = []
        for row in rows:
            some.append(row)
            if len(some) == _ROWS_AT_ONCE:
                self._hold(some)
                some = []
        self._hold(some)

    def _hold(self, rows: list[tuple[str, str]]) -> None:
        values = [(number, *self._kept(document.encode())) for number, document in rows]
        with self._change():
            self._database.executemany("insert into held values (?, ?, ?, ?)", values)

    def records(self, first: str, last: str) -> Iterator[tuple[str, bytes | None, Iterator[Offer]]]:
        """Go through the records from `first` to `last`: number, bundle held, and offers."""
        query = """
            select o.number, h.heap, h.start, h.size,
                o.kind, o.source, o.line, o.heap, o.start, o.size
            from offers o left join held h using (number)
            where o.number between ? and ?
            order by o.number, o.turn, o.rowid
        """
        rows = self._database.execute(query, (first, last))
        for (number, *place), some in groupby(rows, itemgetter(0, 1, 2, 3)):
            held = None if place[0] is None else self._fetched(_Place(*place))
            yield number, held, map(self._offer, some)

    def _offer(self, row: tuple[Any, ...]) -> Offer:
        number, _, _, _, kind, source, line, *place = row
        return Offer(
            number=number,
            kind=OfferKind(kind),
            source=source,
            line=line,
            document=self._fetched(_Place(*place)),
        )

    def replace(self, rows: Iterable[tuple[str, str, Sequence[Row]]]) -> None:
        """Keep rows, by table and record, that take the place of the lake's."""
        values = [
            (name, number, *self._kept(pickle.dumps(some, pickle.HIGHEST_PROTOCOL)))
            for name, number, some in rows
            if some
        ]
        with self._change():
            self._database.executemany("insert into replaced values (?, ?, ?, ?, ?)", values)

    def changed(self, name: str) -> list[str]:
        """Return the records of which rows take the place of a table's."""
        query = "select number from replaced where name = ? order by number"
        return [number for (number,) in self._database.execute(query, (name,))]

    def replaced(self, name: str, numbers: Sequence[str]) -> Iterator[Row]:
        """Go through the rows of some records that take the place of a table's."""
        query = "select heap, start, size from replaced where name = ? and number in ({})"
        for place in self._among(query, numbers, name):
            # S301: written by this run, in a folder of its own
            yield from pickle.loads(self._fetched(_Place(*place)))  # noqa: S301

    def _among(self, query: str, names: Sequence[str], *first: str) -> Iterator[tuple[Any, ...]]:
        for start in range(0, len(names), _ROWS_AT_ONCE):
            some = names[start : start + _ROWS_AT_ONCE]
            yield from self._database.execute(
                query.format(", ".join("?" * len(some))), [*first, *some]
            )

    def _place_of(self, offer: Offer) -> _Place:
        """Return where a document lies, which is added to the heap if it lies nowhere."""
        if offer.start is None:
            return self._kept(offer.document)
        return _Place(offer.source, offer.start, len(offer.document))

    def _kept(self, data: bytes) -> _Place:
        """Add bytes to the heap; who is told of them by a change finds them there."""
        try:
            if self._heap is None:
                file, self._heap_name = tempfile.mkstemp(prefix=_HEAP_PREFIX, dir=self.path.parent)
                self._heap = self._open.enter_context(os.fdopen(file, "wb"))
            self._heap.write(data)
        except OSError as error:
            raise self._refused(error) from error
        self._added += len(data)
        return _Place(self._heap_name, self._added - len(data), len(data))

    def _fetched(self, place: _Place) -> bytes:
        if place.heap not in self._read:
            if len(self._read) == _HEAPS_OPEN:
                self._close_read()
            with reading(Path(place.heap)):
                self._read[place.heap] = os.open(place.heap, os.O_RDONLY)
        return os.pread(self._read[place.heap], place.size, place.start)

    def _close_read(self) -> None:
        while self._read:
            _, file = self._read.popitem()
            os.close(file)

    @contextmanager
    def clearing(self) -> Iterator[None]:
        """Remove the heaps, which nobody reads any more, while something else is done.

        That takes a second of waiting for the disk where gigabytes lie in them.
        """
        with ThreadPoolExecutor(1) as aside:
            aside.submit(self._remove_heaps)
            yield

    def _remove_heaps(self) -> None:
        for heap in self.path.parent.glob(f"{_HEAP_PREFIX}*"):
            with suppress(OSError):  # it is removed when the desk is, or that says why not
                heap.unlink()

    @contextmanager
    def _change(self) -> Iterator[None]:
        try:
            self._database.execute("begin immediate")
            try:
                yield
                if self._heap is not None:
                    self._heap.flush()
            except BaseException:
                self._database.rollback()
                raise
            self._database.execute("commit")
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> StorageError:
        return StorageError(
            f"cannot write {self.path}: {error}; make room, or set TMPDIR to a folder that has it, "
            "then run the same command again"
        )


@contextmanager
def new_desk() -> Iterator[Desk]:
    """Lay out a desk that is gone when it is left."""
    with (
        tempfile.TemporaryDirectory(prefix="pith-builder-") as folder,
        closing(Desk(Path(folder) / "desk.sqlite")) as desk,
    ):
        desk.lay_out()
        yield desk
