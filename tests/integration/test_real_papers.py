"""The whole way on real papers, from the command line to a stranger's verifier."""

import json
import re

import pytest

from pith_builder.core.canonical import canonical_json
from pith_builder.lake.query import connect
from pith_builder.operations.show import View, show
from tests.integration import independent
from tests.lakes import SAMPLE, pith, rows
from tests.makers import SHARED, needs_shared

pytestmark = needs_shared

REAL = SHARED / "conformance" / "real_papers.jsonl"
EXPECTED = SHARED / "conformance" / "real_expected.jsonl"
SNAPSHOTS = sorted((SHARED / "arxiv" / "snapshot").glob("*.jsonl"))


def built(folder, key_file, *sources):
    """Build a lake with the command, and return it with what the command told."""
    lake = folder / "lake"
    run = pith("build", *sources, "--lake", lake, "--json", PITH_SIGNING_KEY_FILE=key_file)
    assert run.code == 0, run.err
    return lake, run.json()


@pytest.fixture(scope="module")
def real(tmp_path_factory, key_file):
    return built(tmp_path_factory.mktemp("real"), key_file, REAL)


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory, key_file):
    return built(tmp_path_factory.mktemp("snapshots"), key_file, *SNAPSHOTS)


@pytest.fixture(scope="module")
def key(key_file):
    """The public key, as a stranger is given it."""
    public = json.loads(key_file.with_name("key.pub.json").read_bytes())
    return independent.Key(public["key_id"], public["public_key_hex"])


def test_all_36_real_papers_get_their_published_numbers_and_records(real):
    lake, told = real
    wanted = [json.loads(line) for line in EXPECTED.read_bytes().splitlines()]
    minted = {row["arxiv_id"]: row for row in rows(lake, "records")}

    assert (told["seen"], told["minted"], told["rejected"]) == (36, 36, 0)
    assert len(wanted) == len(minted) == 36
    for paper in wanted:
        row = minted[paper["arxiv_id"]]
        assert row["pith_number"] == paper["pith_number"]
        assert row["canonical_sha256"] == paper["canonical_sha256"]
        assert row["arxiv_version"] == paper["version"]
        shown = show(connect(lake), paper["pith_number"], View.CANONICAL, "https://x.example")
        assert shown == canonical_json(paper["canonical_record"])


def test_a_real_paper_is_resolved_by_each_of_its_names(real):
    lake, _ = real
    paper = json.loads(EXPECTED.read_bytes().splitlines()[1])
    for ref in (paper["arxiv_id"], f"{paper['arxiv_id']}v{paper['version']}", paper["pith_number"]):
        run = pith("resolve", ref, "--lake", lake, "--json")
        assert run.json()["record"]["pith_number"] == paper["pith_number"]


def test_the_counts_of_all_snapshots_add_up(snapshots):
    lake, told = snapshots
    observed = sum(len(path.read_bytes().splitlines()) for path in SNAPSHOTS)

    assert told["seen"] == observed == told["minted"] + told["unchanged"] + told["rejected"]
    assert (told["seen"], told["rejected"]) == (1180, 0)
    assert len(rows(lake, "records")) == told["minted"]


@pytest.mark.parametrize("name", ["real", "snapshots"])
def test_the_lake_passes_its_audit(request, name, key_file):
    lake, told = request.getfixturevalue(name)
    run = pith("audit", "--lake", lake, "--json", PITH_SIGNING_KEY_FILE=key_file)

    report = run.json()
    assert (run.code, report["findings"]) == (0, [])
    assert report["rows"]["records"] == told["minted"]
    assert report["rows"]["events"] == 2 * told["minted"]
    assert report["rows"]["aliases"] == 6 * told["minted"]


@pytest.mark.parametrize("name", ["real", "snapshots"])
def test_a_stranger_verifies_every_bundle_and_state(request, name, key):
    lake, told = request.getfixturevalue(name)
    bundles = {row["pith_number"]: row["document"].encode() for row in rows(lake, "bundles")}
    states = {row["pith_number"]: row["document"].encode() for row in rows(lake, "states")}
    lines = {row["pith_number"]: _line(row) for row in rows(lake, "records")}

    assert bundles.keys() == states.keys() == lines.keys()
    assert len(bundles) == told["minted"]
    for number, bundle in bundles.items():
        assert independent.check_bundle(bundle, key, lines[number]) == number
        assert independent.check_state(states[number], bundle) == number


def _line(record):
    """Return the line of the source file that a record says it was observed in."""
    place = next(path for path in (REAL, *SNAPSHOTS) if path.name == record["source_name"])
    return place.read_bytes().splitlines()[record["source_line"] - 1]


def test_what_show_prints_is_what_a_stranger_verifies(real, key):
    lake, _ = real
    number = json.loads(EXPECTED.read_bytes().splitlines()[0])["pith_number"]
    bundle = pith("show", number, "--as", "bundle", "--lake", lake).out.encode()
    state = pith("show", number, "--as", "state", "--lake", lake).out.encode()

    assert independent.check_bundle(bundle, key) == number
    assert independent.check_state(state, bundle) == number


def test_the_published_documents_are_verified_by_the_shipped_key():
    published = sorted((SHARED / "conformance" / "documents").iterdir())
    run = pith("verify", *published)

    assert (run.code, run.err) == (0, "")
    assert len(re.findall("^ok ", run.out, re.MULTILINE)) == len(published) == 5


def test_building_all_of_it_again_mints_nothing(snapshots, key_file):
    lake, told = snapshots
    run = pith("build", *SNAPSHOTS, "--lake", lake, "--json", PITH_SIGNING_KEY_FILE=key_file)

    again = run.json()
    assert (again["minted"], again["committed"], again["sequence"]) == (0, False, 1)
    assert again["unchanged"] == told["seen"]


def test_the_sample_holds_no_real_papers_but_the_published_one(snapshots):
    lake, _ = snapshots
    real_ids = {row["arxiv_id"] for row in rows(lake, "records")}
    sample_ids = {json.loads(line)["id"] for line in SAMPLE.read_bytes().splitlines()}

    assert real_ids & sample_ids <= {"1804.01852"}
