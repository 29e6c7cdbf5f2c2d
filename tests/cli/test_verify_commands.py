import json

import pytest

from tests.lakes import LATER, build, copied, lines, pith
from tests.makers import SIGNER

NUMBER = "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST"


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """The public-key object of the session's lakes."""
    path = tmp_path_factory.mktemp("trust") / "ours.json"
    path.write_text(json.dumps(SIGNER.public_key.to_json_object()))
    return path


# --- prove --------------------------------------------------------------------------------------


def test_what_is_proved_is_verified_without_the_lake(sample_lake, ours, tmp_path):
    out = tmp_path / "proof.json"
    run = pith("prove", "1804.01852", "--out", out, "--lake", sample_lake)
    assert (run.code, run.out, run.err) == (0, "", "")
    assert 4_000 < out.stat().st_size < 20_000
    assert pith("prove", NUMBER, "--lake", sample_lake).out.encode() == out.read_bytes() + b"\n"

    run = pith("verify", out, "--trust", ours, PITH_LAKE="/no/such/lake")
    assert (run.code, run.out) == (0, f"ok  {out}: inclusion_proof {NUMBER}\n")

    run = pith("verify", out)
    assert run.code == 4
    assert "/manifest/manifest_signature/key_id: unknown_key" in run.out


@pytest.mark.parametrize(
    ("ref", "wanted"),
    [("1804.99999", "no record"), ("pith:2018:AAAAAAAAAAAAAAAAAAAAAAAAAA", "no record")],
)
def test_what_is_not_in_the_lake_is_not_proved(sample_lake, ref, wanted):
    run = pith("prove", ref, "--lake", sample_lake)
    assert (run.code, run.out) == (2, "")
    assert wanted in run.err


# --- verify --since -----------------------------------------------------------------------------


def test_a_lake_is_compared_with_a_manifest_that_was_kept(lake_of_two, ours, tmp_path):
    lake = copied(lake_of_two, tmp_path)
    (tmp_path / "kept.json").write_bytes((lake / "manifests" / "00000001.json").read_bytes())
    build(lake, lines(3), now=LATER)
    asked = ("verify", "--since", tmp_path / "kept.json", "--lake", lake, "--trust", ours)

    run = pith(*asked)
    assert (run.code, run.err) == (0, "")
    assert "records: 4 rows then, 8 now\n" in run.out
    assert run.out.endswith("ok: manifest 3 since manifest 1\n")
    told = pith(*asked, "--json").json()
    assert (told["ok"], told["then"], told["now"]) == (True, 1, 3)
    assert told["tables"]["records"]["rows_now"] == 8

    (lake / "manifests" / "00000002.json").unlink()
    run = pith(*asked)
    assert run.code == 4
    assert "manifests/00000002.json: bad_manifest" in run.out


@pytest.mark.parametrize(
    ("arguments", "wanted", "code"),
    [
        ((), "wanted files to verify, or --since", 2),
        (("/dev/null", "--since", "pyproject.toml"), "one of them", 2),
        (("--since", "/no/such/file"), "does not exist", 2),
        (("--since", "pyproject.toml"), "not JSON", 3),
    ],
)
def test_what_cannot_be_compared_is_told(arguments, wanted, code):
    run = pith("verify", *arguments)
    assert (run.code, run.out) == (code, "")
    assert wanted in run.err
