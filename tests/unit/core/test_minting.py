import json
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.keys import PublicKey
from pith_builder.core.merge import merge
from pith_builder.core.minting import Identity, Mint
from pith_builder.core.verification import verify, verify_bytes
from pith_builder.errors import MalformedError
from pith_builder.signing.ed25519 import Ed25519Signer
from tests.makers import (
    KEYRING,
    NOW,
    PUBLISHED_NUMBER,
    REFERENCE_KEY,
    REGISTRY,
    SIGNER,
    mint,
    paper,
    papers,
    signing_law,
    text,
)
from tests.unit.core import reference

instants = st.datetimes(min_value=NOW.replace(tzinfo=None), timezones=st.just(NOW.tzinfo))
names = text.filter(lambda name: name and name.isprintable())
registries = st.builds(
    replace,
    st.just(REGISTRY),
    signer_id=names,
    name=text.filter(bool),
    base_url=st.sampled_from(["http://localhost:8000", "https://mirror.example/pith"]),
    builder_version=names,
)


@signing_law
@given(papers, registries, instants)
def test_minting_makes_the_bytes_that_the_reference_makes(a_paper, registry, now):
    minted = Mint(registry, SIGNER, now).mint(Identity.of(a_paper))

    receipt, events, state, bundle = reference.minted(a_paper, registry, REFERENCE_KEY, now)
    assert minted.receipt == receipt
    assert [event.document for event in minted.events] == list(map(reference.canonical, events))
    assert minted.state.document == reference.canonical(state)
    assert minted.bundle.document == reference.canonical(bundle)
    assert minted.bundle.bundle_sha256 == bundle["bundle_signature"]["bundle_sha256"]


@signing_law
@given(papers, registries, instants)
def test_whatever_is_minted_holds(a_paper, registry, now):
    minted = Mint(registry, SIGNER, now).mint(Identity.of(a_paper))
    report = verify_bytes(minted.bundle.document, KEYRING)
    assert report.verified() == str(minted.identity.number)
    for document in (minted.state.document, *(event.document for event in minted.events)):
        assert verify_bytes(document, KEYRING).failures == ()


@signing_law
@given(papers)
def test_the_state_of_a_mint_is_the_merge_of_its_events(a_paper):
    minted = Mint(REGISTRY, SIGNER, NOW).mint(Identity.of(a_paper))
    events = [json.loads(event.document) for event in minted.events]
    merged = merge(str(minted.identity.number), events, minted.aliases, KEYRING)
    assert merged == minted.state
    assert (merged.valid_event_count, merged.invalid_event_count) == (2, 0)


def test_minting_twice_gives_the_same_bytes():
    assert mint().bundle.document == mint().bundle.document


def test_four_signatures_are_made_each_over_its_own_digest():
    bundle = json.loads(mint().bundle.document)
    receipt = bundle["events"][0]["payload"]["receipt"]
    blocks = [receipt, *(event["signature"] for event in bundle["events"])]
    blocks.append(bundle["bundle_signature"])
    assert len({block["signature_b64"] for block in blocks}) == 4
    assert [block["signed_message"] for block in blocks] == [
        "canonical_sha256_bytes",
        "open_graph_event_sha256_bytes",
        "open_graph_event_sha256_bytes",
        "bundle_sha256_bytes",
    ]


def test_an_identity_is_a_record_its_digest_and_its_number():
    identity = Identity.of(paper())
    assert identity.record.digest() == identity.digest
    assert str(identity.number) == PUBLISHED_NUMBER == str(identity.record.pith_number())
    assert identity.paper == paper()


def test_a_mint_is_at_one_instant_of_utc():
    assert Mint(REGISTRY, SIGNER, NOW).now == NOW
    with pytest.raises(MalformedError, match="not in UTC"):
        Mint(REGISTRY, SIGNER, datetime(2026, 11, 20))  # noqa: DTZ001 - no zone is the point


@pytest.mark.parametrize("field", ["title", "abstract", "authors", "license", "categories"])
def test_text_that_utf8_cannot_write_is_malformed(field):
    raw = ("cs.\ud800",) if field == "categories" else "lone \ud800"
    with pytest.raises(MalformedError):
        mint(**{field: raw})


UNWRITABLE = {
    "an empty cross-list": lambda: minted_with(a_paper=paper(categories=("cs.LG", ""))),
    "white space in a category": lambda: minted_with(a_paper=paper(categories=("cs LG",))),
    "a line break in the signer": lambda: minted_with(replace(REGISTRY, signer_id="a\nb")),
    "a line break in the builder": lambda: minted_with(replace(REGISTRY, builder_version="a\nb")),
    "a host that is not ASCII": lambda: minted_with(
        replace(REGISTRY, base_url="https://é.example")
    ),
    "a line break in the key id": lambda: minted_with(signer=Ed25519Signer("a\nb", bytes(32))),
    "a key at no address": lambda: minted_with(signer=Ed25519Signer("k", bytes(32), url="there")),
}


def minted_with(registry=REGISTRY, signer=SIGNER, a_paper=None):
    """Return the report of what is minted, under a keyring that trusts its signer."""
    minted = Mint(registry, signer, NOW).mint(Identity.of(a_paper or paper()))
    return verify(json.loads(minted.bundle.document), trusting(signer.public_key))


def trusting(key: PublicKey):
    return type(KEYRING)([key])


@pytest.mark.parametrize("case", UNWRITABLE)
def test_what_would_not_hold_is_refused_before_it_is_signed(case):
    with pytest.raises(MalformedError):
        UNWRITABLE[case]()
