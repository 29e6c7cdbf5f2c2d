import json

import pytest

from pith_builder.core.bundle import bundle_digest
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
