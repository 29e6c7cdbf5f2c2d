"""Exporting a lake as a mirror: the static tree of FORMAT.md 12, for any web server to serve."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pith_builder.core.mirror import KEY_PATH, MirrorFile
from pith_builder.core.registry import Registry
from pith_builder.disk import Disk
from pith_builder.errors import UsageError
from pith_builder.lake.holdings import Holding, Shelf, find_holdings, read_shelf, shelves
from pith_builder.lake.lock import lake_lock
from pith_builder.lake.query import Connection, connect_to, fetch
from pith_builder.lake.store import Lake
from pith_builder.operations.listing import BROWSE, Selection, listing_pages
from pith_builder.operations.mirror import MirrorRecord, site_documents
from pith_builder.operations.mirror_tree import Counts, MirrorTree, checked_folder
from pith_builder.operations.processes import process_pool
from pith_builder.operations.resolve import AmbiguousError, resolve

_NUMBERS_AT_ONCE = 1_000
_SUFFIXES_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What is exported, and to where.

    Attributes:
        lake: The lake, as of one commit.
        folder: The mirror's folder.
        registry: Who serves it, and where.
        selection: Which records.
        with_gzip: Whether a compressed file goes beside each.
        disk: What writes.
    """

    lake: Lake
    folder: Path
    registry: Registry
    selection: Selection
    with_gzip: bool = False
    disk: Disk = field(default_factory=Disk)

    def tree(self) -> MirrorTree:
        """Return the tree that is written to."""
        return MirrorTree(self.folder, with_gzip=self.with_gzip, disk=self.disk)


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export came to.

    Attributes:
        records: How many records the mirror holds.
        counts: What was done to its files.
    """

    records: int
    counts: Counts


def export_mirror(
    export: Export, workers: int, progress: Callable[[int], None], wait_seconds: float = 0.0
) -> Exported:
    """Make a folder the mirror of a lake, or of some of its records.

    Only files whose bytes differ are rewritten, each in one step; those of records that are no
    longer selected are removed. The index comes last, so that it names no page that is not there.

    Raises:
        UsageError: The folder holds something else than a mirror.
        LakeBusyError: Another export is writing to it.
        StorageError: The disk is full, or the folder takes no files.
        VerificationError: The lake is damaged.
    """
    checked_folder(export.folder)
    with lake_lock(export.folder, wait_seconds, export.disk):
        tree = export.tree()
        connection = connect_to(export.lake)
        export.selection.make_view(connection)
        site = site_documents(export.lake, connection, export.registry)
        tree.put(KEY_PATH, site.pop(KEY_PATH))  # first: it shows that the folder is a mirror
        for path, data in site.items():
            tree.put(path, data)
        records = 0
        for found, counts in _written(export, workers):
            records += found
            tree.counts.add(counts)
            progress(records)
        for suffix in tree.left_over(_known_by(connection), _SUFFIXES_AT_ONCE):
            tree.remove_record(suffix)
        listings = set()
        for path, data in listing_pages(export.lake, connection, export.registry):
            tree.put(path, data)
            listings.add(path.removeprefix(f"{BROWSE}/"))
        tree.remove_listings(BROWSE, listings)
        tree.finish()
    return Exported(records, tree.counts)


def numbers_named(lake: Lake, refs: Sequence[str]) -> frozenset[str]:
    """Return the Pith Numbers of the records that these names stand for.

    Raises:
        UsageError: A name stands for no record, or for several, or is none.
    """
    connection = connect_to(lake)
    try:
        return frozenset(resolve(connection, ref).record.pith_number for ref in refs)
    except AmbiguousError as error:
        raise UsageError(f"{error}; name one of them") from error


def _written(export: Export, workers: int) -> Iterator[tuple[int, Counts]]:
    """Write the records, in several processes where there are several shelves."""
    numbers = export.selection.numbers
    if numbers is not None:
        yield from _write_named(export, sorted(numbers))
        return
    found = shelves(export.lake)
    if workers == 1 or len(found) < 2:
        for shelf in found:
            yield _write_shelf(export, shelf)
        return
    # An export names every part of the lake: a worker is given it once, not with each shelf.
    with process_pool(min(workers, len(found)), __name__, _start, (export,)) as pool:
        yield from pool.map(_write_shelf_here, found)


_worker: Export | None = None


def _start(export: Export) -> None:
    """Prepare a worker process."""
    global _worker  # noqa: PLW0603 - a process pool has no other place for what a worker keeps
    _worker = export


def _write_shelf_here(shelf: Shelf) -> tuple[int, Counts]:
    if _worker is None:
        raise RuntimeError("the worker was not started")
    return _write_shelf(_worker, shelf)


def _write_named(export: Export, numbers: Sequence[str]) -> Iterator[tuple[int, Counts]]:
    connection = connect_to(export.lake)
    for first in range(0, len(numbers), _NUMBERS_AT_ONCE):
        wanted = numbers[first : first + _NUMBERS_AT_ONCE]
        yield _write(export, iter(find_holdings(connection, wanted)))


def _write_shelf(export: Export, shelf: Shelf) -> tuple[int, Counts]:
    """Write the records of one shelf; the unit of work of a process."""
    category = export.selection.category
    return _write(
        export,
        (
            holding
            for holding in read_shelf(export.lake, shelf)
            if category is None or category in (holding.metadata["categories"] or ())
        ),
    )


def _write(export: Export, holdings: Iterator[Holding]) -> tuple[int, Counts]:
    tree = export.tree()
    records = 0
    for holding in holdings:
        record = MirrorRecord(holding, export.registry)
        files = set(record.files())
        for file in MirrorFile:
            path = file.path(record.suffix)
            if file in files:
                tree.put(path, record.document(file))
            else:
                tree.remove(path)
        records += 1
    return records, tree.counts


def _known_by(connection: Connection) -> Callable[[list[str]], set[str]]:
    """Return a function that tells which suffixes are those of selected records."""
    query = """
        select split_part(pith_number, ':', 3)
        from selected
        where split_part(pith_number, ':', 3) in (select unnest($suffixes))
    """

    def known(suffixes: list[str]) -> set[str]:
        return {suffix for (suffix,) in fetch(connection, query, {"suffixes": suffixes})}

    return known
