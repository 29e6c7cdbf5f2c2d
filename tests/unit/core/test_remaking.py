import json
from dataclasses import fields
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.alias import SourceAlias
from pith_builder.core.bundle import signed_bundle
from pith_builder.core.canonical import canonical_json, dump_canonical
from pith_builder.core.event import Event
from pith_builder.core.gathering import gathered
from pith_builder.core.keys import TrustedKey
from pith_builder.core.merge import state_of
from pith_builder.core.number import PithNumber
from pith_builder.core.record import CanonicalRecord
from pith_builder.core.remaking import Remaking
from pith_builder.core.verification import verify, verify_bytes
from pith_builder.signing.ed25519 import TrustedKeys
from tests.makers import (
    KEYRING,
    NOW,
    NOW_MICROSECONDS,
    NOW_SECONDS,
    OTHER_SIGNER,
    PUBLISHED_KEYRING,
    REFERENCE_KEY,
    REGISTRY,
    SIGNER,
    at,
    changed,
    document,
    leaves,
    mint,
    mint_one,
    papers,
    signing_law,
)
from tests.spec.test_every_leaf import other_values
from tests.unit.core import reference

OURS = mint().bundle.document
BUNDLE = json.loads(OURS)
_GRAPH = ("events", 1, "payload", "graph_snapshot")


def ready(keyring=KEYRING):
    """Return what has seen enough of our registry's bundles to make others again."""
    remaking = Remaking(keyring)
    for version in range(1, 6):
        remaking.read(mint(version=version).bundle.document, with_seal=True)
    return remaking


READY = ready()


def read(bundle, *, with_seal=True):
    return READY.read(canonical_json(bundle), with_seal=with_seal)


def told(found):
    """Return all that is gathered of a record, as it can be compared."""
    said = {field.name: getattr(found, field.name) for field in fields(found)}
    said["valid"] = [event._replace(reduced=dump_canonical(event.reduced)) for event in found.valid]
    return said


@signing_law
@given(papers, st.timedeltas(timedelta(0), timedelta(days=20_000)))
def test_what_is_minted_is_read_as_the_readable_code_reads_it(a_paper, later):
    minted = mint_one(a_paper, now=NOW + later)
    found = READY.read(minted.bundle.document, with_seal=True)
    bundle = json.loads(minted.bundle.document)

    assert found.whole() == bundle
    assert found.bundle.document == minted.bundle.document
    assert found.bundle.built_at == bundle["built_at"]
    assert found.bundle.signature == bundle["bundle_signature"]
    wanted = gathered(minted.identity.pith_number, bundle["events"], KEYRING, [bundle])
    assert told(found.found) == told(wanted)
    assert not verify(bundle, KEYRING).failures
    assert found.says_all(wanted.valid)
    assert not found.says_all(wanted.valid[:1])


def test_a_bundle_changed_in_any_leaf_is_not_read():
    assert read(BUNDLE) is not None
    for path, leaf in leaves(BUNDLE):
        for other in other_values(leaf):
            if type(other) is not type(leaf) or other != leaf:
                assert read(changed(BUNDLE, path, other)) is None, (path, other)


def resealed(bundle):
    """Return a bundle with other events, merged and sealed anew by our registry's key."""
    listed = [Event.from_json_object(event) for event in bundle["events"]]
    record = CanonicalRecord.from_json_object(bundle["canonical_record"])
    aliases = [SourceAlias(**alias) for alias in bundle["source_aliases"]]
    built = signed_bundle(
        PithNumber.parse(bundle["pith_number"]),
        bundle["canonical_record"],
        record.digest(),
        aliases=aliases,
        events=listed,
        state=state_of(bundle["pith_number"], listed, (), aliases),
        registry=REGISTRY,
        signer=SIGNER,
        public_keys=[SIGNER.public_key],
        built_at=NOW_SECONDS,
        signed_at=NOW_MICROSECONDS,
    )
    return json.loads(built.document)


def restated(path, new):
    """Return our bundle with something else in its graph, every signature made anew."""
    graph = changed(BUNDLE, path, new)["events"][1]
    content = reference.without(graph, "content_sha256", "event_id", "signature")
    sealed = reference.sealed_event(content, REFERENCE_KEY, NOW_MICROSECONDS)
    return resealed({**BUNDLE, "events": [BUNDLE["events"][0], sealed]})


