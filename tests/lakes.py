"""Makers of snapshot lines and lakes, and a forger who holds the lake's own key."""

import io
import json
import os
import shutil
import sys
from base64 import b64encode
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pith_builder.core.canonical import canonical_json
from pith_builder.core.manifest import TableState, manifest_digest, signed_manifest
from pith_builder.core.merkle import content_root
from pith_builder.disk import Disk, write_whole
from pith_builder.lake.parts import write_part, writer_versions
from pith_builder.lake.reading import read_rows
from pith_builder.lake.store import Lake, manifest_name, open_lake, read_manifest, write_views
from pith_builder.lake.tables import TABLES, Kind
from pith_builder.operations.build import build as run_build
from pith_builder.operations.transaction import Target
from pith_builder.signing.key_files import new_key_file
from tests.forks import Forked
from tests.makers import NOW, REGISTRY, SIGNER

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "data" / "sample" / "papers.jsonl"
LATER = NOW + timedelta(days=1)

CONTENT = ("records", "events", "states", "bundles", "aliases")
"""The tables whose rows follow from the papers."""

FILLED = (*CONTENT, "keys", "builds", "rejects")
"""The tables that a build of snapshot files fills."""

PAPER = {
    "id": "0704.0001",
    "submitter": "Pavel Nadolsky",
    "authors": "C. Bal\\'azs, E. L. Berger",
    "title": "Calculation of prompt diphoton production\n  cross sections",
    "comments": "37 pages; 15 figures",
    "journal-ref": "Phys.Rev.D76:013009,2007",
    "doi": "10.1103/PhysRevD.76.013009",
    "report-no": "ANL-HEP-PR-07-12",
    "categories": "hep-ph hep-ex",
    "license": None,
    "abstract": "  A fully differential calculation in perturbative\nquantum chromodynamics.\n",
    "versions": [
        {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
        {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"},
    ],
    "update_date": "2008-11-26",
    "authors_parsed": [["Balázs", "C.", ""], ["Berger", "E. L.", ""]],
}
"""A paper as the bulk snapshot has it."""

COLLIDING = ("Paper 655559", "Paper 709680")
"""Titles of `PAPER` whose two Pith Numbers both begin with `pith:2007:TTUFGUGA`."""


def line(without=(), **changes):
    """Return `PAPER` as a line of the snapshot, changed as asked, without its newline."""
    fields = {**PAPER, **changes}
    kept = {name: value for name, value in fields.items() if name not in without}
    return json.dumps(kept, ensure_ascii=False).encode()


def versions(count):
    """Return the `versions` of a paper that has so many, a day apart."""
    return [
        {"version": f"v{number}", "created": f"Mon, {number} Apr 2007 19:18:42 GMT"}
        for number in range(1, count + 1)
    ]


def lines(count, first=1):
    """Return so many papers as lines with their newlines."""
    return b"".join(
        line(id=f"0704.{number:04d}", title=f"Paper {number}") + b"\n"
        for number in range(first, first + count)
    )


AWKWARD = b"".join(
    text + b"\n"
    for text in (
        line(license="http://creativecommons.org/licenses/by/4.0/"),
        line(id="0704.0002", title="Another paper", comments="Withdrawn by the author"),
        line(id="0704.0003", title="A third paper", categories="math.GT"),
        b'{"id": "0704.0004"}',
        line(id="math.GT/0309136", title="An old paper", versions=versions(1)),
        b"no JSON",
    )
)
"""Four papers and two lines that make none."""

THIRD_PAPER_AGAIN = line(id="0704.0003", title="A third paper", versions=versions(3))


def build(lake, *sources, **changes):
    """Build a lake from files, or from bytes as standard input."""
    standard_input = b"".join(source for source in sources if isinstance(source, bytes))
    paths = [source for source in sources if not isinstance(source, bytes)] or [Path("-")]
    target = {"lake": lake, "registry": REGISTRY, "signer": SIGNER, "now": NOW}
    return run_build(Target(**{**target, **changes}), paths, io.BytesIO(standard_input))


def columns(table):
    """Return the names of a table's columns."""
    return [column.name for column in TABLES[table].all_columns()]


def rows(lake, table):
    """Return the rows of a table as of the live manifest, in the order of its parts."""
    return [
        dict(zip(columns(table), values, strict=True))
        for part in open_lake(lake).table(table).parts
        for values in read_rows(lake, TABLES[table], part)
    ]


def content_roots(lake, tables=CONTENT):
    """Return the content roots of tables."""
    return {name: open_lake(lake).table(name).content_root for name in tables}


def files(folder):
    """Return every file below a folder with its bytes."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def untouched(folder):
    """Return every file below a folder with all that a write would change."""
    return {
        file: (file.read_bytes(), file.stat().st_ino, file.stat().st_mtime_ns)
        for file in folder.rglob("*")
        if file.is_file() and file.name != ".lock"
    }


def part_of(lake, table, index=0):
    """Return the place of one part of a table."""
    return lake / open_lake(lake).table(table).parts[index].path


def root_of(lake, parts):
    """Return the content root of the row digests that parts hold, true or not."""
    read = (pq.read_table(lake / part.path, columns=["row_sha256"]) for part in parts)
    digests = [digest for table in read for digest in table[0].to_pylist()]
    return content_root(digest for digest in digests if len(digest) == 32).hex()


def forge(lake, table, edit=None, *, in_order=True, state=None):
    """Rewrite a table's rows, then seal the lake again with its own key.

    `edit` changes the list of rows; `row_sha256`, the part's name, digest, size and keys, the
    content root and the manifest are made anew. `state` changes what the manifest says of the
    table.
    """
    tables = dict(open_lake(lake).manifest.tables)
    if edit is not None:
        changed = rows(lake, table)
        edit(changed)
        if in_order:
            changed.sort(key=lambda row: [str(row[name]) for name in TABLES[table].key])
        tables[table] = state_of(lake, table, changed)
    if state is not None:
        tables[table] = replace(tables[table], **state(tables[table]))
    seal(lake, tables)


def part_of_rows(lake, table, changed):
    """Write a part of rows, in their order, with digests of their own; None where there are none.

    The part is among the lake's, and no manifest names it yet.
    """
    values = [_stored(TABLES[table], row) for row in changed]
    return write_part(Disk(), lake, TABLES[table], "00000099-f", values)


def state_of(lake, table, changed):
    """Write a part of rows, and return what a manifest says of the table that holds them alone."""
    part = part_of_rows(lake, table, changed)
    parts = () if part is None else (part,)
    version = TABLES[table].schema_version
    return TableState(schema_version=version, content_root=root_of(lake, parts), parts=parts)


def _stored(table, row):
    """Return a row as a part takes it: canonical JSON is bytes there."""
    return [
        row[column.name].encode()
        if column.kind is Kind.JSON and row[column.name] is not None
        else row[column.name]
        for column in table.columns
    ]


def seal(lake, tables=None, **changes):
    """Sign another manifest in place of the live one, and write the views."""
    live = open_lake(lake).manifest
    said = {
        "previous": read_manifest(lake, live.sequence - 1) if live.sequence > 1 else None,
        "tables": tables or live.tables,
        "build_id": live.build_id,
        "builder_version": REGISTRY.builder_version,
        "writer_versions": writer_versions(),
        "signer": SIGNER,
        "now": live.created_at,
    }
    manifest = signed_manifest(**{**said, **changes})
    write_whole(Disk(), lake / manifest_name(live.sequence), manifest.document)
    write_views(Disk(), Lake(lake, manifest))


def signed_anew(lake, number, signer=SIGNER, **changes):
    """Change what any manifest says, and sign it, with the lake's own key or another.

    Returns its digest, which the manifest after it names.
    """
    place = lake / manifest_name(number)
    manifest = {**json.loads(place.read_bytes()), **changes}
    digest, key = manifest_digest(manifest), signer.public_key
    manifest["manifest_signature"].update(
        key_id=key.key_id,
        public_key_fingerprint=key.fingerprint,
        manifest_sha256=digest.hex(),
        signature_b64=b64encode(signer.sign(digest)).decode(),
    )
    place.write_bytes(canonical_json(manifest))
    return digest.hex()


def flip(path, place=0.5):
    """Flip one bit of a file, so far into it."""
    flip_bit(path, 8 * int(path.stat().st_size * place))


def flip_bit(path, bit):
    """Flip one bit of a file."""
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def copied(lake, folder):
    """Return a copy of a lake, to do harm to."""
    return Path(shutil.copytree(lake, folder / "lake"))


@dataclass(frozen=True)
class Run:
    """How a process ended."""

    code: int
    out: str
    err: str

    def json(self):
        """Return what it printed, as JSON."""
        return json.loads(self.out)


PITH = (sys.executable, "-m", "pith_builder.cli")
"""`pith` from cold: to be started by hand, for its pipes or its place in a shell's line."""


def bare_environment(**settings):
    """Return this process's environment without Pith's settings, but for those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PITH_")}
    return {**kept, "COLUMNS": "200", **{name: str(value) for name, value in settings.items()}}


def pith(*arguments, stdin=b"", cwd=None, **settings):
    """Run `pith` in a process of its own, which need not read the program anew."""
    process = Forked(arguments, bare_environment(**settings), stdin, cwd)
    code = process.wait()
    return Run(code, process.out.decode(), process.err.decode())


@pytest.fixture(scope="session")
def lake_of_two(tmp_path_factory):
    """A lake of two builds: four papers, one of them in two versions, and two rejects."""
    lake = tmp_path_factory.mktemp("lake_of_two") / "lake"
    build(lake, AWKWARD)
    build(lake, THIRD_PAPER_AGAIN, now=LATER)
    return lake


@pytest.fixture
def harmed(lake_of_two, tmp_path):
    """A copy of that lake, to do harm to."""
    return copied(lake_of_two, tmp_path)


@pytest.fixture(scope="session")
def sample_lake(tmp_path_factory):
    """The sample, built in one process; no test changes it."""
    lake = tmp_path_factory.mktemp("sample") / "lake"
    build(lake, SAMPLE)
    return lake


@pytest.fixture(scope="session")
def key_file(tmp_path_factory):
    """A private key file as `pith keys new` makes it, its public half beside it."""
    path = tmp_path_factory.mktemp("keys") / "key.json"
    new_key_file(path, "test-2026-11", url="https://x.example/key.json", notes="", now=NOW)
    return path
