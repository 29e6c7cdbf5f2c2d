import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pith_builder.core.manifest import Part
from pith_builder.lake.reading import DamagedPartError, read_rows
from pith_builder.lake.store import open_lake
from pith_builder.lake.tables import TABLES
from tests.lakes import rows


def test_instants_days_lists_and_bytes_come_back_as_rows_hold_them(lake_of_two):
    record = next(row for row in rows(lake_of_two, "records") if row["arxiv_id"] == "0704.0001")

    assert record["submitted_at"] == 1_175_541_522_000_000
    assert record["updated_on"] == 14_209
    assert record["categories"] == ["hep-ph", "hep-ex"]
    assert record["is_withdrawn"] is False
    assert record["msc_class"] is None
    assert len(record["row_sha256"]) == 32


@pytest.mark.parametrize("wrong", [name for name in TABLES if name != "records"])
def test_a_part_of_one_table_is_no_part_of_another(lake_of_two, wrong):
    part = open_lake(lake_of_two).table("records").parts[0]

    with pytest.raises(DamagedPartError, match="columns"):
        list(read_rows(lake_of_two, TABLES[wrong], part))


@pytest.mark.parametrize(
    "data", [b"", b"PAR1", b"no Parquet at all", b"PAR1" + bytes(100) + b"PAR1"]
)
def test_what_is_no_parquet_file_is_damaged(tmp_path, data):
    (tmp_path / "part").write_bytes(data)

    with pytest.raises(DamagedPartError, match=r"\w"):
        list(read_rows(tmp_path, TABLES["keys"], _part("part")))


def test_a_missing_part_is_damaged(tmp_path):
    with pytest.raises(DamagedPartError, match="No such file"):
        list(read_rows(tmp_path, TABLES["keys"], _part("part")))


def test_text_that_is_not_utf8_is_damaged(lake_of_two, tmp_path):
    good = pq.read_table(lake_of_two / open_lake(lake_of_two).table("keys").parts[0].path)
    bad = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"], pa.binary()).buffers())
    pq.write_table(good.set_column(0, good.schema.field(0), bad), tmp_path / "part")

    with pytest.raises(DamagedPartError):
        list(read_rows(tmp_path, TABLES["keys"], _part("part")))


def _part(path):
    return Part(path=path, sha256="0" * 64, size_bytes=0, rows=1, first_key=(), last_key=())
