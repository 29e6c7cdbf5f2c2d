"""SQL from strangers: `pith sql`, `connect` and `pith serve` read this lake, and do nothing else.

Two walls: a query must be one statement that only reads (`checked_query`); and the connection it
runs on can open the parts that the manifest names and no other file, loads no extension, and has
its settings locked. Each attempt meets both, and the second alone.
"""

from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from pith_builder.errors import PithError, UsageError, VerificationError
from pith_builder.lake.query import ask, checked_query, connect
from pith_builder.lake.store import open_lake
from pith_builder.operations.resolve import resolve
from tests.lakes import copied, files, part_of, pith, untouched

TOLD_TO_NONE = "a,b\nsecret,1\n"


@pytest.fixture(scope="module")
def place(lake_of_two, tmp_path_factory):
    """A lake beside which lie a secret, and a link to it among the lake's parts."""
    folder = tmp_path_factory.mktemp("sql")
    lake = copied(lake_of_two, folder)
    (folder / "secret.csv").write_text(TOLD_TO_NONE)
    (lake / "secret.csv").write_text(TOLD_TO_NONE)
    (lake / "tables" / "keys" / "planted.parquet").symlink_to(folder / "secret.csv")
    return folder


@pytest.fixture(scope="module")
def names(place):
    """What `{…}` stands for in an attempt."""
    lake = place / "lake"
    with connect(lake) as connection:
        (temporary,) = connection.execute("select current_setting('temp_directory')").fetchone()
    part = part_of(lake, "keys")
    return {
        "here": place,
        "lake": lake,
        "part": part,
        "name": part.name,
        "tables": lake / "tables",
        "temporary": temporary,
    }


READING = """
    from read_csv('{here}/secret.csv')
    from read_csv_auto('{here}/secret.csv')
    from read_text('{here}/secret.csv')
    from read_blob('{here}/secret.csv')
    from read_json('{here}/secret.csv')
    from read_json_auto('{here}/secret.csv')
    from read_json_objects('{here}/secret.csv')
    from read_ndjson('{here}/secret.csv')
    from read_ndjson_objects('{here}/secret.csv')
    from read_parquet('{here}/secret.csv')
    from parquet_scan('{here}/secret.csv')
    from parquet_metadata('{here}/secret.csv')
    from parquet_schema('{here}/secret.csv')
    from parquet_file_metadata('{here}/secret.csv')
    from parquet_full_metadata('{here}/secret.csv')
    from parquet_kv_metadata('{here}/secret.csv')
    from parquet_bloom_probe('{here}/secret.csv', 'a', 1)
    from sniff_csv('{here}/secret.csv')
    from read_duckdb('{here}/secret.csv')
    from '{here}/secret.csv'
    from "{here}/secret.csv"
    select * from '{here}/*.csv'
    from glob('{here}/*')
    from glob('{lake}/*')
    from glob('{lake}/**')
    from glob('/*')
    from read_csv(['{here}/secret.csv', '{part}'])
    from read_csv('secret.csv')
    from read_csv('./secret.csv')
    from read_csv('{lake}/secret.csv')
    from read_text('{lake}/CURRENT')
    from read_text('{lake}/manifests/00000001.json')
    from read_text('{lake}/.lock')
    from read_text('{lake}/pith.sql')
    from read_text('{tables}/keys/planted.parquet')
    from read_csv('{tables}/keys/planted.parquet')
    from read_parquet('{tables}/*/*.parquet')
    from read_parquet('{tables}/keys/*')
    from read_parquet('{tables}/keys/[0-9]*.parquet')
    from read_csv('{tables}/../../secret.csv')
    from read_csv('{tables}/keys/../../../secret.csv')
    from read_csv('{part}/../../../../secret.csv')
    from read_csv('{part}\\0/secret.csv')
    from read_csv('file://{here}/secret.csv')
    from read_csv('file:{here}/secret.csv')
    from read_text('file:///etc/passwd')
    from read_text('/etc/passwd')
    from read_text('/proc/self/environ')
    from read_text('/proc/self/cmdline')
    from read_text('/proc/self/cwd/secret.csv')
    from read_blob('/proc/self/mem')
    from read_text('/dev/stdin')
    from read_text('/dev/fd/0')
    from read_text('~/.ssh/id_ed25519')
    from read_csv('http://127.0.0.1:1/x')
    from read_csv('https://127.0.0.1:1/x')
    from read_parquet('s3://bucket/x')
    from read_parquet('gcs://bucket/x')
    from read_parquet('hf://datasets/x')
    from read_parquet('az://x')
    from sqlite_scan('x.db', 't')
    from postgres_scan('host=127.0.0.1', 's', 't')
    from iceberg_scan('{here}')
    from delta_scan('{here}')
    from st_read('{here}/secret.csv')
    from read_xlsx('{here}/secret.csv')
    from query('from read_csv(''{here}/secret.csv'')')
    from query('copy (select 1) to ''{here}/new''')
    from query('attach ''{here}/new''')
    from query('select 1; select 2')
    from query_table('{here}/secret.csv')
    from query_table(['{here}/secret.csv'])
    from json_execute_serialized_sql(json_serialize_sql('from ''{here}/secret.csv'''))
    select json_execute_serialized_sql('x')
    with a as (from read_csv('{here}/secret.csv')) from a
    select (select content from read_text('{here}/secret.csv'))
    select * from records where title in (select content from read_text('{here}/secret.csv'))
    from records union all by name from read_csv('{here}/secret.csv')
    pivot '{here}/secret.csv' on a in ('x') using count(*)
    unpivot '{here}/secret.csv' on a
    describe '{here}/secret.csv'
    summarize '{here}/secret.csv'
    describe from read_csv('{here}/secret.csv')
    explain analyze from read_csv('{here}/secret.csv')
    from (describe '{here}/secret.csv')
    from (summarize '{here}/secret.csv')
    select getenv('HOME')
    from duckdb_secrets()
    from which_secret('s3://x', 's3')
    from pandas_scan(1)
    from arrow_scan(1, 2, 3)
    from python_map_function(1)
    from TOLD_TO_NONE
    from names
"""
"""Attempts to read what is not this lake's."""

