"""Exporting a release dump: a lake of its own, of some or all records, for strangers to download.

A dump is a lake of one build, `export`, whose manifest the exporter signs: few large sorted parts
of the tables that tell of records, the keys that signed, and the facts of the export. So whatever
reads, asks or audits a lake does a dump, too. The ledger of harvesting and the rejects stay home.

A diff between two manifests holds, whole, the records of which a row was added or replaced; so it
is audited by itself, and importing it brings a lake of the earlier records to the later ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pith_builder.core.canonical import dump_canonical, parse_json
from pith_builder.core.keys import PublicKey
from pith_builder.core.lineage import COMPLETE, Input, Run, run_event
from pith_builder.core.manifest import Manifest, Part, TableState, signed_manifest
from pith_builder.disk import storage_errors, write_whole
from pith_builder.errors import UsageError, VerificationError
from pith_builder.lake.lock import lake_lock
from pith_builder.lake.parts import Row, write_part, writer_versions
from pith_builder.lake.query import Connection, connect_to
from pith_builder.lake.reading import read_rows
from pith_builder.lake.roots import table_root
from pith_builder.lake.rows import Rows
from pith_builder.lake.selecting import (
    OF_RECORDS,
    Chosen,
    Copy,
    Written,
    changed_since,
    choose,
    write_chosen,
    write_chosen_aliases,
)
from pith_builder.lake.store import CURRENT, SQL_FILE, Lake, commit, empty_tables
from pith_builder.lake.tables import ALIASES, BUILDS, KEYS, RECORDS, TABLES, Table
from pith_builder.operations.dump_notes import Notes
from pith_builder.operations.listing import Selection
from pith_builder.operations.run_facts import libraries, written
from pith_builder.operations.transaction import BuildResult, Target

OPERATION = "export"
README = "README.md"
KEYS_FOLDER = "keys"
_SORTING_MEMORY = "1GB"
"""What sorting the aliases of all records may take before it goes to the disk."""

MANIFESTS = "pith_lake_manifest"
"""The namespace of manifests among the inputs of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """What is exported, and to where.

    Attributes:
        source: The lake, as of one commit.
        target: The folder as a lake, who exports it with which key, and when.
        selection: Which records.
        earlier: For a diff, the manifest whose records are left out, unless they changed since.
    """

    source: Lake
    target: Target
    selection: Selection
    earlier: Manifest | None = None

    def what(self) -> str:
        """Return in words which records are exported."""
        if self.selection.category is not None:
            return f"those of category {self.selection.category}"
        return "all" if self.selection.numbers is None else "some that were named"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dumped:
    """What an export came to.

    Attributes:
        records: Records exported; where there are none, nothing is written.
        files: Parts written.
        size_bytes: Their size.
        manifest_sha256: The digest of the dump's manifest, or None.
    """

    records: int
    files: int = 0
    size_bytes: int = 0
    manifest_sha256: str | None = None


def export_parquet(dump: Dump, progress: Callable[[int], None] = lambda _: None) -> Dumped:
    """Write the chosen records of a lake into a new folder, as a lake that its exporter signs.

    Whatever is copied is first shown to be what the source's manifest says. Memory: some row
    groups of each table, and the numbers chosen.

    Raises:
        UsageError: The folder holds something already.
        LakeBusyError: Another export is writing to it.
        StorageError: The disk is full, or the folder takes no files.
        VerificationError: The lake is damaged.
    """
    folder = _checked(dump.target.lake)
    selection = dump.selection
    if dump.earlier is not None:
        changed = changed_since(dump.source, dump.earlier)
        named = selection.numbers
        selection = replace(selection, numbers=changed if named is None else changed & named)
    connection = connect_to(dump.source, memory_limit=_SORTING_MEMORY)
    selection.make_view(connection)
    chosen = choose(connection)
    if not len(chosen):
        return Dumped(records=0)
    with lake_lock(folder, dump.target.wait_seconds, dump.target.disk):
        manifest = _written(dump, connection, chosen, progress)
    parts = [part for table in manifest.tables.values() for part in table.parts]
    return Dumped(
        records=len(chosen),
        files=len(parts),
        size_bytes=sum(part.size_bytes for part in parts),
        manifest_sha256=manifest.manifest_sha256,
    )


def _checked(folder: Path) -> Path:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is no folder")
    found = {entry.name for entry in folder.iterdir()} if folder.exists() else set()
    strange = sorted(found - {".lock"})
    if CURRENT in found:
        raise UsageError(f"{folder} is a lake or a dump already: name a new or an empty folder")
    if strange:
        raise UsageError(
            f"{folder} holds something, such as {strange[0]!r}: name a new or an empty folder "
            "(what an export left that did not end can be removed)"
        )
    return folder


