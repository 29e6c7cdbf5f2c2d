import json

import duckdb

from pith_builder.core.minting import Identity
from pith_builder.sources.snapshot import read_line
from tests.bench.papers import write_papers
from tests.bench.rivals.duckdb_sql import ready
from tests.bench.rivals.plain import identified
from tests.lakes import SAMPLE


def test_rows_made_by_hand_have_the_numbers_that_minting_gives():
    for line in SAMPLE.read_bytes().splitlines():
        ours, theirs = Identity.of(read_line(line)), identified(line)

        assert theirs["pith_number"] == str(ours.number)
        assert theirs["canonical_sha256"] == ours.digest.hex()


def test_duckdb_hashes_common_text_as_minting_does(tmp_path):
    write_papers(tmp_path / "papers.jsonl", 300)
    lines = (tmp_path / "papers.jsonl").read_bytes().splitlines()

    assert ready(tmp_path / "papers.jsonl", tmp_path)() == 300

    written = duckdb.sql(f"from '{tmp_path}/records.parquet' select id, canonical_sha256")
    found = dict(written.fetchall())
    assert found == {
        json.loads(line)["id"]: Identity.of(read_line(line)).digest.hex() for line in lines
    }
