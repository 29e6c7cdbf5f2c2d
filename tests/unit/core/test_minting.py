import json
from dataclasses import astuple, replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.alias import alias_names
from pith_builder.core.gathering import reissued_bundle
from pith_builder.core.keys import PublicKey
from pith_builder.core.merge import merge
from pith_builder.core.minting import Identity, Mint, Seal, identities
from pith_builder.core.specimen import record_specimen
from pith_builder.core.verification import verify, verify_bytes
from pith_builder.errors import MalformedError
from pith_builder.signing.ed25519 import Ed25519Signer
from tests.makers import (
    KEYRING,
    NOW,
    OTHER_SIGNER,
    PUBLISHED_NUMBER,
    REFERENCE_KEY,
    REGISTRY,
    SIGNER,
    law,
    mint,
    mint_all,
    mint_one,
    paper,
    papers,
    signing_law,
    text,
    words,
)
from tests.unit.core import reference

instants = st.datetimes(min_value=NOW.replace(tzinfo=None), timezones=st.just(NOW.tzinfo))
names = text.map(lambda drawn: "".join(filter(str.isprintable, drawn)) or "name")
registries = st.builds(
    replace,
    st.just(REGISTRY),
    signer_id=names,
    name=words,
    base_url=st.sampled_from(["http://localhost:8000", "https://mirror.example/pith"]),
    builder_version=names,
)


batches = st.lists(papers, min_size=1, max_size=4)


def sealed(document, sha256):
    """Return what a `SealedDocument` of the reference's document holds."""
    block = document.get("signature") or document.get("bundle_signature") or {}
    return sha256, block.get("signature_b64"), reference.canonical(document)


@signing_law
@given(batches, registries, instants)
def test_minting_makes_the_bytes_that_the_reference_makes(some_papers, registry, now):
    found = mint_all(some_papers, registry=registry, now=now)

    assert [one.identity.paper for one in found] == some_papers
    for one in found:
        receipt, events, state, bundle = reference.minted(
            one.identity.paper, registry, REFERENCE_KEY, now
        )
        assert one.receipt == receipt
        assert [alias.to_json_object() for alias in one.aliases] == bundle["source_aliases"]
        assert [astuple(event) for event in one.events] == [
            sealed(event, event["content_sha256"]) for event in events
        ]
        assert astuple(one.state) == sealed(state, state["state_sha256"])
        bundle_sha256 = bundle["bundle_signature"]["bundle_sha256"]
        assert astuple(one.bundle) == sealed(bundle, bundle_sha256)


@law
@given(st.lists(papers, max_size=4))
def test_identities_are_what_the_reference_and_the_readable_code_say(some_papers):
    found = identities(some_papers)

    assert [identity.paper for identity in found] == some_papers
    for identity in found:
        record = reference.canonical_record(identity.paper)
        metadata = record["metadata"]
        assert identity.canonical == reference.canonical(record)
        assert identity.digest.hex() == reference.digest(record)
        assert identity.pith_number == reference.pith_number(record) == str(identity.number)
        assert identity.suffix == identity.number.suffix
        assert identity.title_sha256 == metadata["title_canon_sha256"]
        assert identity.abstract_sha256 == metadata["abstract_canon_sha256"]
        assert list(identity.cross_cats_sorted) == metadata["cross_cats_sorted"]
        assert identity.record.to_json_object() == record
        assert identity == Identity.of(identity.paper)


@signing_law
@given(batches)
def test_the_columns_of_a_mint_are_as_long_as_its_papers_and_agree(some_papers):
    minted = Mint(REGISTRY, SIGNER, NOW).mint(identities(some_papers))

    created = list(map(json.loads, minted.created.documents))
    receipts = [event["payload"]["receipt"]["signature_b64"] for event in created]
    assert minted.receipt_signatures == receipts
    assert minted.state.signatures == []
    for row, identity in enumerate(minted.identities):
        names = {(kind, values[row]) for kind, values in minted.aliases.items()}
        assert names == set(alias_names(identity.record, identity.number))
    columns = (
        *minted.aliases.values(),
        *(column for kind in (minted.created, minted.graph, minted.bundle) for column in kind),
        minted.state.sha256,
        minted.state.documents,
    )
    assert {len(column) for column in columns} == {len(some_papers)}


