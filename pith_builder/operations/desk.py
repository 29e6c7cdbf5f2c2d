"""The desk: what is offered and what it changes, sorted by record on a scratch disk.

However much is merged, memory holds one record at a time. It is an SQLite database in a temporary
folder (TMPDIR says where), which several processes read and write.
"""

from __future__ import annotations

import pickle
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from pith_builder.errors import StorageError
from pith_builder.lake.parts import Row
from pith_builder.operations.offers import Offer, OfferKind

_ROWS_AT_ONCE = 500
_SHARED_FROM = 1_000
"""Documents that one process takes in while another would still be starting."""

_BUSY_SECONDS = 600.0
_SCHEMA = """
    create table offers (number text, kind text, source text, line integer, document blob);
    create table held (number text primary key, document blob) without rowid;
    create table replaced (name text, key text, row blob, primary key (name, key));
"""
_JOINED = "\x1f"


class Desk:
    """One connection to the desk."""

    def __init__(self, path: Path) -> None:
        """Open the desk that lies at `path`."""
        self.path = path
        self._database = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        self._database.execute("pragma synchronous = off")

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def lay_out(self) -> None:
        """Make the tables of a new desk."""
        self._database.execute("pragma journal_mode = wal")
        self._database.executescript(_SCHEMA)

    def put_offers(self, offers: Iterable[Offer]) -> None:
        """Take everything that is offered, then sort it by record."""
        rows = (
            (offer.number, str(offer.kind), offer.source, offer.line, offer.document)
            for offer in offers
        )
        with self._change():
            self._database.executemany("insert into offers values (?, ?, ?, ?, ?)", rows)
            self._database.execute("create index by_number on offers (number)")

    def numbers(self) -> Iterator[str]:
        """Go through the records something is offered of, in order."""
        query = "select distinct number from offers order by number"
        for (number,) in self._database.execute(query):
            yield number

    def stretches(self, records: int) -> list[tuple[str, str]]:
        """Cut the records into stretches of so many, and return the first and last of each."""
        found: list[tuple[str, str]] = []
        for index, number in enumerate(self.numbers()):
            if index % records == 0:
                found.append((number, number))
            else:
                found[-1] = (found[-1][0], number)
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
        with self._change():
            self._database.executemany("insert into held values (?, ?)", rows)

    def records(self, first: str, last: str) -> Iterator[tuple[str, bytes | None, Iterator[Offer]]]:
        """Go through the records from `first` to `last`: number, bundle held, and offers."""
        query = """
            select distinct o.number, h.document
            from offers o left join held h using (number)
            where o.number between ? and ?
            order by o.number
        """
        for number, held in self._database.execute(query, (first, last)):
            document = None if held is None else bytes(held, "utf-8")
            yield number, document, self._offers(number)

    def _offers(self, number: str) -> Iterator[Offer]:
        query = """
            select kind, source, line, document from offers where number = ? order by rowid
        """
        for kind, source, line, document in self._database.execute(query, (number,)):
            yield Offer(
                number=number, kind=OfferKind(kind), source=source, line=line, document=document
            )

    def replace(self, rows: Iterable[tuple[str, tuple[str, ...], Row]]) -> None:
        """Keep rows, by table and key, that take the place of the lake's."""
        values = [
            (name, _JOINED.join(key), pickle.dumps(row, pickle.HIGHEST_PROTOCOL))
            for name, key, row in rows
        ]
        with self._change():
            self._database.executemany("insert into replaced values (?, ?, ?)", values)

    def replaces(self, name: str) -> bool:
        """Tell whether any row takes the place of a table's."""
        query = "select 1 from replaced where name = ? limit 1"
        return self._database.execute(query, (name,)).fetchone() is not None

    def replaced(self, name: str, keys: Sequence[tuple[Any, ...]]) -> Mapping[tuple[Any, ...], Row]:
        """Return the rows that take the place of a table's, of those with these keys."""
        query = "select key, row from replaced where name = ? and key in ({})"
        found = self._among(query, [_JOINED.join(key) for key in keys], name)
        # S301: written by this run, in a folder of its own
        return {tuple(key.split(_JOINED)): pickle.loads(row) for key, row in found}  # noqa: S301

    def _among(self, query: str, names: Sequence[str], *first: str) -> Iterator[tuple[Any, ...]]:
        for start in range(0, len(names), _ROWS_AT_ONCE):
            some = names[start : start + _ROWS_AT_ONCE]
            yield from self._database.execute(
                query.format(", ".join("?" * len(some))), [*first, *some]
            )

    @contextmanager
    def _change(self) -> Iterator[None]:
        try:
            self._database.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._database.rollback()
                raise
            self._database.execute("commit")
        except sqlite3.Error as error:
            raise StorageError(
                f"cannot write {self.path}: {error}; make room, or set TMPDIR to a folder that "
                "has it, then run the same command again"
            ) from error


@contextmanager
def new_desk() -> Iterator[Desk]:
    """Lay out a desk that is gone when it is left."""
    with (
        tempfile.TemporaryDirectory(prefix="pith-builder-") as folder,
        closing(Desk(Path(folder) / "desk.sqlite")) as desk,
    ):
        desk.lay_out()
        yield desk
