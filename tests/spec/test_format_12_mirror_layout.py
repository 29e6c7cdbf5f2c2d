"""FORMAT.md 12: where a mirror serves what."""

from pith_builder.core.mirror import KEY_PATH, MIRRORS, MIRRORS_PATH, MirrorFile, mirrors_document
from pith_builder.core.number import PithNumber
from pith_builder.core.registry import bundle_links, record_links
from tests.makers import NOW_SECONDS, PUBLISHED_NUMBER, REGISTRY, SIGNER

SUFFIX = "REQM6TSZ2XBI5YFGVPNQEI7HST"
NUMBER = PithNumber.parse(PUBLISHED_NUMBER)
BASE = REGISTRY.base_url


def test_bundle_and_state_lie_under_the_suffix():
    links = bundle_links(BASE, NUMBER)
    assert links["resolver"] == f"{BASE}/pith/{SUFFIX}"
    assert links["bundle"] == f"{BASE}/pith/{SUFFIX}/bundle.json"
    assert links["state"] == f"{BASE}/pith/{SUFFIX}/state.json"
    assert links["well_known_bundle"] == f"{BASE}/.well-known/pith/{SUFFIX}/bundle.json"


def test_the_record_its_graph_and_its_events():
    links = record_links(BASE, NUMBER)
    assert links["json"] == f"{BASE}/pith/{SUFFIX}.json"
    assert links["graph_json"] == f"{BASE}/api/pith-number/{SUFFIX}/graph.json"
    assert links["events_json"] == f"{BASE}/api/pith-number/{SUFFIX}/events.json"


def test_the_key_is_served_beside_them():
    assert REGISTRY.key_url() == f"{BASE}/pith-signing-key.json"


def test_the_files_of_a_record():
    assert {file.path(SUFFIX) for file in MirrorFile} >= {
        f"pith/{SUFFIX}.json",
        f"pith/{SUFFIX}/bundle.json",
        f"pith/{SUFFIX}/state.json",
        f".well-known/pith/{SUFFIX}/bundle.json",
        f"api/pith-number/{SUFFIX}/graph.json",
        f"api/pith-number/{SUFFIX}/events.json",
    }


def test_the_files_of_the_mirror_as_a_whole():
    assert (KEY_PATH, MIRRORS_PATH) == ("pith-signing-key.json", "pith-mirrors.json")


def test_the_mirror_manifest():
    manifest = mirrors_document(REGISTRY, SIGNER.public_key, NOW_SECONDS)
    assert set(manifest) == {
        "manifest_type",
        "manifest_version",
        "generated_at",
        "merge_version",
        "mirrors",
        "notes",
    }
    assert set(manifest["mirrors"][0]) == {
        "name",
        "mirror_type",
        "base_url",
        "bundle_pattern",
        "state_pattern",
        "well_known_pattern",
        "public_key",
        "status",
    }
    assert not list(MIRRORS.failures(manifest, ""))