@signing_law
@given(papers, registries, instants)
def test_whatever_is_minted_holds(a_paper, registry, now):
    minted = mint_one(a_paper, registry=registry, now=now)
    report = verify_bytes(minted.bundle.document, KEYRING)
    assert report.verified() == minted.identity.pith_number
    for document in (minted.state.document, *(event.document for event in minted.events)):
        assert verify_bytes(document, KEYRING).failures == ()


@signing_law
@given(papers)
def test_the_state_of_a_mint_is_the_merge_of_its_events(a_paper):
    minted = mint_one(a_paper)
    events = [json.loads(event.document) for event in minted.events]
    merged = merge(minted.identity.pith_number, events, minted.aliases, KEYRING)
    assert (merged.state_sha256, merged.document) == (minted.state.sha256, minted.state.document)
    assert (merged.valid_event_count, merged.invalid_event_count) == (2, 0)


def test_papers_whose_words_are_the_specimens_are_minted_as_any_other():
    """What is cut out is said by a paper's place in a column, not by its words."""
    specimens = [record_specimen(seed)[0] for seed in range(1, 4)]

    for one in mint_all([*specimens, paper()]):
        bundle = reference.minted(one.identity.paper, REGISTRY, REFERENCE_KEY, NOW)[-1]
        assert one.bundle.document == reference.canonical(bundle)


@pytest.mark.parametrize(
    "said",
    [
        '"',
        "\\",
        "\u2028\x7f",
        '","license":"x',
        "{digest}",
        "%s",
        "{}",
        "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST",
    ],
)
def test_no_word_of_a_paper_is_taken_for_json_or_for_a_gap(said):
    a_paper = paper(title=said, abstract=said, authors=said, license=said)

    minted = mint_one(a_paper)

    _, events, _, bundle = reference.minted(a_paper, REGISTRY, REFERENCE_KEY, NOW)
    assert [event.document for event in minted.events] == list(map(reference.canonical, events))
    assert minted.bundle.document == reference.canonical(bundle)


def test_one_mint_may_mint_again_and_again():
    ours = Mint(REGISTRY, SIGNER, NOW)
    found = identities([paper(), paper(version=3), paper(title="Another")])

    together = ours.mint(found)

    for row, identity in enumerate(found):
        alone = ours.mint([identity])
        for kind in ("created", "graph", "state", "bundle"):
            assert getattr(alone, kind).documents == [getattr(together, kind).documents[row]]
            assert getattr(alone, kind).sha256 == [getattr(together, kind).sha256[row]]


@signing_law
@given(batches, instants, st.sampled_from([SIGNER, OTHER_SIGNER]))
def test_a_mint_with_another_seal_makes_what_signing_again_makes(some_papers, later, signer):
    found = identities(some_papers)
    first = Mint(REGISTRY, SIGNER, NOW).mint(found)
    keys = {(key.key_id, key.fingerprint): key for key in (SIGNER.public_key, signer.public_key)}

    again = Mint(REGISTRY, SIGNER, NOW, Seal(signer, later)).mint(found)

    assert (again.created, again.graph, again.state) == (first.created, first.graph, first.state)
    assert again.bundle.documents == [
        reissued_bundle(json.loads(document), signer=signer, keys=keys, now=later).document
        for document in first.bundle.documents
    ]


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
    minted = mint_one(a_paper or paper(), registry=registry, signer=signer)
    return verify(json.loads(minted.bundle.document), trusting(signer.public_key))


def trusting(key: PublicKey):
    return type(KEYRING)([key])


@pytest.mark.parametrize("case", UNWRITABLE)
def test_what_would_not_hold_is_refused_before_it_is_signed(case):
    with pytest.raises(MalformedError):
        UNWRITABLE[case]()
