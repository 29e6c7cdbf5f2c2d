import json
from dataclasses import replace

import pytest

from pith_builder.core.number import PithNumber
from pith_builder.core.registry import (
    Registry,
    agent_actions,
    bundle_links,
    primary_mirror_hint,
    record_links,
    schema_url,
)
from pith_builder.errors import MalformedError
from tests.makers import (
    BUNDLE,
    PUBLISHED_KEY,
    PUBLISHED_REGISTRY,
    RECORDS,
    REGISTRY,
    document,
    mint,
)

BASE_URL = "https://pith.science"


def test_published_addresses_of_a_bundle():
    bundle = document(BUNDLE)
    number = PithNumber.parse(bundle["pith_number"])
    assert bundle_links(BASE_URL, number) == bundle["links"]
    assert [primary_mirror_hint(BASE_URL, "Pith Resolver", number)] == bundle["mirror_hints"]
    assert PUBLISHED_REGISTRY.key_url() == PUBLISHED_KEY.url


@pytest.mark.parametrize("name", RECORDS)
def test_published_addresses_of_a_record(name):
    record = document(name)
    number = PithNumber.parse(record["pith_number"])
    assert record_links(BASE_URL, number) == record["links"]
    assert agent_actions(BASE_URL, number, record["source"]["id"]) == record["agent_actions"]
    assert schema_url(BASE_URL) == record["schema_url"]


@pytest.mark.parametrize(
    "base_url",
    ["http://localhost:8000", "https://mirror.example/pith", "https://a.b/c/d", "https://[::1]:80"],
)
def test_a_base_url_may_have_a_port_and_a_path(base_url):
    assert replace(REGISTRY, base_url=base_url).key_url() == f"{base_url}/pith-signing-key.json"


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "mirror.example",
        "ftp://mirror.example",
        "https://",
        "https:///a",
        "https://mirror.example/",
        "https://mirror.example/a/",
        "https://mirror.example?a",
        "https://mirror.example/a?b",
        "https://mirror.example#a",
        "https://mirror example",
        "https://mirror.example\n",
        " https://mirror.example",
        "HTTPS://mirror.example",
    ],
)
def test_no_registry_is_at_another_kind_of_address(base_url):
    with pytest.raises(MalformedError, match="not a base URL"):
        replace(REGISTRY, base_url=base_url)


@pytest.mark.parametrize("field", ["signer_id", "name", "builder_version"])
def test_no_registry_is_nameless(field):
    with pytest.raises(MalformedError, match=f"the registry's {field} is empty"):
        replace(REGISTRY, **{field: ""})


def test_a_bundle_says_who_minted_it():
    bundle = json.loads(mint().bundle.document)
    assert Registry.of_bundle(bundle) == REGISTRY
    with pytest.raises(LookupError):
        Registry.of_bundle({**bundle, "mirror_hints": []})
    with pytest.raises(TypeError):
        Registry.of_bundle(None)
