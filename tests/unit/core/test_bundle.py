import json

import pytest

from pith_builder.core.bundle import bundle_digest, read_head
from pith_builder.core.canonical import canonical_json
from pith_builder.errors import MalformedError
from tests.makers import BUNDLE, changed, document, leaves, mint, pointer_of

MINTED = mint().bundle
OURS = json.loads(MINTED.document)


def test_a_bundle_is_canonical_and_knows_its_digest():
    assert canonical_json(OURS) == MINTED.document
    assert OURS["bundle_signature"]["bundle_sha256"] == MINTED.sha256
    assert OURS["bundle_signature"]["signature_b64"] == MINTED.signature_b64
    assert bundle_digest(OURS).hex() == MINTED.sha256


def test_the_published_bundle_has_the_published_digest():
    published = document(BUNDLE)
    assert bundle_digest(published).hex() == published["bundle_signature"]["bundle_sha256"]
    assert bundle_digest(published).signed_message == "bundle_sha256_bytes"


@pytest.mark.parametrize(
    "path", [path for path, _ in leaves(OURS) if path[0] != "state"], ids=pointer_of
)
def test_the_bundle_digest_covers_all_but_its_signature(path):
    is_covered = path[0] != "bundle_signature"
    assert (bundle_digest(changed(OURS, path, "other")) != bundle_digest(OURS)) == is_covered


def test_what_has_no_canonical_json_has_no_digest():
    with pytest.raises(MalformedError):
        bundle_digest({"links": float("inf")})


def test_the_head_of_a_bundle_is_all_that_stands_before_its_state():
    value, said = read_head(MINTED.document)
    assert value == {name: OURS[name] for name in OURS if name < "state"}
    assert canonical_json(value) == said


@pytest.mark.parametrize("nested", [{"a": 0, "state": {"b": 1}}, '","state":{', {"state": {}}])
def test_a_field_or_text_of_that_name_before_it_is_not_taken_for_the_state(nested):
    for path in (path for path, _ in leaves(OURS) if path[0] < "state"):
        said = changed(OURS, path, nested)
        value, head = read_head(canonical_json(said))
        assert value in (said, {name: said[name] for name in said if name < "state"})
        assert canonical_json(value) == head


@pytest.mark.parametrize("other", [b"{}", b'{"a":0}', b"[]", b'[0,"state":{', b""])
def test_what_has_no_state_is_read_whole_or_not_at_all(other):
    try:
        assert read_head(other) == (json.loads(other), other)
    except MalformedError:
        with pytest.raises(json.JSONDecodeError):
            json.loads(other)
