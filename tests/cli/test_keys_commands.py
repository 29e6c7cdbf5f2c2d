import json

import pytest

from tests.lakes import pith

REVOKE = ("keys", "revoke", "one", "--at", "2026-11-20T00:00:00Z", "--reason", "laptop stolen")


@pytest.fixture
def key(tmp_path):
    settings = {"PITH_SIGNING_KEY_FILE": tmp_path / "keys" / "key.json"}
    assert pith("keys", "new", "--key-id", "one", **settings).code == 0
    return settings


def test_a_key_is_rotated_listed_and_revoked(key, tmp_path):
    run = pith("keys", "rotate", "--key-id", "two", "--now", "2026-12-01T00:00:00Z", **key)
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("made key two, fingerprint ")
    assert "retired one: its private key is in" in run.out
    shown = json.loads(pith("keys", "show", **key).out)
    assert shown["key_id"] == "two"

    told = pith(*REVOKE, **key)
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("revoked one, fingerprint ")
    assert "from 2026-11-20T00:00:00.000000Z" in told.out

    listed = pith("keys", "list", **key).out.splitlines()
    assert [line.split()[0] for line in listed] == ["pith-v1-2026-05", "two", "one", "one"]
    assert listed[2].endswith("  until 2026-12-01T00:00:00.000000Z")
    assert listed[3].endswith("  revoked from 2026-11-20T00:00:00.000000Z: laptop stolen")
    seeds = [
        json.loads(file.read_bytes())["seed_b64"]
        for file in tmp_path.rglob("*.json")
        if "seed_b64" in file.read_text()
    ]
    assert len(seeds) == 2
    for said in (run, told):
        assert all(seed not in said.out + said.err for seed in seeds)


def test_rotating_and_revoking_are_told_to_machines(key):
    made = pith("keys", "rotate", "--json", **key).json()
    revoked = pith(*REVOKE, "--json", **key).json()
    listed = pith("keys", "list", "--json", **key).json()

    assert made["key_id"].startswith("pith-builder-20")
    assert revoked["revoked_at"] == "2026-11-20T00:00:00.000000Z"
    assert revoked["file"].endswith(f"{revoked['fingerprint_sha256_hex']}.json")
    assert [one.get("revocation_reason") for one in listed] == [None, None, None, "laptop stolen"]


def test_a_key_without_a_name_is_given_one_that_is_free(key):
    names = [pith("keys", "rotate", "--json", **key).json()["key_id"] for _ in range(3)]
    assert len(set(names)) == 3


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("keys", "revoke", "nobody", "--reason", "x"), "no trusted key is named 'nobody'"),
        (("keys", "revoke", "one"), "Missing option '--reason'"),
        (("keys", "rotate", "--key-id", "one"), "a key of ours is named 'one' already"),
        ((*REVOKE[:3], "--at", "then", "--reason", "x"), "'then' is not an instant"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(key, arguments, wanted):
    run = pith(*arguments, **key)
    assert run.code == 2
    assert wanted in run.err
