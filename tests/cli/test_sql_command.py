"""`pith sql`: its forms, files, parameters, descriptions and what it says of wrong queries."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.shell_completion import ShellComplete

from pith_builder.cli import pith as cli
from tests.lakes import PITH, bare_environment, files, pith

QUERY = "select arxiv_id, arxiv_version from records order by all"
ANSWER = [
    {"arxiv_id": "0704.0001", "arxiv_version": 2},
    {"arxiv_id": "0704.0002", "arxiv_version": 2},
    {"arxiv_id": "0704.0003", "arxiv_version": 2},
    {"arxiv_id": "0704.0003", "arxiv_version": 3},
    {"arxiv_id": "math/0309136", "arxiv_version": 1},
]


def test_parquet_and_arrow_come_on_standard_output_and_in_files(lake_of_two, tmp_path):
    place = tmp_path / "answer.parquet"
    run = pith("sql", QUERY, "--lake", lake_of_two, "--format", "parquet", "--out", place)
    piped = subprocess.run(  # noqa: S603 - our own command
        [*PITH, "sql", QUERY, "--lake", str(lake_of_two), "--format", "arrow"],
        capture_output=True,
        env=bare_environment(),
        check=True,
    )

    assert (run.code, run.out, run.err) == (0, "", "")
    assert pq.read_table(place).to_pylist() == ANSWER
    assert pa.ipc.open_stream(piped.stdout).read_all().to_pylist() == ANSWER


@pytest.mark.parametrize("form", ["table", "csv", "parquet"])
def test_an_answer_that_fails_leaves_the_file_as_it_was(lake_of_two, tmp_path, form):
    place = tmp_path / "answer"
    place.write_text("before")
    run = pith(
        "sql",
        "select if(range > 100000, error('too far'), 1) from range(200000)",
        *("--lake", lake_of_two, "--format", form, "--out", place),
    )

    assert (run.code, run.out) == (2, "")
    assert "too far" in run.err
    assert files(tmp_path) == {"answer": b"before"}


def test_a_query_comes_from_a_file_with_parameters(lake_of_two, tmp_path):
    (tmp_path / "versions.sql").write_text(
        "-- Versions.\nselect arxiv_id, arxiv_version\nfrom versions_of($paper)\n"
        "where arxiv_version >= $least and version_submitted_at >= $since;\n"
    )
    given = ["-p", "paper=0704.0003", "-p", "least=3", "-p", "since=2007-01-01"]
    run = pith("sql", "-f", tmp_path / "versions.sql", *given, "--json", "--lake", lake_of_two)

    assert (run.code, run.err) == (0, "")
    assert run.json() == [{"arxiv_id": "0704.0003", "arxiv_version": 3}]


@pytest.mark.parametrize("moment", ["1", "2026-11-20", "00000001-20261120T141709Z"])
def test_a_query_asks_the_past(lake_of_two, moment):
    query = "select (select count(*) from records) as records, (select count(*) from builds) as b"
    run = pith("sql", query, "--as-of", moment, "--json", "--lake", lake_of_two)

    assert run.json() == [{"records": 4, "b": 1}]


def test_what_there_is_to_ask_is_listed_and_described(lake_of_two):
    listed = pith("sql", "--tables", "--json", "--lake", lake_of_two)
    described = pith("sql", "--describe", "latest_records", "--json", "--lake", lake_of_two)

    assert {"records", "coverage", "records_on(moment)"} <= {row["name"] for row in listed.json()}
    assert described.err == "latest_records: Of each paper, the record of its latest version.\n"
    assert described.json()[0] == {
        "column": "pith_number",
        "type": "VARCHAR",
        "about": "The Pith Number of the record.",
    }


def test_a_wrong_query_is_shown_with_a_caret_under_the_place(lake_of_two):
    run = pith("sql", "select arxiv_id,\n  titel\nfrom records", "--lake", lake_of_two)

    assert run.code == 2
    shown, caret = run.err.splitlines()[-2:]
    assert shown == "LINE 2:   titel"
    assert caret == " " * shown.index("titel") + "^^^^^"
    assert '"title"' in run.err


def test_a_wrong_name_is_told_with_where_the_names_are(lake_of_two):
    run = pith("sql", "select *\nfrom recods", "--lake", lake_of_two)

    assert run.code == 2
    assert 'Did you mean "records"?' in run.err
    assert "LINE 2: from recods\n             ^^^^^^\n" in run.err
    assert "`pith sql --tables`" in run.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "wanted a query"),
        (["select 1", "--tables"], "wanted a query"),
        (["select 1", "-p", "x"], "-p wants NAME=VALUE"),
        (["select 1", "-p", "1x=2"], "-p wants NAME=VALUE"),
        (["select $x"], "`pith sql -p NAME=VALUE` gives a parameter"),
        (["--tables", "--format", "arrow"], "other formats"),
        (["--describe", "recods"], "did you mean records"),
        (["select 1", "--as-of", "soon"], "wanted a day such as"),
        (["select 1", "--as-of", "2020-01-01"], "its first build is"),
    ],
    ids=str,
)
def test_a_call_that_must_change_says_how(lake_of_two, arguments, said):
    run = pith("sql", *arguments, "--lake", lake_of_two)

    assert (run.code, run.out) == (2, "")
    assert said in run.err


def test_the_duckdb_command_line_reads_the_views(lake_of_two, tmp_path):
    """DuckDB's own client, which may be of another version than the library."""
    duckdb = Path(sys.executable).with_name("duckdb")
    query = "select (select count(*) from records_on('2026-11-20')), count(*) from signers"
    done = subprocess.run(  # noqa: S603 - installed beside us
        [duckdb, "-init", lake_of_two / "pith.sql", "-csv", "-noheader", "-c", query],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=bare_environment(),
        check=False,
    )

    assert (done.returncode, done.stdout.strip()) == (0, "4,4"), done.stderr


def test_the_shell_completes_names_of_the_lake(lake_of_two, tmp_path):
    def completed(lake, incomplete):
        shell = ShellComplete(cli, {}, "pith", "_PITH_COMPLETE")
        given = ["sql", "--lake", str(lake), "--describe"]
        return [item.value for item in shell.get_completions(given, incomplete)]

    assert completed(lake_of_two, "re") == [
        "records",
        "records_of",
        "records_on",
        "rejects",
        "rejects_by_reason",
    ]
    assert completed(tmp_path / "none", "re") == []
