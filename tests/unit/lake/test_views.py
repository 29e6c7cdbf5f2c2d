import duckdb
import pytest

from pith_builder.errors import UsageError
from pith_builder.lake.query import connect
from pith_builder.lake.store import open_lake
from pith_builder.lake.tables import TABLES
from pith_builder.lake.views import is_views_sql, quoted, views_sql
from pith_builder.operations.resolve import AmbiguousError, resolve
from tests.lakes import COLLIDING, LATER, SAMPLE, build, copied, line, rows, versions


def opened(lake):
    """Return a fresh DuckDB connection that has run `pith.sql` and nothing else."""
    connection = duckdb.connect()
    connection.execute((lake / "pith.sql").read_text(encoding="utf-8"))
    return connection


def asked(connection, query, **parameters):
    return connection.execute(query, parameters).fetchall()


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A lake with versions, two records of one version, a collision and many categories."""
    lake = tmp_path_factory.mktemp("many") / "lake"
    build(lake, SAMPLE)
    papers = [
        line(title=COLLIDING[0]),
        line(id="0704.0003", categories="cs.LG stat.ML"),
        line(id="0704.0003", categories="cs.LG stat.ML", versions=versions(3)),
        line(id="math.GT/0309136", title="An old paper", versions=versions(1)),
        b"no JSON",
        b'{"id": 1}',
        b"{}",
    ]
    build(lake, b"\n".join(papers))
    again = [
        line(title=COLLIDING[1]),
        line(id="0704.0003", categories="cs.LG stat.ML", versions=versions(3), license="http://x/"),
    ]
    build(lake, b"\n".join(again), now=LATER)
    return lake


@pytest.fixture(scope="module")
def sql(many):
    return opened(many)


@pytest.mark.parametrize("name", TABLES)
def test_a_fresh_connection_sees_every_table_as_the_lake_holds_it(many, name, sql):
    found = asked(sql, f"select row_sha256 from {name}")  # noqa: S608 - a table's own name

    assert sorted(found) == sorted((row["row_sha256"],) for row in rows(many, name))
    described = [row[0] for row in asked(sql, f"describe {name}")]
    assert described == [column.name for column in TABLES[name].all_columns()]


def test_an_empty_table_has_the_types_of_a_full_one(tmp_path, sql):
    build(tmp_path / "lake", b"{}")
    empty = opened(tmp_path / "lake")

    for name in TABLES:
        types = [[row[:2] for row in asked(at, f"describe {name}")] for at in (empty, sql)]
        assert types[0] == types[1]


def test_every_table_and_column_has_its_comment(sql):
    tables = dict(asked(sql, "select view_name, comment from duckdb_views() where not internal"))
    columns = {
        row[:2]: row[2]
        for row in asked(sql, "select table_name, column_name, comment from duckdb_columns()")
    }

    for name, table in TABLES.items():
        assert tables[name] == table.about
        for column in table.all_columns():
            assert columns[name, column.name] == column.about


def test_instants_are_shown_in_utc(sql):
    query = "select submitted_at::text from records where arxiv_id = '1804.01852'"

    assert asked(sql, query) == [("2018-04-04 12:13:41+00",)]


def test_a_look_up_by_key_is_quick_because_the_parts_are_sorted(sql):
    plan = asked(sql, "explain select title from records where pith_number = 'pith:2018:X'")

    assert "pith_number='pith:2018:X'" in plan[0][1].replace(" ", "").replace("\n", "")


def test_latest_records_has_one_record_of_each_paper(sql):
    ids = [row[0] for row in asked(sql, "select arxiv_id from latest_records")]

    assert len(set(ids)) == len(ids) == 301 + 3


def test_the_latest_record_is_of_the_latest_version_and_the_one_computed_last(sql):
    query = """
        select arxiv_version, license from latest_records where arxiv_id = $id
    """

    assert asked(sql, query, id="0704.0003") == [(3, "http://x/")]


def test_versions_of_lists_every_record_of_a_paper_the_latest_first(sql):
    query = "select arxiv_version, license from versions_of('0704.0003')"

    assert asked(sql, query) == [(3, "http://x/"), (3, ""), (2, "")]
    assert asked(sql, "from versions_of('0704.9999')") == []


def test_has_category_finds_primary_and_cross_lists(sql):
    query = "select distinct arxiv_id from records where has_category(categories, $name)"

    assert ("0704.0003",) in asked(sql, query, name="stat.ML")
    assert ("0704.0003",) in asked(sql, query, name="cs.LG")
    assert ("0704.0003",) not in asked(sql, query, name="cs.L")


def numbers(sql, where):
    query = f"select pith_number from records where {where} order by first_computed_at"  # noqa: S608
    return [row[0] for row in asked(sql, query)]


def resolved(sql, ref):
    return [row[0] for row in asked(sql, "select pith_number from pith_resolve($ref)", ref=ref)]


def names_of(number):
    """Return every way to write a Pith Number or its suffix that stands for it alone."""
    suffix = number[-26:]
    spellings = [number, suffix, f"pith:{suffix}", suffix.lower(), f" {number} "]
    spellings += [suffix[:length] for length in range(9, 26)]
    return [*spellings, f"pith:{suffix[:12]}", f"pith:{suffix[:16].lower()}"]


@pytest.mark.parametrize(
    "spelt",
    [
        "1804.01852",
        "1804.01852v2",
        "arXiv:1804.01852",
        "arxiv:1804.01852v2",
        "https://arxiv.org/abs/1804.01852",
        "http://www.arxiv.org/abs/1804.01852v2",
        "https://arxiv.org/pdf/1804.01852v2",
        "https://export.arxiv.org/html/1804.01852",
        "10.48550/arxiv.1804.01852",
        "10.48550/arXiv.1804.01852",
        "https://doi.org/10.48550/arXiv.1804.01852",
        "http://dx.doi.org/10.48550/ARXIV.1804.01852",
        "  1804.01852 ",
        *names_of("pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST"),
        "REQM6TSZ",
        "pith:REQM6TSZ",
        "PITH:reqm6tsz",
    ],
)
def test_every_name_of_a_record_resolves_to_it_in_sql_as_in_the_command(many, sql, spelt):
    wanted = "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST"

    assert resolved(sql, spelt) == [wanted]
    assert resolve(connect(many), spelt).record.pith_number == wanted


@pytest.mark.parametrize(
    "spelt",
    ["math/0309136", "math/0309136v1", "arXiv:math/0309136", "10.48550/arXiv.math/0309136"],
)
def test_an_old_paper_is_found_by_its_identifier(sql, spelt):
    assert resolved(sql, spelt) == numbers(sql, "arxiv_id = 'math/0309136'")


@pytest.mark.parametrize(
    "spelt",
    [
        "https://arxiv.org/pdf/0704.0003v2.pdf",
        "doi:10.48550/arXiv.0704.0003",
        "oai:arXiv.org:0704.0003",
        "https://arxiv.org/abs/0704.0003?context=cs#top",
        "https://arxiv.org/abs/0704.0003/",
        "https://arxiv.org/format/0704.0003v2",
        "arXiv: 0704.0003",
        "10.48550/arXiv.0704.0003v2",
        "math.GT/0309136",
        "https://arxiv.org/abs/math.GT/0309136v1",
    ],
)
def test_sql_knows_every_name_that_the_command_knows(many, sql, spelt):
    assert resolved(sql, spelt) == [resolve(connect(many), spelt).record.pith_number]


@pytest.mark.parametrize(
    "spelt",
    [
        "",
        "nothing",
        "1804.01852v1",
        "1804.0185",
        "REQM6TS",
        "pith:2019:REQM6TSZ2XBI5YFGVPNQEI7HST",
        "pith:2018:REQM6TSZ",
        "REQM6TSZ2XBI5YFGVPNQEI7HSU",
        "REQM6TSZ2XBI5YFGVPNQEI7HSTA",
        "' or true --",
        "%",
        ".*",
    ],
)
def test_what_is_no_name_of_a_record_resolves_to_nothing(many, sql, spelt):
    assert resolved(sql, spelt) == []
    with pytest.raises(UsageError):
        resolve(connect(many), spelt)


def test_an_arxiv_identifier_stands_for_the_latest_version(sql):
    newest = numbers(sql, "arxiv_id = '0704.0003' and license <> ''")

    assert resolved(sql, "0704.0003") == newest
    assert resolved(sql, "10.48550/arxiv.0704.0003") == newest
    assert resolved(sql, "0704.0003v2") == numbers(
        sql, "arxiv_id = '0704.0003' and arxiv_version = 2"
    )


def test_a_version_of_two_records_resolves_to_both(many, sql):
    both = sorted(numbers(sql, "arxiv_id = '0704.0003' and arxiv_version = 3"))

    assert len(both) == 2
    assert resolved(sql, "0704.0003v3") == both
    with pytest.raises(AmbiguousError) as caught:
        resolve(connect(many), "0704.0003v3")
    assert sorted(found.pith_number for found in caught.value.candidates) == both


def test_an_ambiguous_short_form_resolves_to_all_it_stands_for(many, sql):
    both = sorted(numbers(sql, "title in ('Paper 655559', 'Paper 709680')"))

    assert len(both) == 2
    assert resolved(sql, "TTUFGUGA") == resolved(sql, "pith:ttufguga") == both
    for number in both:
        assert resolved(sql, number) == [number]
        assert resolved(sql, number[-26:][:9]) == [number]
        assert resolve(connect(many), number[-26:][:9]).record.pith_number == number
    with pytest.raises(AmbiguousError, match="stands for 2 records"):
        resolve(connect(many), "TTUFGUGA")


def test_collisions_lists_the_short_forms_of_several_records(sql):
    both = sorted(numbers(sql, "title in ('Paper 655559', 'Paper 709680')"))

    assert asked(sql, "from collisions") == [("pith_short_8", "TTUFGUGA", both)]


def test_by_category_counts_each_paper_once(sql):
    counts = asked(sql, "from by_category")

    assert sum(row[1] for row in counts) == 304
    assert counts == sorted(counts, key=lambda row: (-row[1], row[0]))
    withdrawn = asked(sql, "select count(*) from latest_records where is_withdrawn")[0][0]
    assert sum(row[2] for row in counts) == withdrawn > 0


def test_by_month_counts_each_paper_in_the_month_of_its_first_version(sql):
    counts = asked(sql, "select month::date::text, papers from by_month")

    assert sum(papers for _, papers in counts) == 304
    assert counts == sorted(counts)
    assert ("2018-04-01", 1) in counts


def test_rejects_are_counted_by_reason_with_an_example(sql):
    assert asked(sql, "from rejects_by_reason") == [
        ("missing_field", 2, "there is no field 'id'"),
        ("not_json", 1, asked(sql, "select message from rejects where raw = 'no JSON'")[0][0]),
    ]


@pytest.mark.parametrize("name", ["it's a lake", 'a "lake"', "läke; drop view records", "a\\b"])
def test_a_lake_may_lie_in_any_folder(tmp_path, name):
    build(tmp_path / name, line())

    assert asked(opened(tmp_path / name), "select count(*) from records") == [(1,)]
    assert asked(connect(tmp_path / name), "select count(*) from records") == [(1,)]


def test_a_moved_lake_is_read_once_the_first_line_says_where_to(lake_of_two, tmp_path):
    lake = copied(lake_of_two, tmp_path)
    text = (lake / "pith.sql").read_text()
    assert f"set variable pith_lake = '{lake_of_two}';" in text.splitlines()
    connection = duckdb.connect()

    connection.execute(text.replace(str(lake_of_two), str(lake)))

    assert asked(connection, "select count(*) from records") == [(5,)]


def test_the_views_are_known_again_wherever_the_lake_lies(lake_of_two):
    manifest = open_lake(lake_of_two).manifest
    for place in (lake_of_two, lake_of_two / "it's" / "elsewhere"):
        assert is_views_sql(views_sql(place, manifest), manifest)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("select", "Select"),
        ("create or replace view events", "create or replace view event"),
        ("desc", "asc"),
        ("set TimeZone = 'UTC';", "set TimeZone = 'CET';"),
        ("';\n", "'; attach '/tmp/x.db';\n"),
        ("';\n", "'; select '';\n"),
        ("set variable pith_lake", "set variable pith_lak"),
        (".parquet'\n", ".parquet', '/etc/x.parquet'\n"),
        ("One row for each record", "One row for most records"),
    ],
)
def test_any_other_change_of_the_views_is_seen(lake_of_two, old, new):
    manifest = open_lake(lake_of_two).manifest
    text = views_sql(lake_of_two, manifest)
    assert old in text

    assert not is_views_sql(text.replace(old, new, 1), manifest)
    assert not is_views_sql(text + "select 1;", manifest)
    assert not is_views_sql("", manifest)


@pytest.mark.parametrize("text", ["", "a", "it's", "''", "\\", "';--", "é"])
def test_a_quoted_text_is_one_literal(text):
    assert duckdb.connect().execute(f"select {quoted(text)}").fetchall() == [(text,)]
