import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pith_builder.errors import UsageError, VerificationError
from pith_builder.lake.columnar import write_columnar
from pith_builder.lake.query import connect
from tests.lakes import flip, part_of

READ = {
    "parquet": lambda data: pq.read_table(io.BytesIO(data)),
    "arrow": lambda data: pa.ipc.open_stream(data).read_all(),
}
EVERY_FORM = pytest.mark.parametrize("form", READ)


@pytest.fixture(scope="module")
def connection(lake_of_two):
    return connect(lake_of_two)


def written(connection, query, form, **parameters):
    out = io.BytesIO()
    write_columnar(connection, query, parameters, form, out)
    return READ[form](out.getvalue())


@EVERY_FORM
def test_an_answer_keeps_its_types(connection, form):
    query = """
        select 7 as whole, 'é' as text, ['a', null] as list, '\\xff'::blob as bytes,
            timestamptz '2026-11-20 14:17:09.5+00' as instant, date '2026-11-20' as day
    """
    [row] = written(connection, query, form).to_pylist()

    assert row["whole"] == 7
    assert (row["text"], row["list"], row["bytes"]) == ("é", ["a", None], b"\xff")
    assert row["instant"].isoformat() == "2026-11-20T14:17:09.500000+00:00"
    assert row["day"].isoformat() == "2026-11-20"


@EVERY_FORM
def test_an_answer_of_many_rows_comes_whole_and_in_order(connection, form):
    found = written(connection, "select range as n from range(25000) order by n desc", form)

    assert found["n"].to_pylist() == list(range(24999, -1, -1))


@EVERY_FORM
def test_an_answer_of_no_rows_has_its_columns(connection, form):
    assert written(connection, "select title from records where false", form).schema.names == [
        "title"
    ]


@EVERY_FORM
def test_parameters_are_filled_in(connection, form):
    query = "select arxiv_id from records where arxiv_version = $version order by all"

    assert written(connection, query, form, version="3")["arxiv_id"].to_pylist() == ["0704.0003"]


@EVERY_FORM
@pytest.mark.parametrize(
    "query", ["", "selekt", "drop view records", "select nothing from records"]
)
def test_what_does_more_than_read_is_refused(connection, form, query):
    with pytest.raises(UsageError, match=r"\w"):
        written(connection, query, form)


@EVERY_FORM
def test_a_damaged_part_is_no_answer(harmed, form):
    connection = connect(harmed)
    flip(part_of(harmed, "records"), 0.3)

    with pytest.raises(VerificationError, match="run `pith audit`"):
        written(connection, "from records", form)


@EVERY_FORM
def test_a_query_that_fails_midway_says_so(connection, form):
    query = "select if(range > 100000, error('too far'), 1) as n from range(200000)"

    with pytest.raises(UsageError, match="too far"):
        written(connection, query, form)