WRITING = """
    copy (select 1) to '{here}/new.csv'
    copy (select 1) to 'new.csv'
    copy (select 1) to '{lake}/new.csv'
    copy (select 1) to '{part}'
    copy (select 1) to '{part}' (format csv, overwrite_or_ignore true)
    copy (select 1) to '{temporary}/new.csv'
    copy (select 1) to '/dev/stdout'
    copy records to '{here}/new.parquet' (format parquet)
    copy records to '{here}/new' (format parquet, partition_by (primary_cat))
    COPY (SELECT 1) TO PROGRAM 'touch new'
    copy database memory to other
    copy from database memory to other
    export database '{here}/new'
    import database '{here}'
    attach '{here}/new.db'
    attach '{here}/new.db' as other (read_only false)
    attach if not exists '{here}/new.db'
    attach 'http://127.0.0.1:1/x.db'
    attach 'x.sqlite' (type sqlite)
    attach 'dbname=x' (type postgres)
    attach 'ducklake:{here}/new'
    install httpfs
    force install httpfs
    install httpfs from 'http://127.0.0.1:1'
    install '{here}/evil.duckdb_extension'
    load httpfs
    load '{here}/evil.duckdb_extension'
    update extensions
    create secret (type s3, key_id 'a', secret 'b')
    create persistent secret other (type s3, key_id 'a', secret 'b')
    drop secret other
    set enable_external_access = true
    set allowed_paths = ['{here}/secret.csv']
    set allowed_directories = ['/']
    set global temp_directory = '{here}'
    set home_directory = '{here}'
    set secret_directory = '{here}'
    set extension_directory = '{here}'
    set lock_configuration = false
    reset lock_configuration
    reset enable_external_access
    set autoload_known_extensions = true
    set allow_unsigned_extensions = true
    set custom_extension_repository = 'http://127.0.0.1:1'
    set log_query_path = '{here}/log'
    set profile_output = '{here}/profile'
    set memory_limit = '1TB'
    set threads = 1
    set session threads = 1
    set local threads = 1
    set search_path = 'other'
    set schema = 'other'
    pragma enable_external_access
    pragma threads = 1
    pragma enable_profiling
    pragma profiling_output = '{here}/profile'
    pragma enable_logging
    pragma import_database('{here}')
    pragma copy_database('memory', 'other')
    call enable_logging(storage = 'file', storage_path = '{here}/log')
    from enable_logging(storage = 'file', storage_path = '{here}/log')
    from enable_logging()
    from disable_logging()
    from enable_profiling(save_location = '{here}/profile')
    from disable_profiling()
    from create_external_resource('a', 'b')
    from destroy_external_resource('a', 'b')
    from deregister_external_resource('a')
    .read {here}/secret.csv
    .open {here}/new.db
    .shell touch new
    .output new
    \\copy records to 'new.csv'
"""
"""Attempts to write a file, reach out or undo the locks: refused by both walls."""

