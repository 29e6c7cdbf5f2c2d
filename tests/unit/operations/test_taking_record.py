"""What is taken in of bundles that are made again is what the readable checks take in."""

import json
from dataclasses import fields
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.canonical import canonical_json
from pith_builder.core.remaking import Remaking
from pith_builder.operations.offers import Offer, OfferKind
from pith_builder.operations.taking_record import Taker, take_record
from tests.graphs import EARLIER, TRUSTED, theirs
from tests.makers import (
    BUNDLE,
    GRAPH,
    NOW,
    OTHER_REFERENCE_KEY,
    PUBLISHED_NUMBER,
    REGISTRY,
    SIGNER,
    changed,
    document,
    event,
    mint,
    signing_law,
)

TAKER = Taker(registry=REGISTRY, signer=SIGNER, trusted=TRUSTED, now=NOW)
OURS = json.loads(mint().bundle.document)
THEIRS = theirs()
LATER = theirs(EARLIER + timedelta(days=1))
_SEAL = ("bundle_signature", "signature_b64")


class NeverRemaking(Remaking):
    """Leaves every bundle to the readable checks."""

    def read(self, document, *, with_seal):
        del document, with_seal


def ready():
    """Return what has seen bundles enough of both registries."""
    remaking = Remaking(TRUSTED)
    for version in range(1, 6):
        for bundle in (theirs(version=version), json.loads(mint(version=version).bundle.document)):
            remaking.read(canonical_json(bundle), with_seal=True)
    assert remaking.read(canonical_json(THEIRS), with_seal=True) is not None
    return remaking


READY = ready()
BUNDLES = (
    OURS,
    THEIRS,
    LATER,
    document(BUNDLE),
    changed(THEIRS, _SEAL, THEIRS["events"][0]["signature"]["signature_b64"]),
    changed(THEIRS, ("events", 1, "signature", "signature_b64"), GRAPH["signature"]),
    changed(THEIRS, ("events", 0, "payload", "receipt", "builder_version"), "another"),
    changed(THEIRS, ("source_aliases", 0, "created_at"), "2027-01-01T00:00:00Z"),
    {**THEIRS, "events": THEIRS["events"][::-1]},
    {**THEIRS, "events": [*THEIRS["events"], event(key=OTHER_REFERENCE_KEY)]},
)
offered = st.sampled_from(
    [
        *((OfferKind.BUNDLE, canonical_json(one)) for one in BUNDLES),
        (OfferKind.BUNDLE, json.dumps(THEIRS, indent=1).encode()),
        (OfferKind.EVENT, canonical_json(event())),
        (OfferKind.EVENT, canonical_json(THEIRS["events"][1])),
        (OfferKind.EVENT, b"{"),
    ]
)


def taken(remaking, held, offers):
    found = take_record(
        TAKER,
        PUBLISHED_NUMBER,
        held,
        [
            Offer(number=PUBLISHED_NUMBER, kind=kind, source="x", line=line, document=one)
            for line, (kind, one) in enumerate(offers, 1)
        ],
        remaking,
    )
    said = {field.name: getattr(found, field.name) for field in fields(found)}
    del said["remade"]  # how it was read
    said["found"] = found.found and (found.found.state, found.found.aliases)
    said["new"] = [new.document for new in found.new]
    said["created"] = found.created and found.created.document
    return said


@signing_law
@given(
    st.sampled_from([None, *map(canonical_json, (OURS, THEIRS, LATER))]),
    st.lists(offered, min_size=1, max_size=5),
)
def test_making_bundles_again_changes_nothing_of_what_is_taken_in(held, offers):
    assert taken(READY, held, offers) == taken(NeverRemaking(TRUSTED), held, offers)


def test_one_bundle_as_minted_stays_as_it_is_published():
    offers = [(OfferKind.BUNDLE, canonical_json(THEIRS))]
    assert taken(READY, None, offers) == taken(NeverRemaking(TRUSTED), None, offers)
    assert taken(READY, None, offers)["bundle"].document == canonical_json(THEIRS)