def test_a_bundle_sealed_anew_is_read_as_long_as_it_is_as_minted():
    assert resealed(BUNDLE) == BUNDLE
    said = restated((*_GRAPH, "paper", "title"), "Another title, well signed")
    assert not verify(said, KEYRING).failures
    assert read(said).found.state.state_sha256 == said["state"]["state_sha256"]


@pytest.mark.parametrize("new", [None, True, 7, 1.5, [], ["a"], {}, {"a": "b"}], ids=repr)
@pytest.mark.parametrize("field", ["title", "abstract_excerpt", "authors_text"])
def test_no_signature_makes_up_for_a_text_that_is_none(field, new):
    said = restated((*_GRAPH, "paper", field), new)
    assert verify(said, KEYRING).failures
    assert read(said) is None


def test_no_signature_makes_up_for_another_form_of_any_leaf_of_a_graph():
    for path, leaf in leaves(at(BUNDLE, _GRAPH)):
        for other in (None, 7, "other", {"x": leaf}):
            said = restated((*_GRAPH, *path), other)
            if said != BUNDLE and verify(said, KEYRING).failures:
                assert read(said) is None, (path, other)


@pytest.mark.parametrize("spelling", ["{}!", "!{}", "{}\n", " {}", "{}=="])
def test_a_signature_has_one_spelling(spelling):
    path = ("events", 1, "signature", "signature_b64")
    said = resealed(changed(BUNDLE, path, spelling.format(at(BUNDLE, path))))
    assert verify(said, KEYRING).failures
    assert read(said) is None


def test_other_spellings_of_a_bundle_are_left_to_others():
    assert READY.read(json.dumps(BUNDLE, indent=1).encode(), with_seal=True) is None
    twice = OURS.replace(b'"bundle_type":', b'"bundle_type":"x","bundle_type":', 1)
    assert READY.read(twice, with_seal=True) is None


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"{}", b'{"events":[]}', b"\xff", OURS[:-1]])
def test_what_is_no_bundle_is_left_to_others(data):
    assert READY.read(data, with_seal=True) is None


def test_the_seal_counts_only_where_it_is_asked_for():
    path = ("bundle_signature", "signature_b64")
    said = changed(BUNDLE, path, at(BUNDLE, ("events", 0, "signature", "signature_b64")))
    assert read(said) is None
    assert read(said, with_seal=False).found.state.document == mint().state.document
    assert read(changed(BUNDLE, path, "x"), with_seal=False) is None
    other = changed(BUNDLE, ("bundle_signature", "bundle_sha256"), "0" * 64)
    assert read(other) is None
    assert read(other, with_seal=False).bundle.document == canonical_json(other)


@pytest.mark.parametrize(
    "trust",
    [
        {"event_types": frozenset({"record_created"})},
        {"signer_ids": frozenset({"another.example"})},
        {"revoked_at": NOW_MICROSECONDS},
        {"valid_from": "2999-01-01T00:00:00.000000Z"},
    ],
    ids=lambda trust: next(iter(trust)),
)
def test_trust_is_the_keyrings_as_it_is_without(trust):
    key = SIGNER.public_key
    narrow = TrustedKeys([TrustedKey(key_id=key.key_id, raw=key.raw, url=key.url, **trust)])
    assert verify_bytes(OURS, narrow).failures
    assert READY.read(OURS, with_seal=True) is not None
    assert ready(narrow).read(OURS, with_seal=True) is None
    assert ready(TrustedKeys([OTHER_SIGNER.public_key])).read(OURS, with_seal=True) is None


def test_a_bundle_that_was_built_otherwise_is_left_to_others():
    published = canonical_json(document("REQM6TSZ2XBI5YFGVPNQEI7HST.bundle.json"))
    remaking = Remaking(PUBLISHED_KEYRING)
    for _ in range(8):
        assert remaking.read(published, with_seal=True) is None
    assert not verify_bytes(published, PUBLISHED_KEYRING).failures


def test_of_many_registries_the_first_are_remembered():
    remaking = Remaking(KEYRING)
    for index in range(100):
        said = changed(BUNDLE, ("mirror_hints", 0, "name"), f"Registry {index}")
        assert remaking.read(canonical_json(said), with_seal=True) is None
    for _ in range(8):
        assert remaking.read(OURS, with_seal=True) is None
