import json

import pytest

from pith_builder.core.canonical import canonical_json
from pith_builder.core.verification import verify_bytes
from pith_builder.errors import VerificationError
from pith_builder.lake.query import connect
from pith_builder.operations.show import View, show
from tests.lakes import rows
from tests.makers import KEYRING, REGISTRY

BASE_URL = REGISTRY.base_url


@pytest.fixture(scope="module")
def numbers(lake_of_two):
    return [row["pith_number"] for row in rows(lake_of_two, "records")]


def shown(lake, number, view):
    return show(connect(lake), number, view, BASE_URL)


@pytest.mark.parametrize("view", View)
def test_every_view_of_every_record_is_canonical_json(lake_of_two, numbers, view):
    for number in numbers:
        data = shown(lake_of_two, number, view)
        assert canonical_json(json.loads(data)) == data


@pytest.mark.parametrize("view", [View.RECORD, View.BUNDLE, View.STATE])
def test_every_document_of_every_record_is_verified(lake_of_two, numbers, view):
    for number in numbers:
        report = verify_bytes(shown(lake_of_two, number, view), KEYRING)
        assert (report.kind, report.name, report.failures) == (view.value, number, ())


def test_every_event_of_every_record_is_verified(lake_of_two, numbers):
    for number in numbers:
        for event in json.loads(shown(lake_of_two, number, View.EVENTS)):
            assert verify_bytes(canonical_json(event), KEYRING).verified() == event["event_id"]


def test_bundle_and_state_are_the_very_bytes_the_lake_holds(lake_of_two, numbers):
    for table, view in (("bundles", View.BUNDLE), ("states", View.STATE)):
        kept = {row["pith_number"]: row["document"] for row in rows(lake_of_two, table)}
        for number in numbers:
            assert shown(lake_of_two, number, view) == kept[number].encode()


def test_graph_and_canonical_record_are_parts_of_the_bundle(lake_of_two, numbers):
    bundle = json.loads(shown(lake_of_two, numbers[0], View.BUNDLE))

    assert json.loads(shown(lake_of_two, numbers[0], View.CANONICAL)) == bundle["canonical_record"]
    graph = json.loads(shown(lake_of_two, numbers[0], View.GRAPH))
    assert graph == bundle["events"][1]["payload"]["graph_snapshot"]


@pytest.mark.parametrize("view", View)
def test_what_the_lake_lacks_is_an_error(lake_of_two, view):
    with pytest.raises(VerificationError, match=r"has no row for pith:2018:.*pith audit"):
        shown(lake_of_two, "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST", view)
