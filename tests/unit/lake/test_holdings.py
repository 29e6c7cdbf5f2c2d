import pytest

from pith_builder.core.canonical import parse_json
from pith_builder.core.metadata import METADATA
from pith_builder.errors import VerificationError
from pith_builder.lake.holdings import Shelf, find_holdings, read_shelf, shelves
from pith_builder.lake.query import connect
from pith_builder.lake.store import open_lake
from tests.lakes import forge, rows


def held(lake):
    opened = open_lake(lake)
    return [holding for shelf in shelves(opened) for holding in read_shelf(opened, shelf)]


@pytest.fixture(scope="module")
def holdings(lake_of_two):
    return held(lake_of_two)


def test_every_bundle_is_held_with_its_record_s_raw_words(lake_of_two, holdings):
    bundles = {row["pith_number"]: row["document"] for row in rows(lake_of_two, "bundles")}
    records = {row["pith_number"]: row for row in rows(lake_of_two, "records")}

    assert {holding.pith_number: holding.bundle.decode() for holding in holdings} == bundles
    for holding in holdings:
        row = records[holding.pith_number]
        for name in set(METADATA.fields) - {"version_submitted_at", "updated_on"}:
            assert holding.metadata[name] == row[name], name
        assert not list(METADATA.failures(holding.metadata, ""))


def test_instants_and_days_are_written_as_pith_writes_them(holdings):
    of_paper = [
        holding.metadata
        for holding in holdings
        if parse_json(holding.bundle)["source"]
        == {"kind": "arxiv", "id": "0704.0001", "version": 2}
    ]

    assert [said["version_submitted_at"] for said in of_paper] == ["2007-07-24T20:10:27Z"]
    assert [said["updated_on"] for said in of_paper] == ["2008-11-26"]
    assert of_paper[0]["categories"] == ["hep-ph", "hep-ex"]
    assert of_paper[0]["title"] == ("Calculation of prompt diphoton production\n  cross sections")


def test_shelves_of_one_build_hold_the_same_records(lake_of_two):
    found = shelves(open_lake(lake_of_two))

    assert len(found) == 2
    for shelf in found:
        assert shelf.records is not None
        assert shelf.records.first_key == shelf.bundles.first_key


def test_a_shelf_without_companion_gives_the_same(lake_of_two, holdings):
    opened = open_lake(lake_of_two)
    alone = [
        holding
        for shelf in shelves(opened)
        for holding in read_shelf(opened, Shelf(shelf.bundles, None))
    ]

    assert alone == holdings


def test_parts_that_were_joined_on_one_side_are_read_by_their_keys(harmed, holdings):
    forge(harmed, "bundles", lambda _: None)
    assert [shelf.records for shelf in shelves(open_lake(harmed))] == [None]

    assert held(harmed) == sorted(holdings, key=lambda holding: holding.pith_number)


def test_holdings_are_found_by_name_and_sorted(lake_of_two, holdings):
    wanted = [holding.pith_number for holding in holdings[:2]]
    connection = connect(lake_of_two)

    found = find_holdings(connection, [*reversed(wanted), "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST"])

    assert found == sorted(holdings[:2], key=lambda holding: holding.pith_number)
    assert find_holdings(connection, []) == []


def test_a_bundle_without_record_is_damage(harmed):
    forge(harmed, "records", lambda changed: changed.pop())

    with pytest.raises(VerificationError, match=r"records has no row for pith:.*pith audit"):
        held(harmed)


def test_a_bundle_that_was_changed_is_found_by_its_digest(harmed, holdings):
    def change(changed):
        changed[0]["document"] = changed[0]["document"].replace('"1.0"', '"1.1"', 1)

    forge(harmed, "bundles", change)
    number = rows(harmed, "bundles")[0]["pith_number"]

    with pytest.raises(VerificationError, match=f"the bundle of {number} is damaged"):
        find_holdings(connect(harmed), [holding.pith_number for holding in holdings])


def test_parts_that_hold_other_records_are_damage(harmed):
    opened = open_lake(harmed)
    first, second = shelves(opened)

    with pytest.raises(VerificationError, match=r"records has no row for pith:.*pith audit"):
        list(read_shelf(opened, Shelf(second.bundles, first.records)))


@pytest.mark.parametrize("rows_at_once", [1, 3])
def test_parts_may_come_in_batches_of_any_size(lake_of_two, holdings, monkeypatch, rows_at_once):
    monkeypatch.setattr("pith_builder.lake.reading._ROWS_AT_ONCE", rows_at_once)

    assert held(lake_of_two) == holdings
