"""FORMAT.md 10: the bundle."""

import json

from pith_builder.core.alias import SourceAlias
from pith_builder.core.bundle import bundle_digest, signed_bundle
from pith_builder.core.canonical import RecordDigest, canonical_json
from pith_builder.core.event import Event
from pith_builder.core.merge import merge
from pith_builder.core.number import PithNumber
from pith_builder.core.verification import verify
from tests.makers import (
    BUNDLE,
    PUBLISHED_KEY,
    PUBLISHED_KEYRING,
    PUBLISHED_REGISTRY,
    PublishedSigner,
    document,
    mint_one,
    paper,
)

PUBLISHED = document(BUNDLE)
PUBLISHED_SHA256 = PUBLISHED["bundle_signature"]["bundle_sha256"]


def test_the_published_bundle_holds():
    assert verify(PUBLISHED, PUBLISHED_KEYRING).failures == ()
    assert bundle_digest(PUBLISHED).hex() == PUBLISHED_SHA256


def test_the_published_bundle_is_made_again_byte_for_byte():
    number = PithNumber.parse(PUBLISHED["pith_number"])
    aliases = [SourceAlias(**alias) for alias in PUBLISHED["source_aliases"]]
    found = signed_bundle(
        number,
        PUBLISHED["canonical_record"],
        RecordDigest.fromhex(PUBLISHED["canonical_sha256"]),
        aliases=aliases,
        events=[Event.from_json_object(event) for event in PUBLISHED["events"]],
        state=merge(str(number), PUBLISHED["events"], aliases, PUBLISHED_KEYRING),
        registry=PUBLISHED_REGISTRY,
        signer=PublishedSigner(PUBLISHED),
        public_keys=[PUBLISHED_KEY],
        built_at="2026-05-31T02:56:24Z",
        signed_at="2026-05-31T02:56:24.338981Z",
    )
    assert found.signature["bundle_sha256"] == PUBLISHED_SHA256
    assert found.document == canonical_json(PUBLISHED)


def test_what_we_mint_of_the_published_paper_differs_in_times_and_seals_alone():
    ours = json.loads(mint_one(paper(), registry=PUBLISHED_REGISTRY).bundle.document)
    same = PUBLISHED.keys() - {
        *("built_at", "bundle_signature", "events", "public_keys", "source_aliases", "state")
    }
    assert ours.keys() == PUBLISHED.keys()
    for field in same:
        assert ours[field] == PUBLISHED[field]
    assert [event["payload"].keys() for event in ours["events"]] == [
        event["payload"].keys() for event in PUBLISHED["events"]
    ]
    assert ours["events"][1]["payload"] == PUBLISHED["events"][1]["payload"]
