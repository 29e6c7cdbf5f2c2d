import json
import subprocess
import sys

import pytest

import pith_builder
from pith_builder import Paper
from pith_builder.errors import MalformedError, UsageError, VerificationError
from pith_builder.settings import Settings
from tests.lakes import AWKWARD, build, line, rows
from tests.makers import KEYRING, NOW, OTHER_SIGNER, REGISTRY, SIGNER, paper

TRUSTED = [SIGNER.public_key]


@pytest.fixture(scope="module")
def minting():
    return pith_builder.mint(AWKWARD.splitlines(), SIGNER, NOW, registry=REGISTRY)


def test_what_is_minted_is_what_a_build_mints(minting, tmp_path):
    lake = tmp_path / "lake"
    build(lake, AWKWARD)

    held = {row["pith_number"]: row["document"] for row in rows(lake, "bundles")}
    assert {one.pith_number: one.bundle.decode() for one in minting.records} == held
    assert minting.public_key == SIGNER.public_key


def test_nothing_is_lost(minting):
    again = pith_builder.mint([line(), line(), b"no JSON", "{}"], SIGNER, NOW)

    assert [(one.line, one.reason) for one in minting.rejected] == [
        (4, "missing_field"),
        (6, "not_json"),
    ]
    assert (len(again.records), again.repeated, len(again.rejected)) == (1, 1, 2)
    assert [one.arxiv_id for one in minting.records] == [
        "0704.0001",
        "0704.0002",
        "0704.0003",
        "math/0309136",
    ]


def test_papers_and_files_are_taken_too(tmp_path, key_file):
    place = tmp_path / "papers.jsonl"
    place.write_bytes(AWKWARD)

    with place.open("rb") as lines:
        of_file = pith_builder.mint(lines, key_file, NOW)
    [of_value] = pith_builder.mint([paper()], SIGNER, NOW).records

    assert len(of_file.records) == 4
    assert isinstance(paper(), Paper)
    assert of_value.arxiv_version == 2
    created = of_value.to_json_object()["events"][0]
    assert created["signer"]["signer_id"] == Settings.of({}).registry.signer_id


def test_text_in_a_surrogate_is_a_reject_not_a_crash():
    assert pith_builder.mint(["\ud800"], SIGNER, NOW).rejected[0].reason == "not_json"


def test_a_missing_key_is_told():
    with pytest.raises(UsageError, match="pith keys new"):
        pith_builder.mint([], "nowhere.json", NOW)


def test_verifying_goes_by_the_keys_named_alone(minting, tmp_path):
    bundle = minting.records[0].bundle
    file = tmp_path / "key.json"
    file.write_text(json.dumps(SIGNER.public_key.to_json_object()))

    for document in (bundle, bundle.decode(), json.loads(bundle)):
        assert pith_builder.verify(document, TRUSTED).failures == ()
        assert pith_builder.verify(document, [str(file)]).failures == ()
        with pytest.raises(VerificationError, match="unknown_key"):
            pith_builder.verify(document, [OTHER_SIGNER.public_key]).verified()


@pytest.mark.parametrize("unsayable", ["\ud800", 2**70, float("nan"), {1: "one"}, object()])
def test_what_json_cannot_say_is_told_and_not_raised(minting, unsayable):
    document = minting.records[0].to_json_object()
    document["events"][1]["payload"]["graph_snapshot"]["paper"]["title"] = unsayable

    (failure,) = pith_builder.verify(document, TRUSTED).failures

    assert failure.code == "not_json"


def test_merging_is_of_the_set_of_events(minting):
    bundles = [one.to_json_object() for one in minting.records]
    events = [event for bundle in bundles for event in bundle["events"]]

    whole = pith_builder.merge(bundles, TRUSTED)
    pieces = pith_builder.merge([*map(json.dumps, reversed(events)), *bundles[:1]], TRUSTED)

    assert [*whole] == sorted(one.pith_number for one in minting.records)
    for bundle in bundles:
        assert json.loads(whole[bundle["pith_number"]].state.document) == bundle["state"]
    assert {one.state.state_sha256 for one in whole.values()} == {
        one.state.state_sha256 for one in pieces.values()
    }


def test_what_nobody_trusted_created_has_no_state_and_what_is_none_is_refused(minting):
    [merged] = pith_builder.merge([minting.records[0].bundle], [OTHER_SIGNER.public_key]).values()

    assert merged.state is None
    assert merged.refused
    with pytest.raises(MalformedError, match="document 2"):
        pith_builder.merge([minting.records[0].bundle, {"kind": "letter"}], KEYRING)


def test_importing_the_package_imports_nothing_else():
    code = (
        "import sys, pith_builder;"
        "print([name for name in ('click', 'duckdb', 'nacl', 'pyarrow', 'pith_builder.api')"
        " if name in sys.modules])"
    )
    run = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert run.stdout == "[]\n"
    assert set(dir(pith_builder)) >= set(pith_builder.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = pith_builder.nothing
