"""Keys that are trusted for some types of events alone."""

import json

import pytest

from pith_builder.core.canonical import BundleDigest, EventDigest, ManifestDigest, RecordDigest
from pith_builder.core.event_checks import Reason, event_findings
from pith_builder.core.keys import PublicKey, Signature, TrustedKey, UnknownKeyError
from pith_builder.errors import MalformedError
from pith_builder.signing.ed25519 import TrustedKeys
from pith_builder.signing.key_files import read_public_key
from tests.makers import PUBLISHED_NUMBER, SIGNER, event

KEY = SIGNER.public_key
DIGESTS = (RecordDigest, EventDigest, BundleDigest, ManifestDigest)


def trusted_for(*event_types):
    return TrustedKey(
        key_id=KEY.key_id, raw=KEY.raw, event_types=frozenset(event_types) if event_types else None
    )


def signed(kind):
    digest = kind(bytes(32))
    return digest, Signature(KEY.key_id, KEY.fingerprint, SIGNER.sign(digest))


def test_a_trusted_key_file_may_say_what_its_holder_may_sign(tmp_path):
    place = tmp_path / "author.json"
    place.write_text(json.dumps({**KEY.to_json_object(), "event_types": ["author_attestation"]}))

    key = read_public_key(place)

    assert isinstance(key, TrustedKey)
    assert key.event_types == {"author_attestation"}
    assert key.to_json_object() == KEY.to_json_object()


def test_a_file_that_says_nothing_is_trusted_for_everything(tmp_path):
    place = tmp_path / "key.json"
    place.write_text(json.dumps(KEY.to_json_object()))
    assert read_public_key(place) == KEY
    assert type(read_public_key(place)) is PublicKey


@pytest.mark.parametrize("event_types", [[], None, "correction", [7], ["not a word"], [""]])
def test_event_types_in_another_form_are_refused(tmp_path, event_types):
    place = tmp_path / "author.json"
    place.write_text(json.dumps({**KEY.to_json_object(), "event_types": event_types}))
    with pytest.raises(MalformedError, match=r"author\.json: event_types is no list of types"):
        read_public_key(place)


def test_a_key_signs_events_of_its_types_and_no_others():
    ring = TrustedKeys([trusted_for("correction", "of_no_known_type")])
    digest, signature = signed(EventDigest)

    assert ring.verified(digest, signature, "correction").key_id == KEY.key_id
    assert ring.verified(digest, signature, "of_no_known_type").key_id == KEY.key_id
    for event_type in ("mirror_hint", None):
        with pytest.raises(UnknownKeyError, match="is trusted for correction, of_no_known_type al"):
            ring.verified(digest, signature, event_type)


@pytest.mark.parametrize(
    ("event_types", "wanted"),
    [
        (("correction",), set()),
        (("record_created",), {RecordDigest, BundleDigest}),
        ((), set(DIGESTS)),
    ],
)
def test_receipts_and_bundles_go_with_record_created_and_manifests_with_no_type(
    event_types, wanted
):
    ring = TrustedKeys([trusted_for(*event_types)])
    found = set()
    for kind in DIGESTS:
        try:
            ring.verified(*signed(kind))
        except UnknownKeyError:
            continue
        found.add(kind)
    assert found == wanted


@pytest.mark.parametrize(
    "keys",
    [
        (trusted_for("correction"), trusted_for("mirror_hint")),
        (trusted_for("correction"), KEY),
        (KEY, trusted_for("correction")),
        (trusted_for("correction"), trusted_for()),
    ],
)
def test_of_a_key_named_twice_either_trust_is_enough(keys):
    ring = TrustedKeys(keys)
    digest, signature = signed(EventDigest)
    assert len(ring) == 1
    ring.verified(digest, signature, "mirror_hint" if keys[1] != KEY else "anything")
    ring.verified(digest, signature, "correction")


def test_an_event_of_another_type_is_invalid_because_the_key_is_not_known_for_it():
    ring = TrustedKeys([trusted_for("author_attestation")])
    ((reason, failure),) = event_findings(event("correction"), PUBLISHED_NUMBER, ring)
    assert reason is Reason.UNKNOWN_KEY
    assert failure.path == "/signature/key_id"
    assert "for author_attestation alone, not for correction" in failure.message
    assert not list(event_findings(event("author_attestation"), PUBLISHED_NUMBER, ring))
