import pytest

from pith_builder.core.mirror import MIRRORS, MirrorFile, located, mirrors_document
from pith_builder.core.number import PithNumber
from pith_builder.core.registry import bundle_links, record_links
from tests.makers import PUBLISHED_KEY, PUBLISHED_NUMBER, PUBLISHED_REGISTRY

SUFFIX = "REQM6TSZ2XBI5YFGVPNQEI7HST"
NUMBER = PithNumber.parse(PUBLISHED_NUMBER)


@pytest.mark.parametrize("file", MirrorFile)
def test_a_path_is_read_as_it_is_written(file):
    assert located(file.path(SUFFIX)) == (file, SUFFIX)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "pith/",
        "pith/.json",
        f"pith/{SUFFIX}",
        f"pith/{SUFFIX.lower()}.json",
        f"pith/{SUFFIX}.jsonx",
        f"pith/{SUFFIX}xjson",
        f"/pith/{SUFFIX}.json",
        f"pith/{SUFFIX}/../{SUFFIX}.json",
        f"pith/{SUFFIX}/bundle.json\n",
        f"pith/{SUFFIX[:-1]}1/bundle.json",
        f"pith/{SUFFIX[:-1]}/bundle.json",
    ],
)
def test_no_other_path_is_a_record_s(path):
    assert located(path) is None


def test_the_paths_are_those_that_documents_link_to():
    base = "https://mirror.example"
    links = bundle_links(base, NUMBER) | record_links(base, NUMBER)
    said = {
        MirrorFile.RECORD: links["json"],
        MirrorFile.PAGE: f"{links['html']}/index.html",
        MirrorFile.BUNDLE: links["bundle"],
        MirrorFile.STATE: links["state"],
        MirrorFile.METADATA: f"{links['html']}/metadata.json",
        MirrorFile.WELL_KNOWN_BUNDLE: links["well_known_bundle"],
        MirrorFile.GRAPH: links["graph_json"],
        MirrorFile.EVENTS: links["events_json"],
    }

    assert said == {file: f"{base}/{file.path(SUFFIX)}" for file in MirrorFile}


def test_a_mirror_says_where_bundles_lie_and_whose_key_signs_them():
    document = mirrors_document(PUBLISHED_REGISTRY, PUBLISHED_KEY, "2026-05-19T20:12:26Z")

    assert not list(MIRRORS.failures(document, ""))
    assert (document["manifest_type"], document["manifest_version"]) == (
        "pith_mirror_manifest",
        "1.0",
    )
    assert document["generated_at"] == "2026-05-19T20:12:26Z"
    assert document["merge_version"] == "pith-open-graph-merge-v1"
    assert document["mirrors"] == [
        {
            "name": "Pith Resolver",
            "mirror_type": "https",
            "base_url": "https://pith.science",
            "bundle_pattern": "https://pith.science/pith/{suffix}/bundle.json",
            "state_pattern": "https://pith.science/pith/{suffix}/state.json",
            "well_known_pattern": "https://pith.science/.well-known/pith/{suffix}/bundle.json",
            "public_key": PUBLISHED_KEY.to_json_object(),
            "status": "primary",
        }
    ]


def test_others_follow_one_s_own_mirror():
    own = mirrors_document(PUBLISHED_REGISTRY, PUBLISHED_KEY, "2026-05-19T20:12:26Z")["mirrors"][0]
    other = {**own, "name": "Another", "status": "mirror"}
    listed = mirrors_document(PUBLISHED_REGISTRY, PUBLISHED_KEY, "2026-05-19T20:12:26Z", [other])

    assert listed["mirrors"] == [own, other]
