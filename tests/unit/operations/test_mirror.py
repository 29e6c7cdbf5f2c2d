import json
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from pith_builder.core.canonical import canonical_json, parse_json
from pith_builder.core.mirror import KEY_PATH, MIRRORS, MIRRORS_PATH, MirrorFile
from pith_builder.core.schemas import schema_documents
from pith_builder.core.verification import verify_bytes
from pith_builder.errors import MalformedError, VerificationError
from pith_builder.lake.holdings import read_shelf, shelves
from pith_builder.lake.query import connect
from pith_builder.lake.store import open_lake
from pith_builder.operations.mirror import MirrorRecord, site_documents
from pith_builder.operations.show import View, show
from tests.lakes import forge
from tests.makers import KEYRING, REGISTRY, SIGNER, changed

SCHEMA_PATHS = {
    MirrorFile.RECORD: "schemas/pith-number/v1.json",
    MirrorFile.BUNDLE: "schemas/bundle/v1.json",
    MirrorFile.WELL_KNOWN_BUNDLE: "schemas/bundle/v1.json",
    MirrorFile.STATE: "schemas/state/v1.json",
    MirrorFile.METADATA: "schemas/metadata/v1.json",
}
SCHEMAS = schema_documents(REGISTRY.base_url)


def valid(path, value):
    Draft202012Validator(SCHEMAS[path]).validate(value)


@pytest.fixture(scope="module")
def holdings(sample_lake):
    lake = open_lake(sample_lake)
    return [holding for shelf in shelves(lake) for holding in read_shelf(lake, shelf)]


def record_of(holding):
    return MirrorRecord(holding, REGISTRY)


def test_every_document_of_every_record_holds_and_is_valid(holdings):
    assert len(holdings) == 301
    for holding in holdings[::5]:
        record = record_of(holding)
        assert set(record.files()) == set(MirrorFile)
        for file, path in SCHEMA_PATHS.items():
            valid(path, json.loads(record.document(file)))
        for file in (MirrorFile.RECORD, MirrorFile.BUNDLE, MirrorFile.STATE):
            assert verify_bytes(record.document(file), KEYRING).verified() == holding.pith_number
        for event in json.loads(record.document(MirrorFile.EVENTS)):
            valid("schemas/event/v1.json", event)


def test_documents_are_those_that_pith_show_gives(sample_lake, holdings):
    connection = connect(sample_lake)
    views = {
        MirrorFile.RECORD: View.RECORD,
        MirrorFile.BUNDLE: View.BUNDLE,
        MirrorFile.WELL_KNOWN_BUNDLE: View.BUNDLE,
        MirrorFile.STATE: View.STATE,
        MirrorFile.GRAPH: View.GRAPH,
        MirrorFile.EVENTS: View.EVENTS,
    }
    for holding in holdings[:3]:
        record = record_of(holding)
        for file, view in views.items():
            wanted = show(connection, holding.pith_number, view, REGISTRY.base_url)
            assert record.document(file) == wanted


def test_all_but_the_page_are_canonical_json(holdings):
    record = record_of(holdings[0])
    for file in set(MirrorFile) - {MirrorFile.PAGE}:
        assert canonical_json(parse_json(record.document(file))) == record.document(file)


def test_a_float_that_a_stranger_stated_keeps_the_form_it_was_hashed_in(holdings):
    bundle = json.loads(holdings[0].bundle)
    bundle["events"].append({"weight": 1e16, "small": 1e-7})
    record = record_of(replace(holdings[0], bundle=canonical_json(bundle)))

    events = record.document(MirrorFile.EVENTS)
    assert events == canonical_json(bundle["events"])
    assert b'{"small":1e-07,"weight":1e+16}' in events


def test_a_record_whose_graph_is_superseded_is_served_without_what_would_show_it(holdings):
    bundle = changed(json.loads(holdings[0].bundle), ("state", "current", "graph_snapshots"), [])
    record = record_of(replace(holdings[0], bundle=canonical_json(bundle)))

    assert set(MirrorFile) - set(record.files()) == {MirrorFile.RECORD, MirrorFile.GRAPH}
    for file in record.files():
        assert record.document(file)
    for file in (MirrorFile.RECORD, MirrorFile.GRAPH):
        with pytest.raises(VerificationError, match="what it shows is superseded"):
            record.document(file)


@pytest.mark.parametrize("number", ["../../etc/passwd", "pith:2018:../../../../etc/passwd.json"])
def test_a_number_that_is_none_names_no_file(holdings, number):
    with pytest.raises(MalformedError, match="not a Pith Number"):
        assert record_of(replace(holdings[0], pith_number=number)).suffix


def test_a_mirror_says_whose_it_is_and_where_its_schemas_are(lake_of_two):
    site = site_documents(open_lake(lake_of_two), connect(lake_of_two), REGISTRY)

    assert json.loads(site[KEY_PATH]) == SIGNER.public_key.to_json_object()
    assert verify_bytes(site[KEY_PATH], KEYRING).kind == "public_key"
    mirrors = json.loads(site[MIRRORS_PATH])
    assert not list(MIRRORS.failures(mirrors, ""))
    assert mirrors["generated_at"] == "2026-11-21T14:17:09Z"
    assert mirrors["mirrors"][0]["base_url"] == REGISTRY.base_url
    valid("schemas/mirrors/v1.json", mirrors)
    valid("schemas/public-key/v1.json", json.loads(site[KEY_PATH]))
    for path in SCHEMAS:
        Draft202012Validator.check_schema(json.loads(site[path]))
    assert {path for path in site if path.startswith("assets/")} == {
        "assets/pith.css",
        "assets/pith.js",
        "assets/pith.svg",
    }


def test_a_lake_without_its_own_key_is_damaged(harmed):
    forge(harmed, "keys", lambda changed: changed.clear())

    with pytest.raises(VerificationError, match="keys has no row for ours-2026-11"):
        site_documents(open_lake(harmed), connect(harmed), REGISTRY)
