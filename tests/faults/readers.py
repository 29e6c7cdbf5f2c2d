"""A reader of a lake that goes on and on, while others write: `python -m tests.faults.readers`.

It reads until a file says stop, and prints what it saw. What it must never see is a commit that
is not whole: rows other than the manifest says, or tables of two commits.
"""

import json
import sys
import time
from pathlib import Path

import duckdb

from pith_builder.errors import SweptError
from pith_builder.lake.query import connect_to, fetch
from pith_builder.lake.store import open_lake
from pith_builder.lake.tables import TABLES
from pith_builder.operations.audit import audit
from tests.makers import SIGNER

COUNTED = " union all ".join(
    f"select '{table}', count(*), coalesce(sum(hash(row_sha256)), 0) from {table}"  # noqa: S608
    for table in TABLES
)


def query(lake, saw):
    """Ask one connection again and again: it sees its own commit, or says that it is gone."""
    opened = open_lake(lake)
    said = {name: table.rows for name, table in opened.manifest.tables.items()}
    answers = set()
    try:
        connection = connect_to(opened)
        for _ in range(3):
            rows = sorted(fetch(connection, COUNTED))
            assert {name: count for name, count, _ in rows} == said, opened.manifest.sequence
            answers.add(tuple(rows))
    except SweptError:
        saw["swept"] += 1
    assert len(answers) < 2, "one connection saw two commits"
    return opened.manifest.sequence


def views(lake, saw):
    """Ask as the `duckdb` command would: by `pith.sql`, which names one commit's parts."""
    text = (lake / "pith.sql").read_text()
    sequence = int(text.partition("manifest ")[2].partition(",")[0])
    with duckdb.connect() as connection:
        try:
            connection.execute(text)
            counts = {name: count for name, count, _ in connection.execute(COUNTED).fetchall()}
        except duckdb.IOException:
            assert open_lake(lake).manifest.sequence > sequence, "a live commit cannot be read"
            saw["swept"] += 1
            return sequence
    records = counts["records"]
    assert counts["states"] == counts["bundles"] == records, sequence
    assert counts["events"] == 2 * records, sequence
    assert counts["aliases"] == 6 * records, sequence
    return sequence


def auditing(lake, _saw):
    """Audit: nothing is ever found, whatever is written meanwhile."""
    report = audit(lake, [SIGNER.public_key], roots_only=True)
    assert report.findings == [], report.findings
    return report.sequence


READERS = {"query": query, "views": views, "audit": auditing}


def main(kind, lake, stop):
    """Read until there is a file `stop`; how often it was done stands in a file beside it."""
    saw = {"kind": kind, "reads": 0, "commits": 0, "swept": 0}
    last = 0
    while not stop.exists():
        sequence = READERS[kind](lake, saw)
        assert sequence >= last, "time went back"
        saw["commits"] += sequence > last
        saw["reads"] += 1
        last = sequence
        stop.with_name(kind).write_text(str(saw["reads"]))
        time.sleep(0.005)
    sys.stdout.write(json.dumps(saw))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
