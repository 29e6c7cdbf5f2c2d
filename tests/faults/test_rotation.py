"""Keys that follow one another, are revoked, or are nobody's: what each verifier makes of it."""

import json
from dataclasses import replace

import pytest

from pith_builder.core.keys import TrustedKey
from pith_builder.core.verification import verify
from pith_builder.operations.audit import audit
from pith_builder.signing.ed25519 import TrustedKeys
from pith_builder.signing.key_files import read_public_key
from tests.lakes import lines, pith, rows

DAYS = [f"2026-11-{day:02d}T00:00:00Z" for day in range(1, 30)]
ONE_SIGNED = DAYS[0]
TURN = DAYS[9]
TWO_SIGNED = DAYS[14]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("rotation")


@pytest.fixture(scope="module")
def settings(place):
    """A registry that took another key between two builds: ten papers by one, ten by two."""
    settings = {"PITH_SIGNING_KEY_FILE": place / "keys" / "key.json", "PITH_LAKE": place / "lake"}
    steps = (
        (("keys", "new", "--key-id", "one"), b""),
        (("build", "-", "--now", ONE_SIGNED), lines(10)),
        (("keys", "rotate", "--key-id", "two", "--now", TURN), b""),
        (("build", "-", "--now", TWO_SIGNED), lines(10, 11)),
    )
    for arguments, stdin in steps:
        run = pith(*arguments, stdin=stdin, **settings)
        assert run.code == 0, run.err
    return settings


@pytest.fixture(scope="module")
def two(settings):
    return read_public_key(settings["PITH_SIGNING_KEY_FILE"].with_suffix(".pub.json"))


@pytest.fixture(scope="module")
def one(settings):
    [file] = settings["PITH_SIGNING_KEY_FILE"].with_suffix(".retired").glob("*.pub.json")
    return read_public_key(file)


def codes(lake, *keys):
    return {finding.code for finding in audit(lake, keys).findings}


def test_a_lake_signed_by_several_keys_audits(settings, one, two):
    lake = settings["PITH_LAKE"]
    assert {row["key_id"] for row in rows(lake, "records")} == {"one", "two"}
    assert {row["key_id"] for row in rows(lake, "keys")} == {"one", "two"}
    assert codes(lake, one, two) == set()
    run = pith("audit", **settings)
    assert (run.code, run.err) == (0, "")


def test_a_key_that_is_not_trusted_is_named(settings, one, two):
    """Also where every bundle carries it: trust comes from the keyring, never from a document."""
    lake = settings["PITH_LAKE"]
    for keys, missing in (((two,), "one"), ((one,), "two"), ((), "one")):
        found = audit(lake, keys).findings
        assert "unknown_key" in {finding.code for finding in found}
        assert any(f"no trusted key is named '{missing}'" in finding.message for finding in found)
    bundle = json.loads(rows(lake, "bundles")[0]["document"])
    assert [key["key_id"] for key in bundle["public_keys"]] == [
        bundle["bundle_signature"]["key_id"]
    ]
    found = {str(failure.code) for failure in verify(bundle, TrustedKeys([])).failures}
    assert found == {"unknown_key", "no_record_created"}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"revoked_at": "2026-11-01T00:00:00.000000Z", "revocation_reason": "lost"}, "revoked_key"),
        ({"rotates_at": ONE_SIGNED}, "key_out_of_time"),
        ({"valid_from": "2026-11-01T00:00:00.000001Z"}, "key_out_of_time"),
    ],
)
def test_what_a_key_signed_out_of_its_time_is_named(settings, one, two, said, code):
    """The manifest, its ten records and their bundles, and nothing that the other key signed."""
    lake = settings["PITH_LAKE"]
    found = audit(lake, [replace(TrustedKey.of(one), **said), two]).findings
    assert code in {finding.code for finding in found}
    assert "manifests/00000001.json" in {finding.place for finding in found}
    wanted = {row["pith_number"] for row in rows(lake, "records") if row["key_id"] == "one"}
    assert {finding.key for finding in found if finding.table == "bundles"} == wanted