CHANGING = """
    create table one as select 1
    create temp table one as select 1
    create or replace view records as select 1
    create schema other
    create sequence s
    create type t as enum ('a')
    create index i on records (title)
    create macro one() as 1
    create function one(a) as a
    create or replace macro pith_resolve(ref) as table select 1
    insert into records select * from records
    update records set title = ''
    delete from records
    truncate records
    merge into records using records as r on true when matched then delete
    drop view records
    drop macro pith_resolve
    alter view records rename to papers
    comment on view records is ''
    set variable pith_lake = '/'
    reset variable pith_lake
    use memory
    detach memory
    prepare one as select 1
    execute one
    deallocate one
    pragma add_parquet_key('k', '0123456789abcdef')
    pragma database_list
    begin
    begin; select 1
    commit
    rollback
    checkpoint
    vacuum
    analyze
    select 1; select 2
    select 1; copy (select 1) to '{here}/new.csv'
    select 1 /* ; */ ; /* */ attach '{here}/new.db'
    ; drop view records
    /* select 1 */ drop view records
    -- select 1
    pivot records on primary_cat
    pivot records on primary_cat using count(*)
    explain copy (select 1) to '{here}/new.csv'
    explain analyze copy (select 1) to '{here}/new.csv'
    explain (analyze) copy (select 1) to '{here}/new.csv'
    explain (format json) drop view records
    explain/**/analyze/**/insert into records values (1)
    with a as (copy (select 1) to '{temporary}/new.csv') from a
    with a as materialized (copy (select 1) to '{here}/new.csv') select 1
    with a as not materialized (copy (select 1) to '{here}/new.csv') select 1
    with a as (/* */ copy (select 1) to '{here}/new.csv') select 1
    with é as (select 'ü'), b as ( COPY (select 1) to '{here}/new.csv') select 1
    with a as (insert into records values (1) returning *) from a
    with a as (update records set title = '' returning *) from a
    with a as (delete from records returning *) from a
    explain analyze with a as (copy (select 1) to '{here}/new.csv') select 1
    describe with a as (copy (select 1) to '{here}/new.csv') select 1
    selekt 1
    \\x
"""
"""More that is no query; some of it a connection of one's own may do, within its own memory."""


def listed(attempts):
    return [line.strip() for line in attempts.splitlines() if line.strip()]


def filled(attempt, names):
    for name, value in names.items():
        attempt = attempt.replace(f"{{{name}}}", str(value))
    return attempt.encode().decode("unicode_escape") if "\\0" in attempt else attempt


def all_untouched(place, names):
    """Return all that an attempt could change on the disk."""
    temporary = Path(names["temporary"])
    spilt = sorted(temporary.iterdir()) if temporary.exists() else []
    return untouched(place), sorted(place.iterdir()), spilt


@pytest.fixture(scope="module")
def connection(place):
    """One connection for all that is refused: after each attempt it answers as before."""
    with connect(place / "lake") as connection:
        yield connection


@pytest.mark.parametrize("attempt", listed(READING + WRITING + CHANGING))
def test_pith_sql_refuses_it(place, names, connection, attempt, monkeypatch):
    monkeypatch.chdir(place)
    before = all_untouched(place, names)
    with pytest.raises(PithError) as refused:
        list(ask(connection, filled(attempt, names)).rows)
    assert "secret,1" not in str(refused.value)
    assert list(ask(connection, "select count(*) from records").rows) == [(5,)]
    assert all_untouched(place, names) == before


@pytest.mark.parametrize("attempt", listed(READING + WRITING))
def test_a_connection_of_ones_own_refuses_it_too(place, names, connection, attempt, monkeypatch):
    monkeypatch.chdir(place)
    before = all_untouched(place, names)
    with pytest.raises((duckdb.Error, RuntimeError)):
        assert connection.execute(filled(attempt, names)).fetchall() == "refused"
    assert all_untouched(place, names) == before


