import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pith_builder.core.forms import EVENT_TARGETS, event_form
from pith_builder.core.manifest import MANIFEST
from pith_builder.core.record_document import record_document
from pith_builder.core.registry import schema_url
from pith_builder.core.schemas import KINDS, schema_documents
from pith_builder.core.verification import verify_bytes
from pith_builder.lake.store import open_lake
from tests.makers import (
    BUNDLE,
    DOCUMENTS,
    KEYRING,
    PUBLISHED_KEY,
    RECORDS,
    SHARED,
    STATES,
    changed,
    document,
    event,
    leaves,
    mint,
    needs_shared,
    signing_law,
)

BASE = "https://mirror.example"
SCHEMAS = schema_documents(BASE)
PATHS = {
    "record": "schemas/pith-number/v1.json",
    "bundle": "schemas/bundle/v1.json",
    "state": "schemas/state/v1.json",
    "event": "schemas/event/v1.json",
    "manifest": "schemas/manifest/v1.json",
    "inclusion_proof": "schemas/inclusion-proof/v1.json",
    "metadata": "schemas/metadata/v1.json",
    "public_key": "schemas/public-key/v1.json",
    "mirrors": "schemas/mirrors/v1.json",
}
MINTED = json.loads(mint().bundle.document)
OURS = {
    "bundle": MINTED,
    "state": MINTED["state"],
    "record": record_document(
        MINTED, MINTED["state"]["current"]["record_created"]["payload"]["receipt"], BASE
    ),
    "event": MINTED["events"][1],
    "public_key": MINTED["public_keys"][0],
}


def errors(kind, value):
    validator = Draft202012Validator(SCHEMAS[PATHS[kind]])
    return [error.message for error in validator.iter_errors(value)]


def test_each_kind_has_its_schema():
    assert list(SCHEMAS) == [kind.path for kind in KINDS]
    assert set(SCHEMAS) == set(PATHS.values())


@pytest.mark.parametrize("path", SCHEMAS)
def test_every_schema_is_one_and_says_where_it_is_served(path):
    schema = SCHEMAS[path]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"{BASE}/{path}"
    assert schema["title"]
    assert schema["description"].endswith(".")


def test_record_documents_name_a_schema_that_is_served():
    assert schema_url(BASE) in {schema["$id"] for schema in SCHEMAS.values()}
    assert schema_url(BASE) == f"{BASE}/{PATHS['record']}"


@pytest.mark.parametrize("kind", OURS)
def test_what_we_mint_is_valid(kind):
    assert errors(kind, OURS[kind]) == []


@pytest.mark.parametrize("name", RECORDS)
def test_published_records_are_valid(name):
    assert errors("record", document(name)) == []


@pytest.mark.parametrize("name", STATES)
def test_published_states_are_valid(name):
    assert errors("state", document(name)) == []


def test_the_published_bundle_its_state_its_events_and_its_key_are_valid():
    bundle = document(BUNDLE)
    assert errors("bundle", bundle) == []
    assert errors("state", bundle["state"]) == []
    assert [errors("event", an_event) for an_event in bundle["events"]] == [[], []]
    assert errors("public_key", PUBLISHED_KEY.to_json_object()) == []


@needs_shared
def test_every_document_of_the_conformance_data_is_valid():
    found = sorted((SHARED / "conformance" / "documents").iterdir())
    assert len(found) == len(list(DOCUMENTS.iterdir()))
    for path in found:
        kind = path.name.split(".")[-2]
        assert errors(kind, json.loads(path.read_bytes())) == [], path.name


def test_every_manifest_of_a_lake_is_valid(lake_of_two):
    places = sorted((lake_of_two / "manifests").glob("*.json"))
    assert len(places) == open_lake(lake_of_two).manifest.sequence == 2
    for place in places:
        assert errors("manifest", json.loads(place.read_bytes())) == []


@pytest.mark.parametrize("event_type", ["unheard.of", *EVENT_TARGETS])
def test_an_event_s_type_tells_its_target_and_payload(event_type):
    target = EVENT_TARGETS.get(event_type, "anything")
    sealed = event(event_type, target=target, payload={"a": 1})
    is_sound = not any(event_form(event_type).failures(sealed, ""))

    assert (errors("event", sealed) == []) is is_sound
    wrong = {**sealed, "target": "nothing"}
    assert (errors("event", wrong) == []) is (event_type == "unheard.of")


def mutations(value):
    """Return what no document may say in the place of one value."""
    wrong_type = {} if isinstance(value, str | int | None) else "text"
    return [wrong_type] if not isinstance(value, str) else [7, {}, None, []]


MUTABLE = [
    (kind, path, value)
    for kind in OURS
    for path, value in leaves(OURS[kind])
    # What any value may stand for is not to be refused.
    if not {"events", "event_summary", "model_set", "notes", "rotates_at", "url"} & set(path)
    and path[-1] not in {"verdict_id", "id", "created_at", "pipeline_version", "prev_event"}
    and value != []
]


@given(chosen=st.sampled_from(MUTABLE), data=st.data())
@signing_law
def test_a_document_with_a_value_of_a_wrong_type_is_invalid(chosen, data):
    kind, path, value = chosen
    mutated = changed(OURS[kind], path, data.draw(st.sampled_from(mutations(value))))

    assert errors(kind, mutated)


@pytest.mark.parametrize("kind", OURS)
def test_a_document_that_lacks_a_field_or_has_one_more_is_invalid(kind):
    for name in OURS[kind]:
        assert errors(kind, {key: value for key, value in OURS[kind].items() if key != name})
    assert errors(kind, {**OURS[kind], "note": "more"})


@pytest.mark.parametrize(
    ("kind", "path", "new"),
    [
        ("record", ("pith_number",), "pith:REQM6TSZ"),
        ("record", ("created_at",), "2026-11-20T14:17:09Z"),
        ("record", ("links", "html"), "ftp://x.example"),
        ("record", ("receipt", "signature_b64"), "AAAA"),
        ("record", ("source", "version"), 0),
        ("record", ("source", "id"), "not-an-id"),
        ("bundle", ("canonical_sha256",), "0" * 63),
        ("bundle", ("bundle_type",), "another"),
        ("bundle", ("source_aliases", 0, "alias_kind"), "two words"),
        ("state", ("event_count",), -1),
        ("state", ("applied_event_ids", 0), "0" * 64),
        ("event", ("signature", "key_id"), "two\nlines"),
        ("event", ("payload", "graph_snapshot", "claims", "count"), "none"),
        ("public_key", ("public_key_b64",), "!"),
    ],
)
def test_what_a_form_refuses_by_its_pattern_the_schema_refuses(kind, path, new):
    mutated = changed(OURS[kind], path, new)

    assert errors(kind, mutated)
    data = json.dumps(mutated).encode()
    assert verify_bytes(data, KEYRING).failures


def test_the_schemas_stand_for_the_forms_that_the_code_checks_with():
    assert {kind.path: kind.form for kind in KINDS}[PATHS["manifest"]] is MANIFEST
