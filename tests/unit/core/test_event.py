import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orjson import Fragment

from pith_builder.core.canonical import canonical_json, digest
from pith_builder.core.event import (
    OUTSIDE_CONTENT,
    Event,
    claimed_id,
    content_digest,
    registry_signer,
    signed_event,
)
from pith_builder.core.event_checks import event_findings
from pith_builder.core.forms import EVENT_TARGETS
from pith_builder.core.number import PithNumber
from pith_builder.errors import MalformedError
from tests.makers import (
    CREATED,
    GRAPH,
    KEYRING,
    NOW_MICROSECONDS,
    NOW_SECONDS,
    PUBLISHED_NUMBER,
    SIGNER,
    changed,
    event,
    jcs_values,
    leaves,
    pointer_of,
    signing_law,
    text,
)

NUMBER = PithNumber.parse(PUBLISHED_NUMBER)
IDS = st.binary(min_size=32, max_size=32).map(lambda data: f"sha256:{data.hex()}")


def stated(event_type="author_attestation", payload=None, **changes):
    return signed_event(
        event_type,
        NUMBER,
        {} if payload is None else payload,
        signer=SIGNER,
        signer_id="mirror.example",
        created_at=NOW_SECONDS,
        signed_at=NOW_MICROSECONDS,
        **changes,
    )


FREE_TYPES = sorted(set(EVENT_TARGETS) - {"record_created", "graph_snapshot"})


@signing_law
@given(
    st.sampled_from(FREE_TYPES),
    st.dictionaries(text, jcs_values),
    st.lists(IDS).map(tuple),
    st.none() | IDS,
)
def test_what_is_signed_holds_and_is_what_the_reference_says(
    event_type, payload, supersedes, prev_event
):
    found = stated(event_type, payload, supersedes=supersedes, prev_event=prev_event)

    document = event(
        event_type,
        payload=payload,
        supersedes=list(supersedes),
        prev_event=prev_event,
        target=EVENT_TARGETS[event_type],
    )
    assert found.document == canonical_json(document)
    assert found.content_sha256 == document["content_sha256"]
    assert not list(event_findings(document, PUBLISHED_NUMBER, KEYRING))


@pytest.mark.parametrize("minted", [CREATED, GRAPH], ids=["record_created", "graph_snapshot"])
def test_an_event_read_back_is_the_event(minted):
    minted = stated(minted["event_type"], minted["payload"])
    read = Event.from_json_object(json.loads(minted.document))
    for field in ("event_type", "event_id", "created_at", "signer_id", "prev_event", "supersedes"):
        assert getattr(read, field) == getattr(minted, field)
    assert read.document == minted.document
    assert read.signature == minted.signature
    assert (
        {field: read.reduced[field] for field in read.reduced if field != "payload"}
        == {field: minted.reduced[field] for field in minted.reduced if field != "payload"}
        == {
            field: json.loads(minted.document)[field]
            for field in ("created_at", "event_id", "signer", "target")
        }
    )
    assert read.payload == json.loads(minted.document)["payload"]


def test_a_payload_may_be_canonical_already():
    spliced = stated(payload={"a": Fragment(b'{"b":1}')})
    assert spliced.document == stated(payload={"a": {"b": 1}}).document


@pytest.mark.parametrize("path", [path for path, _ in leaves(GRAPH)], ids=pointer_of)
def test_the_content_digest_covers_all_but_what_seals_it(path):
    is_covered = path[0] not in OUTSIDE_CONTENT
    found = content_digest(changed(GRAPH, path, "other"))
    assert (found != content_digest(GRAPH)) == is_covered
    assert found.signed_message == "open_graph_event_sha256_bytes"


def test_what_seals_an_event_are_three_fields():
    assert {"signature", "content_sha256", "event_id"} == OUTSIDE_CONTENT
    assert content_digest(CREATED).hex() == CREATED["content_sha256"]


def test_an_event_goes_by_the_id_it_claims():
    assert claimed_id(GRAPH) == GRAPH["event_id"]
    assert claimed_id({"event_id": "anything"}) == "anything"


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, {"event_id": 7}, {"event_id": None}])
def test_what_claims_no_id_goes_by_its_digest(value):
    assert claimed_id(value) == f"sha256:{digest(value).hex()}"


def test_what_has_no_canonical_json_has_no_digest():
    with pytest.raises(MalformedError):
        content_digest({"payload": {"x": float("nan")}})
    with pytest.raises(MalformedError):
        claimed_id({"x": float("nan")})


def test_a_registry_signs_as_itself():
    assert registry_signer(SIGNER, "mirror.example") == CREATED["signer"]
