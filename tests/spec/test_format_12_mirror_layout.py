"""FORMAT.md 12: where a mirror serves what."""

from pith_builder.core.number import PithNumber
from pith_builder.core.registry import bundle_links, record_links
from tests.makers import PUBLISHED_NUMBER, REGISTRY

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