def test_what_a_connection_of_ones_own_does_stays_in_its_memory(place, names, monkeypatch):
    monkeypatch.chdir(place)
    before = all_untouched(place, names)
    with connect(place / "lake") as connection:
        for attempt in listed(CHANGING):
            with suppress(duckdb.Error, RuntimeError):
                connection.execute(filled(attempt, names))
            assert all_untouched(place, names) == before, attempt
    with connect(place / "lake") as another:
        assert len(list(ask(another, "from records").rows)) == 5


@pytest.mark.parametrize(
    "query",
    [
        "from read_csv($p)",
        "from read_text($p)",
        "from read_parquet([$p])",
        "from glob($p)",
        "from query($p)",
        "from query_table($p)",
        "from parquet_metadata($p)",
        "copy (select 1) to $p",
        "attach $p",
        "install $p",
        "select * from $p",
        "set threads = $p",
    ],
)
def test_a_parameter_is_no_way_to_a_file(place, names, connection, query, monkeypatch):
    monkeypatch.chdir(place)
    before = all_untouched(place, names)
    for given in (str(place / "secret.csv"), "secret.csv", "/etc/passwd"):
        with pytest.raises(PithError):
            list(ask(connection, query, {"p": given}).rows)
    assert all_untouched(place, names) == before


def test_a_part_of_the_lake_may_be_read_however_it_is_written(place, names):
    """What the walls are around: not so narrow that a question of the lake's own fails."""
    with connect(place / "lake") as connection:
        for path in ("{part}", "{tables}/keys/../keys/{name}"):
            query = filled(f"from read_parquet('{path}') select count(*)", names)
            assert list(ask(connection, query).rows) == [(1,)]
        for query in (
            "with a as (select 1 as copy) select (copy) from a",
            "select count(copy) from (select 1 as copy)",
            "with a as (from records) select count(*) from a",
            "select 'with a as (copy (select 1) to ''x'') select 1'",
            "select 1 -- as (copy",
        ):
            assert checked_query(connection, query) == query
            assert list(ask(connection, query).rows)


def test_a_query_that_spills_leaves_nothing(place):
    with connect(place / "lake") as connection:
        (folder,) = connection.execute("select current_setting('temp_directory')").fetchone()
        list(ask(connection, "select max(s) from (select sum(range) as s from range(9))").rows)
    assert not Path(folder).exists()


@pytest.mark.parametrize("text", ["select 1; drop view records", "copy (select 1) to 'new'", "\0"])
def test_a_file_of_sql_is_a_query_like_any_other(place, text, tmp_path):
    query = tmp_path / "q.sql"
    query.write_text(text)
    run = pith("sql", "-f", query, "--lake", place / "lake", cwd=tmp_path)
    assert (run.code, run.out) == (2, "")
    assert set(files(tmp_path)) == {"q.sql"}


def test_a_file_of_sql_that_is_a_secret_is_not_run(place, tmp_path):
    run = pith("sql", "-f", place / "secret.csv", "--lake", place / "lake", cwd=tmp_path)
    assert (run.code, run.out) == (2, "")


@pytest.mark.parametrize(
    "ref",
    [
        "' or 1=1 --",
        "0704.0001'; drop view records; --",
        "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HS'",
        "$name",
        "?",
        "{lake}/CURRENT",
        "../../secret.csv",
        "\0",
        "%",
        "_" * 26,
    ],
)
def test_a_name_of_a_record_is_never_sql(connection, ref):
    with pytest.raises(UsageError):
        resolve(connection, ref)


def test_a_part_that_is_a_link_out_of_the_lake_is_not_opened(lake_of_two, tmp_path):
    lake = copied(lake_of_two, tmp_path)
    part = part_of(lake, "keys")
    elsewhere = tmp_path / "elsewhere.parquet"
    part.rename(elsewhere)
    part.symlink_to(elsewhere)
    with pytest.raises(VerificationError, match=r"is a link to .*elsewhere.parquet, outside"):
        connect(lake)
    part.unlink()
    elsewhere.rename(lake / "kept.parquet")
    part.symlink_to("../../kept.parquet")  # within the lake it may be
    with connect(lake) as connection:
        assert len(list(ask(connection, "from keys").rows)) == 1


def test_a_lake_may_itself_be_a_link(lake_of_two, tmp_path):
    (tmp_path / "link").symlink_to(lake_of_two)
    with connect(tmp_path / "link") as connection:
        assert len(list(ask(connection, "from records").rows)) == 5
    assert open_lake(tmp_path / "link").manifest.sequence == 2
