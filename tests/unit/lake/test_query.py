import duckdb
import pytest

import pith_builder
from pith_builder.errors import UsageError, VerificationError
from pith_builder.lake.query import ask, checked_query, connect, connect_to, sought
from pith_builder.lake.store import open_lake
from pith_builder.lake.tables import TABLES
from tests.lakes import LATER, build, copied, files, line, part_of, untouched


@pytest.fixture(scope="module")
def connection(lake_of_two):
    return connect(lake_of_two)


@pytest.mark.parametrize(
    "query",
    [
        "select 1",
        "SELECT 1;",
        "  -- a comment\n select 1 -- more",
        "with one as (select 1) select * from one",
        "from records limit 1",
        "from records select title",
        "table keys",
        "values (1), (2)",
        "describe records",
        "show tables",
        "summarize records",
        "unpivot (select 1 as a, 2 as b) on a, b",
        "explain select 1",
        "EXPLAIN ANALYZE select count(*) from records",
        "explain\n analyze\n from records",
        "explain (format json) select 1",
        "-- why\nexplain select 1",
        "select * from pith_resolve('0704.0001')",
        "(select 1) union all (select 2)",
    ],
)
def test_what_only_reads_is_answered(connection, query):
    assert checked_query(connection, query) == query
    answer = ask(connection, query)
    assert len(answer.columns) >= 1
    assert list(answer.rows)


@pytest.mark.parametrize(
    "query",
    [
        "copy (select 1) to 'out.csv'",
        "copy records to 'out.parquet'",
        "attach 'other.db'",
        "attach ':memory:' as other",
        "detach memory",
        "install httpfs",
        "load httpfs",
        "create table one as select 1",
        "create or replace view records as select 1",
        "create macro one() as 1",
        "insert into records select * from records",
        "update records set title = ''",
        "delete from records",
        "drop view records",
        "alter view records rename to papers",
        "comment on view records is ''",
        "truncate records",
        "set threads = 1",
        "set variable pith_lake = '/'",
        "reset threads",
        "use memory",
        "pragma version",
        "pragma table_info('records')",
        "call duckdb_functions()",
        "checkpoint",
        "vacuum",
        "analyze",
        "begin",
        "export database 'out'",
        "import database 'out'",
        "prepare one as select 1",
        "execute one",
        "explain analyze copy (select 1) to 'out.csv'",
        "explain\tanalyze\tcopy (select 1) to 'out.csv'",
        "explain /* */ analyze copy (select 1) to 'out.csv'",
        "explain analyze create table one as select 1",
        "explain insert into records select * from records",
        "select 1; select 2",
        "select 1; copy (select 1) to 'out.csv'",
        "from query('copy (select 1) to ''out.csv''')",
        "",
        " \n ",
        ";",
        "-- nothing",
        "selekt 1",
        "select * from papers",
        "\x00",
    ],
)
def test_what_does_more_than_read_is_refused(connection, query, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError, match=r"\w"):
        list(ask(connection, query).rows)

    assert files(tmp_path) == {}
    assert len(list(ask(connection, "from records").rows)) == 5


@pytest.mark.parametrize(
    "query",
    [
        "from read_text('/etc/passwd')",
        "from read_csv('/etc/passwd')",
        "from read_blob('/etc/passwd')",
        "from '/etc/passwd'",
        "from '/etc/hosts.csv'",
        "from glob('/*')",
        "from read_text('{lake}/CURRENT')",
        "from read_json('{lake}/manifests/00000001.json')",
        "from read_parquet('{lake}/tables/*/*.parquet')",
        "from read_parquet('{other}')",
        "from read_csv('http://127.0.0.1:1/x')",
        "select getenv('HOME')",
    ],
)
def test_no_file_but_the_lakes_parts_can_be_read(connection, lake_of_two, sample_lake, query):
    asked = query.format(lake=lake_of_two, other=part_of(sample_lake, "records"))

    with pytest.raises(UsageError, match="DuckDB refuses the query"):
        list(ask(connection, asked).rows)


@pytest.mark.parametrize(
    "statement",
    [
        "set enable_external_access = true",
        "set allowed_paths = ['/etc/passwd']",
        "reset lock_configuration",
        "copy (select 1) to '{part}'",
        "copy (select 1) to '{part}' (format csv, overwrite true)",
        "copy (select 1) to '{lake}/new.csv'",
        "attach '{lake}/new.db'",
        "install httpfs",
        "load '/tmp/extension'",
    ],
)
def test_whoever_holds_a_connection_cannot_write_or_unlock_it(lake_of_two, statement):
    before = untouched(lake_of_two)

    with pytest.raises(duckdb.Error):
        connect(lake_of_two).execute(
            statement.format(lake=lake_of_two, part=part_of(lake_of_two, "keys"))
        )

    assert untouched(lake_of_two) == before


def test_an_answer_names_its_columns_and_gives_rows_as_they_are_asked_for(connection):
    answer = ask(connection, "select range as n, 'x' as letter from range(2500)")

    assert answer.columns == ("n", "letter")
    assert next(answer.rows) == (0, "x")
    assert sum(1 for _ in answer.rows) == 2499


def test_a_query_that_fails_midway_says_so(connection):
    answer = ask(connection, "select if(range > 100000, error('too far'), 1) from range(200000)")

    with pytest.raises(UsageError, match="too far"):
        list(answer.rows)


def test_a_connection_sees_one_commit(lake_of_two, tmp_path):
    lake = copied(lake_of_two, tmp_path)
    before = pith_builder.connect(lake)
    build(lake, line(id="0704.0009"), now=LATER)

    assert before.execute("select count(*) from records").fetchone() == (5,)
    assert before.execute("select count(*) from builds").fetchone() == (2,)
    assert pith_builder.connect(str(lake)).execute("from records").fetchall()[5:]


def test_without_a_lake_there_is_no_connection(tmp_path):
    with pytest.raises(UsageError, match="there is no lake"):
        pith_builder.connect(tmp_path)


def test_to_a_damaged_lake_there_is_no_connection(harmed):
    (harmed / "CURRENT").write_bytes(b"")

    with pytest.raises(VerificationError):
        pith_builder.connect(harmed)


def test_reading_changes_no_file(lake_of_two):
    before = untouched(lake_of_two)
    connection = connect(lake_of_two)
    list(ask(connection, "select * from records order by abstract").rows)
    connection.close()

    assert untouched(lake_of_two) == before


def test_without_views_rows_are_sought_all_the_same(lake_of_two):
    opened = open_lake(lake_of_two)
    with connect_to(opened) as whole, connect_to(opened, with_views=False) as connection:
        found = "select view_name from duckdb_views() where not internal"
        assert connection.execute(found).fetchall() == []
        assert len(whole.execute(found).fetchall()) > len(TABLES)
        columns = ["pith_number", "submitted_at"]
        listed = whole.execute("select pith_number, submitted_at from records").fetchall()
        assert listed
        for number, instant in listed:
            assert sought(connection, "records", number, columns) == [(number, instant)]
            assert sought(whole, "records", number, columns) == [(number, instant)]


def test_a_part_that_is_missing_is_the_lakes_fault_not_the_querys(harmed):
    connection = connect(harmed)
    part_of(harmed, "bundles").unlink()

    for query in ("from bundles", "select count(*) from bundles"):
        with pytest.raises(VerificationError, match=r"cannot be read: .*run `pith audit`"):
            list(ask(connection, query).rows)
