"""Keys that are trusted for some things alone, and from a time or until one."""

import json

import pytest

from pith_builder.core.canonical import BundleDigest, EventDigest, ManifestDigest, RecordDigest
from pith_builder.core.event_checks import Reason, event_findings
from pith_builder.core.keys import (
    KeyOutOfTimeError,
    KeyRefusedError,
    PublicKey,
    RevokedKeyError,
    Signature,
    TrustedKey,
    UnknownKeyError,
    WrongSignerError,
)
from pith_builder.core.report import Code
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


# --- As whom ------------------------------------------------------------------------------------


def test_a_key_may_sign_under_the_names_it_is_trusted_for_and_no_others():
    ring = TrustedKeys([trusted(signer_ids=frozenset({"mirror.example"}))])
    assert not list(event_findings(event("correction"), PUBLISHED_NUMBER, ring))

    other = event(
        "correction",
        signer={
            "key_id": KEY.key_id,
            "public_key_fingerprint": KEY.fingerprint,
            "signer_id": "pith.science",
            "signer_type": "pith_registry",
        },
    )
    ((reason, failure),) = event_findings(other, PUBLISHED_NUMBER, ring)
    assert reason is Reason.SIGNER_MISMATCH
    assert (failure.path, failure.code) == ("/signature/key_id", Code.SIGNER_MISMATCH)
    assert "sign as mirror.example alone, not as pith.science" in failure.message


def test_names_bind_events_alone_which_are_all_that_name_a_signer():
    ring = TrustedKeys([trusted(signer_ids=frozenset({"mirror.example"}))])
    for kind in DIGESTS:
        ring.verified(*signed(kind))
    with pytest.raises(WrongSignerError):
        ring.verified(*signed(EventDigest), "correction", "another")


# --- When ---------------------------------------------------------------------------------------


def trusted(**said):
    return TrustedKey(key_id=KEY.key_id, raw=KEY.raw, **said)


def signed_at(instant):
    digest = RecordDigest(bytes(32))
    return digest, Signature(KEY.key_id, KEY.fingerprint, SIGNER.sign(digest), instant)


NOON = "2026-11-20T12:00:00.000000Z"
JUST_BEFORE = "2026-11-20T11:59:59.999999Z"


@pytest.mark.parametrize(
    ("said", "within", "refused", "error"),
    [
        ({"revoked_at": NOON}, JUST_BEFORE, NOON, RevokedKeyError),
        ({"rotates_at": "2026-11-20T12:00:00Z"}, JUST_BEFORE, NOON, KeyOutOfTimeError),
        ({"rotates_at": "2026-11-20T13:00:00+01:00"}, JUST_BEFORE, NOON, KeyOutOfTimeError),
        ({"valid_from": NOON}, NOON, JUST_BEFORE, KeyOutOfTimeError),
    ],
    ids=str,
)
def test_a_time_has_its_first_instant(said, within, refused, error):
    ring = TrustedKeys([trusted(**said)])

    assert ring.verified(*signed_at(within)).key_id == KEY.key_id
    for instant in (refused, None):
        with pytest.raises(error) as found:
            ring.verified(*signed_at(instant))
        assert instant is None or instant in str(found.value)


def test_a_revocation_is_told_before_any_other_bound_and_with_its_reason():
    ring = TrustedKeys(
        [trusted(revoked_at=NOON, revocation_reason="stolen", rotates_at="2026-11-20T12:00:00Z")]
    )
    with pytest.raises(RevokedKeyError, match=f"is revoked from {NOON}: stolen") as refused:
        ring.verified(*signed_at(NOON))
    assert (refused.value.code, refused.value.field) == (Code.REVOKED_KEY, "key_id")


@pytest.mark.parametrize("turned", [False, True])
def test_of_a_key_named_twice_the_narrower_time_holds(turned):
    keys = [KEY, trusted(revoked_at=NOON, revocation_reason="stolen"), trusted(valid_from=NOON)]
    ring = TrustedKeys([*reversed(keys)] if turned else keys)
    for instant in (JUST_BEFORE, NOON):
        with pytest.raises(KeyRefusedError):
            ring.verified(*signed_at(instant))

    earlier = trusted(revoked_at=JUST_BEFORE, revocation_reason="noticed sooner")
    with pytest.raises(RevokedKeyError, match="noticed sooner"):
        TrustedKeys([keys[1], earlier]).verified(*signed_at(JUST_BEFORE))


def test_the_later_of_two_times_counts_because_no_signature_covers_its_own():
    block = {
        "key_id": KEY.key_id,
        "public_key_fingerprint": KEY.fingerprint,
        "signature_b64": "A" * 86 + "==",
        "signed_at": JUST_BEFORE,
    }
    assert Signature.from_block(block).made_at == JUST_BEFORE
    assert Signature.from_block(block, "2026-11-20T12:00:00Z").made_at == NOON
    assert Signature.from_block(block, "2026-11-20T11:00:00Z").made_at == JUST_BEFORE


def test_what_bounds_a_key_stands_in_its_file(tmp_path):
    place = tmp_path / "key.json"
    said = {
        "event_types": ["correction"],
        "signer_ids": ["a.example", "b.example"],
        "valid_from": "2026-11-20T13:00:00+01:00",
        "revoked_at": "2026-11-21T00:00:00Z",
        "revocation_reason": "stolen",
    }
    place.write_text(json.dumps({**KEY.to_json_object(), **said}))

    key = read_public_key(place)

    assert key.trust() == {
        **said,
        "valid_from": NOON,
        "revoked_at": "2026-11-21T00:00:00.000000Z",
    }
    assert TrustedKey.of(key) is key
    assert TrustedKey.of(KEY).trust() == {}


@pytest.mark.parametrize(
    "said",
    [
        {"signer_ids": []},
        {"signer_ids": "one"},
        {"valid_from": None},
        {"revoked_at": "yesterday"},
        {"revoked_at": "2026-11-21T00:00:00"},
        {"revoked_at": "2026-02-30T00:00:00Z"},
        {"revocation_reason": "two\nlines"},
        {"rotates_at": "soon"},
    ],
    ids=str,
)
def test_a_bound_in_no_form_is_refused_not_passed_over(tmp_path, said):
    place = tmp_path / "key.json"
    place.write_text(json.dumps({**KEY.to_json_object(), **said}))
    with pytest.raises(MalformedError, match=r"key\.json: "):
        read_public_key(place)


def test_a_keyring_is_made_of_keys_whose_times_are_times():
    with pytest.raises(MalformedError, match="no instant: 'soon'"):
        TrustedKeys([PublicKey(key_id="k", raw=KEY.raw, rotates_at="soon")])


def test_a_key_vouches_for_what_was_minted_only_as_whom_and_when_it_is_trusted():
    ring = TrustedKeys([trusted(signer_ids=frozenset({"a.example"}), revoked_at=NOON)])
    assert ring.holds(KEY, "a.example", JUST_BEFORE)
    assert not ring.holds(KEY, "b.example", JUST_BEFORE)
    assert not ring.holds(KEY, "a.example", NOON)
    assert not TrustedKeys([trusted_for("record_created")]).holds(KEY, "a.example", NOON)
    assert not TrustedKeys([]).holds(KEY, "a.example", NOON)