def _written(
    dump: Dump, connection: Connection, chosen: Chosen, progress: Callable[[int], None]
) -> Manifest:
    """Write parts, keys, README and manifest; the commit comes last."""
    target, folder = dump.target, dump.target.lake
    build_id = f"{1:08d}-{target.now:%Y%m%dT%H%M%SZ}"
    copy = Copy(
        source=dump.source,
        folder=folder,
        build_id=build_id,
        disk=target.disk,
        progress=progress,
    )
    tasks: dict[str, Callable[[], Written]] = {
        table.name: partial(write_chosen, copy, table, chosen)
        for table in OF_RECORDS
        if table is not ALIASES
    }
    tasks[ALIASES.name] = partial(write_chosen_aliases, copy, connection)
    # Reading, packing and writing are done by libraries that let other threads run.
    with ThreadPoolExecutor(target.workers) as threads:
        running = {name: threads.submit(task) for name, task in tasks.items()}
        done = {name: future.result() for name, future in running.items()}
    parts = {name: found.parts for name, found in done.items()}
    keys = _key_rows(dump, build_id, set().union(*(found.keys for found in done.values())))
    parts[KEYS.name] = _part(target, KEYS, keys)
    parts[BUILDS.name] = _part(target, BUILDS, [_build_row(dump, build_id, done, parts)])
    tables = {**empty_tables(), **_states(dump, parts)}
    manifest = signed_manifest(
        previous=None,
        tables=tables,
        build_id=build_id,
        builder_version=target.registry.builder_version,
        writer_versions=writer_versions(),
        signer=target.signer,
        now=target.now,
    )
    _write_notes(dump, manifest, keys)
    commit(target.disk, folder, manifest)
    # It would name this machine's folder; `pith maintain` writes it where the dump comes to lie.
    target.disk.remove(folder / SQL_FILE)
    return manifest


def _part(target: Target, table: Table, rows: Sequence[Row]) -> list[Part]:
    part = write_part(target.disk, target.lake, table, f"{1:08d}", rows)
    return [] if part is None else [part]


def _key_rows(dump: Dump, build_id: str, used: set[tuple[str, str]]) -> list[Row]:
    """Return the rows of keys, of all that signed something."""
    own = dump.target.signer.public_key
    listed = {(own.key_id, own.fingerprint): own}
    document = KEYS.position("document")
    for part in dump.source.table(KEYS.name).parts:
        for row in read_rows(dump.source.path, KEYS, part):
            if (row[0], row[1]) in used:
                listed[row[0], row[1]] = PublicKey.from_json_object(
                    parse_json(row[document].encode())
                )
    rows = Rows(build_id, dump.target.now)
    return [rows.key(listed[name]) for name in sorted(listed)]


def _build_row(
    dump: Dump, build_id: str, done: Mapping[str, Written], parts: Mapping[str, list[Part]]
) -> Row:
    """Return the row of builds: all that was selected was added here, and the facts say whence."""
    target, counts = dump.target, done[RECORDS.name].counts
    result = BuildResult(
        build_id=build_id,
        seen=counts["minted"],
        minted=counts["minted"],
        minted_without_license=counts["minted_without_license"],
        minted_withdrawn=counts["minted_withdrawn"],
    )
    run = Run(
        build_id=build_id,
        previous=None,
        operation=OPERATION,
        now=target.now,
        namespace=target.registry.base_url,
        builder_version=target.registry.builder_version,
        libraries=libraries(),
    )
    inputs = [_input(dump.source.manifest, f", {dump.what()}", result.seen)]
    if dump.earlier is not None:
        inputs.append(_input(dump.earlier, ", left out unless changed", None))
    outputs = (written(name, parts[name], ()) for name in TABLES if name in parts)
    return Rows(build_id, target.now).build(
        result,
        operation=OPERATION,
        builder_version=target.registry.builder_version,
        sources=[one.source for one in inputs],
        outcome=COMPLETE,
        rejects_added=0,
        is_forced=False,
        run_facts=dump_canonical(run_event(run, inputs, [one for one in outputs if one])),
    )


def _input(manifest: Manifest, what: str, rows: int | None) -> Input:
    return Input(
        namespace=MANIFESTS,
        name=f"manifest {manifest.sequence}{what}",
        version=f"sha256:{manifest.manifest_sha256}",
        rows=rows,
    )


def _states(dump: Dump, parts: Mapping[str, list[Part]]) -> dict[str, TableState]:
    """Return what the manifest says of each table; of a whole lake it is what its own says."""
    folder = dump.target.lake
    with ThreadPoolExecutor(dump.target.workers) as threads:
        roots = threads.map(lambda name: table_root(folder, TABLES[name], parts[name]), parts)
        found = dict(zip(parts, roots, strict=True))
    is_whole = dump.earlier is None and dump.selection == Selection()
    for table in OF_RECORDS if is_whole else ():
        wanted = dump.source.table(table.name).content_root
        if found[table.name].hex() != wanted:
            raise VerificationError(
                f"the rows of {table.name} have the content root {found[table.name].hex()}, by "
                f"the manifest {wanted}: nothing is exported. Run `pith audit`"
            )
    return {
        name: TableState(
            schema_version=TABLES[name].schema_version,
            content_root=found[name].hex(),
            parts=tuple(some),
        )
        for name, some in parts.items()
    }


def _write_notes(dump: Dump, manifest: Manifest, keys: Sequence[Row]) -> None:
    """Write the README, and each key that signed something as a file to trust."""
    target, folder = dump.target, dump.target.lake
    with storage_errors(folder):
        target.disk.make_directory(folder / KEYS_FOLDER)
    document = KEYS.position("document")
    for row in keys:
        place = folder / KEYS_FOLDER / f"{row[1]}.json"
        write_whole(target.disk, place, row[document])
    notes = Notes(
        name=target.registry.name,
        source=dump.source.manifest,
        earlier=dump.earlier,
        what=dump.what(),
        manifest=manifest,
        key=target.signer.public_key,
    )
    write_whole(target.disk, folder / README, notes.text().encode())
