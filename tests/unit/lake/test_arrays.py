import subprocess
import sys

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.errors import MalformedError
from pith_builder.lake import arrays
from pith_builder.lake.arrays import ARROW_TYPES, Same, arrow_array
from pith_builder.lake.tables import Kind
from tests.makers import law, text

integers = st.integers(-(2**63), 2**63 - 1)
VALUES = {
    Kind.TEXT: text,
    Kind.TEXTS: st.lists(text).map(tuple),
    Kind.JSON: text | text.map(str.encode),
    Kind.INTEGER: integers,
    Kind.BOOLEAN: st.booleans(),
    Kind.INSTANT: integers,
    Kind.DAY: st.integers(-(2**31), 2**31 - 1),
    Kind.BYTES: st.binary(),
    Kind.SHA256: st.binary(min_size=32, max_size=32),
}


def by_arrow(kind, values):
    """Return the array that Arrow makes of the values one by one."""
    plain = {Kind.INSTANT: pa.int64(), Kind.DAY: pa.int32()}
    return pa.array(values, plain.get(kind, ARROW_TYPES[kind])).cast(ARROW_TYPES[kind])


@law
@given(st.sampled_from(Kind), st.data())
def test_values_are_laid_out_as_arrow_lays_them(kind, data):
    missing = st.nothing() if kind is Kind.SHA256 else st.none()
    values = data.draw(st.lists(VALUES[kind] | missing))

    made = arrow_array(kind, values, len(values))

    made.validate(full=True)
    assert made.type == ARROW_TYPES[kind]
    assert made.equals(by_arrow(kind, values))
    assert made.null_count == values.count(None)


@law
@given(st.sampled_from(Kind), st.data(), st.integers(1, 9))
def test_what_is_the_same_is_said_as_often_as_there_are_rows(kind, data, rows):
    value = data.draw(VALUES[kind])

    assert arrow_array(kind, Same(value), rows).equals(by_arrow(kind, [value] * rows))


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (Kind.TEXT, 7),
        (Kind.TEXTS, [7]),
        (Kind.JSON, {}),
        (Kind.INTEGER, 1.7),
        (Kind.INTEGER, "7"),
        (Kind.INTEGER, 2**63),
        (Kind.INSTANT, 1.7),
        (Kind.DAY, 2**31),
        (Kind.BYTES, 7),
        (Kind.SHA256, "a"),
    ],
)
def test_a_value_of_another_kind_is_refused(kind, wrong):
    with pytest.raises((TypeError, OverflowError)):
        arrow_array(kind, [wrong], 1)


def test_texts_that_do_not_fit_are_refused(monkeypatch):
    monkeypatch.setattr(arrays, "_MOST_BYTES", 10)

    assert arrow_array(Kind.TEXT, ["12345", "67890"], 2).to_pylist() == ["12345", "67890"]
    with pytest.raises(MalformedError, match="2 texts have 11 bytes, more than fit in a column"):
        arrow_array(Kind.TEXT, ["12345", "678901"], 2)


def test_no_process_that_writes_or_reads_parts_imports_pandas():
    program = """
import sys, tempfile
from pathlib import Path
from pith_builder.disk import Disk
from pith_builder.lake.parts import write_part
from pith_builder.lake.reading import read_keys, read_rows
from pith_builder.lake.roots import table_root
from pith_builder.lake.tables import BUILDS
row = ("b", "build", 7, "v", ("a",), 1, 1, 0, 0, 0, 0, 0, "complete", False, None)
with tempfile.TemporaryDirectory() as folder:
    lake = Path(folder)
    part = write_part(Disk(), lake, BUILDS, "1", [row])
    print(len(list(read_rows(lake, BUILDS, part))), len(read_keys(lake, BUILDS, [part])))
    table_root(lake, BUILDS, [part])
print("pandas" in sys.modules)
"""
    done = subprocess.run(  # noqa: S603 - a program of ours
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "1", "False"]
