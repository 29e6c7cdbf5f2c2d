import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.minting import Mint
from pith_builder.core.number import SHORT_LENGTHS
from pith_builder.core.specimen import minted_specimen, record_specimen
from tests.makers import NOW, REFERENCE_KEY, REGISTRY, SIGNER, mint_one, paper, signing_law
from tests.unit.core import reference

SEEDS = range(1, 10)


def specimen(seed, registry=REGISTRY):
    return minted_specimen(seed, registry, SIGNER.public_key, NOW)


def test_no_two_specimens_say_the_same_in_any_gap():
    for name in specimen(1).gaps:
        assert len({specimen(seed).gaps[name] for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_words_of_a_specimen_stand_in_others_but_short_names_in_the_suffix(seed):
    gaps = specimen(seed).gaps
    names = {"number", "suffix", *(f"short_{length}" for length in SHORT_LENGTHS)}

    for one, other in combinations(gaps, 2):
        if not {one, other} <= names:
            assert gaps[one] not in gaps[other]
            assert gaps[other] not in gaps[one]


@pytest.mark.parametrize("seed", SEEDS)
def test_documents_are_what_the_reference_says_but_for_signatures(seed):
    found = specimen(seed)
    a_paper, record = record_specimen(seed)

    receipt, events, state, bundle = reference.minted(a_paper, REGISTRY, Marker(), NOW)

    documents = found.documents
    assert documents["record"] == record.documents["record"]
    assert documents["record"] == reference.canonical(bundle["canonical_record"])
    for name, event in zip(("created", "graph"), events, strict=True):
        content = reference.without(event, "signature", "content_sha256", "event_id")
        assert documents[f"{name}_payload"] == reference.canonical(event["payload"])
        assert documents[f"{name}_content"] == reference.canonical(content)
        assert documents[name] == reference.canonical(event)
        assert found.gaps[f"{name}_sha256"].decode() == event["content_sha256"]
    assert documents["aliases"] == reference.canonical(bundle["source_aliases"])
    assert documents["state_head"] + found.ends["state_tail"] == reference.canonical(
        reference.without(state, "state_sha256")
    )
    assert documents["state"] == reference.canonical(state)
    assert found.ends["bundle_head"] + documents["bundle_tail"] == reference.canonical(
        reference.without(bundle, "bundle_signature")
    )
    assert documents["bundle"] == reference.canonical(bundle)
    assert found.gaps["receipt_signature"].decode() == receipt["signature_b64"]


class Marker(reference.Key):
    """Our key, which marks a digest with itself and its own digest in the place of signing it."""

    def __init__(self):
        key = SIGNER.public_key
        super().__init__(key.key_id, bytes(range(32)), key.url, key.notes)

    def signature(self, hex_digest, signed_message, signed_at):
        mark = bytes.fromhex(hex_digest + reference.sha256(bytes.fromhex(hex_digest)))
        block = super().signature(hex_digest, signed_message, signed_at)
        return {**block, "signature_b64": base64.b64encode(mark).decode()}


def test_each_document_stands_after_those_it_holds():
    documents = list(specimen(1).documents.values())

    for place, document in enumerate(documents):
        assert not any(document in earlier for earlier in documents[:place])


ANOTHER = replace(
    REGISTRY, signer_id="another", name="Another", base_url="https://x.example", builder_version="x"
)
ITS_OWN = {
    name: json.loads(said) if said.startswith(b'"') else said.decode()
    for name, said in specimen(1).gaps.items()
    if said == specimen(1, ANOTHER).gaps[name] and not said.startswith(b"[")
}
"""What a specimen says whoever builds, as strings have it; a list does not stand in a string."""


@pytest.mark.parametrize("field", ["name", "signer_id", "builder_version"])
@pytest.mark.parametrize("gap", ITS_OWN)
def test_a_registry_that_says_a_specimens_words_is_refused(field, gap):
    registry = replace(REGISTRY, **{field: ITS_OWN[gap]})

    with pytest.raises(RuntimeError, match=r"the template of \w+ does not make"):
        Mint(registry, SIGNER, NOW)


def test_the_words_of_a_specimen_are_those_of_its_paper_and_its_record():
    assert {"title", "excerpt", "authors", "license", "arxiv_id", "version"} < ITS_OWN.keys()
    assert {"digest", "number", "suffix", "short_8", "receipt_signature"} < ITS_OWN.keys()
    assert len(ITS_OWN) == 17


def test_the_instant_of_a_specimen_is_refused():
    with pytest.raises(RuntimeError, match=r"the template of \w+ does not make"):
        Mint(REGISTRY, SIGNER, datetime(1, 1, 1, 1, 1, 1, tzinfo=UTC))


words = st.lists(
    st.sampled_from([*ITS_OWN.values(), *specimen(2).gaps, "Specimen 1", "7000", '"', "\\", " "])
)


@signing_law
@given(words.map("".join).filter(bool))
def test_whatever_a_registry_is_named_it_mints_as_the_reference_or_not_at_all(name):
    registry = replace(REGISTRY, name=name)
    try:
        found = mint_one(paper(), registry=registry)
    except RuntimeError:
        return

    bundle = reference.minted(paper(), registry, REFERENCE_KEY, NOW)[-1]
    assert found.bundle.document == reference.canonical(bundle)