@pytest.mark.parametrize(
    "said",
    [
        {"revoked_at": "2026-11-01T00:00:00.000001Z"},
        {"rotates_at": "2026-11-01T00:00:01Z"},
        {"valid_from": "2026-11-01T00:00:00.000000Z"},
    ],
)
def test_what_a_key_signed_in_its_time_keeps_verifying(settings, one, two, said):
    assert codes(settings["PITH_LAKE"], replace(TrustedKey.of(one), **said), two) == set()


def test_whoever_is_told_of_a_revocation_refuses_what_came_after(settings, one, two, place):
    """By the file that `pith keys revoke` writes, given to one who trusts both keys."""
    theirs = place / "theirs"
    theirs.mkdir()
    for key in (one, two):
        (theirs / f"{key.key_id}.json").write_text(json.dumps(key.to_json_object()))
    stranger = {"PITH_SIGNING_KEY_FILE": place / "none.json", "PITH_TRUSTED_KEYS": theirs}
    assert pith("audit", "--lake", settings["PITH_LAKE"], **stranger).code == 0
    bundle = next(row for row in rows(settings["PITH_LAKE"], "bundles") if row["key_id"] == "two")
    (place / "bundle.json").write_text(bundle["document"])

    for at, code in ((TWO_SIGNED, 4), (DAYS[20], 0)):
        told = pith(
            *("keys", "revoke", "two", "--at", at, "--reason", "laptop stolen", "--json"),
            PITH_SIGNING_KEY_FILE=place / f"keys-{code}" / "key.json",
            PITH_TRUSTED_KEYS=theirs,
        ).json()
        run = pith("verify", place / "bundle.json", "--trust", told["file"], **stranger)
        assert run.code == code
        assert ("revoked_key" in run.out) == bool(code)
        assert ("laptop stolen" in run.out) == bool(code)


def test_a_signature_cannot_be_dated_back_past_the_time_its_content_states(one, settings):
    """No signature covers its `signed_at`; a thief without the key can change no other time."""
    lake = settings["PITH_LAKE"]
    bundle = next(
        json.loads(row["document"]) for row in rows(lake, "bundles") if row["key_id"] == "one"
    )
    bundle["bundle_signature"]["signed_at"] = "2026-10-01T00:00:00.000000Z"
    for found in bundle["events"]:
        found["signature"]["signed_at"] = "2026-10-01T00:00:00.000000Z"
    ring = TrustedKeys([replace(TrustedKey.of(one), revoked_at="2026-11-01T00:00:00.000000Z")])
    found = {(failure.path, str(failure.code)) for failure in verify(bundle, ring).failures}
    assert {path for path, code in found if code == "revoked_key"} == {
        "/events/0/signature/key_id",
        "/events/0/payload/receipt/key_id",
        "/events/1/signature/key_id",
        "/bundle_signature/key_id",
    }


def test_once_signed_again_the_new_key_seals_every_record(settings, one, two, place):
    """Who trusts the new key alone sees what it signed; events still want the old one."""
    run = pith("reissue", "--now", DAYS[27], "--json", **settings)
    assert run.code == 0, run.err
    told = run.json()
    assert (told["receipts"], told["bundles"], told["seen"], told["unchanged"]) == (10, 10, 20, 20)
    lake = settings["PITH_LAKE"]
    for table in ("records", "bundles"):
        assert {row["key_id"] for row in rows(lake, table)} == {"two"}
    assert {row["key_id"] for row in rows(lake, "events")} == {"one", "two"}
    assert codes(lake, one, two) == set()
    assert "unknown_key" in codes(lake, two)
    assert pith("audit", **settings).code == 0
    assert "nothing to sign again" in pith("reissue", **settings).out
    exported = pith("export", "mirror", place / "mirror", **settings)
    assert exported.code == 0, exported.err
    record = next((place / "mirror" / "pith").glob("*.json"))
    assert pith("verify", record, **settings).code == 0
    assert json.loads(record.read_bytes())["receipt"]["key_id"] == "two"


def test_reissuing_wants_a_key_to_take_over_from(settings, place):
    lone = {**settings, "PITH_SIGNING_KEY_FILE": place / "lone" / "key.json"}
    assert pith("keys", "new", **lone).code == 0
    for arguments, wanted in (
        ((), "no key of yours is retired"),
        (("--of", "nobody"), "no trusted key is named 'nobody'"),
    ):
        run = pith("reissue", *arguments, **lone)
        assert run.code == 2
        assert wanted in run.err
