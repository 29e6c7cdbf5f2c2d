"""A mirror served from the lake: for each path the document of the live commit."""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path

from pith_builder.core.mirror import INDEX_PATH, MirrorFile, located
from pith_builder.core.number import PithNumber
from pith_builder.core.registry import Registry
from pith_builder.errors import MalformedError, UsageError, VerificationError
from pith_builder.lake.holdings import find_holdings
from pith_builder.lake.query import connect_to
from pith_builder.lake.store import CURRENT, Lake, open_lake
from pith_builder.operations.listing import (
    BROWSE,
    Month,
    Selection,
    index_page,
    month_page,
    month_records,
    months,
)
from pith_builder.operations.mirror import MirrorRecord, site_documents
from pith_builder.operations.resolve import NotFoundError, Resolved, resolve


class Commit:
    """A lake as of one commit, and what a mirror of it serves. Its methods take turns."""

    def __init__(self, lake: Lake, registry: Registry) -> None:
        """Connect to the lake."""
        self._lake = lake
        self._registry = registry
        self._turn = threading.RLock()  # a DuckDB connection serves one thread at a time
        self._connection = connect_to(lake)
        Selection().make_view(self._connection)

    def resolve(self, ref: str) -> Resolved:
        """Find the record that a name stands for.

        Raises:
            UsageError: As `operations.resolve`.
        """
        with self._turn:
            return resolve(self._connection, ref)

    def document(self, path: str) -> bytes:
        """Return what a mirror holds at a path.

        Raises:
            NotFoundError: It holds nothing there.
            VerificationError: The lake is damaged.
        """
        with self._turn:
            if path == INDEX_PATH:
                return self._index
            if path in self._site:
                return self._site[path]
            directory, _, name = path.partition("/")
            if directory == BROWSE and name in self._months:
                month, number = self._months[name]
                records = month_records(self._connection, month)
                return month_page(self._registry, month, records, number)
            place = located(path)
            if place is None:
                raise NotFoundError(f"a mirror has nothing at /{path}")
            return self._of_record(*place)

    def _of_record(self, file: MirrorFile, suffix: str) -> bytes:
        number = resolve(self._connection, suffix).record.pith_number
        [holding] = find_holdings(self._connection, [number])
        record = MirrorRecord(holding, self._registry)
        if file not in record.files():
            raise NotFoundError(f"{number} has no such document: what it would show is superseded")
        return record.document(file)

    @cached_property
    def _site(self) -> dict[str, bytes]:
        return site_documents(self._lake, self._connection, self._registry)

    @cached_property
    def _index(self) -> bytes:
        return index_page(self._lake, self._connection, self._registry, can_resolve=True)

    @cached_property
    def _months(self) -> dict[str, tuple[Month, int]]:
        return {
            name: (month, number)
            for month in months(self._connection)
            for number, name in enumerate(month.pages(), 1)
        }


class Site:
    """A lake that is served: a commit while serving shows at the next request."""

    def __init__(self, lake: Path, registry: Registry) -> None:
        """Take the lake's folder and who serves it."""
        self.registry = registry
        self._path = lake
        self._turn = threading.Lock()
        self._live: tuple[tuple[int, int], Commit] | None = None

    def commit(self) -> Commit:
        """Return the live commit, opened once.

        Raises:
            VerificationError: The lake is damaged, or gone.
        """
        with self._turn:
            try:
                # A commit replaces CURRENT: another file, or another time.
                found = (self._path / CURRENT).stat()
                key = (found.st_ino, found.st_mtime_ns)
                if self._live is None or self._live[0] != key:
                    self._live = key, Commit(open_lake(self._path), self.registry)
            except (OSError, UsageError) as error:
                raise VerificationError(f"the lake in {self._path} is gone: {error}") from error
            return self._live[1]


def suffix_of(resolved: Resolved) -> str:
    """Return the suffix of the record that a name stands for.

    Raises:
        VerificationError: The lake holds a number that is none.
    """
    try:
        return PithNumber.parse(resolved.record.pith_number).suffix
    except MalformedError as error:
        raise VerificationError(f"{error}; run `pith audit`") from error
