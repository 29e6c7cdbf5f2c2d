import json

import pytest

from pith_builder.core.canonical import canonical_json
from pith_builder.core.gathering import gathered
from pith_builder.core.merge import NoStateError
from pith_builder.core.published import published_bundle
from tests.graphs import EARLIER, TRUSTED, theirs
from tests.lakes import LATER
from tests.makers import (
    BUNDLE,
    CREATED,
    GRAPH,
    PUBLISHED_NUMBER,
    REFERENCE_KEY,
    STRANGER,
    changed,
    document,
    event,
    leaves,
    mint,
)
from tests.unit.core import reference

PUBLISHED = document(BUNDLE)
OURS = json.loads(mint().bundle.document)
LATER_TEXT = f"{LATER:%Y-%m-%dT%H:%M:%SZ}"


def gather(*bundles, more=()):
    events = [one for bundle in bundles for one in bundle["events"]]
    return gathered(PUBLISHED_NUMBER, [*events, *more], TRUSTED, bundles)


def dates(found):
    return {alias.created_at for alias in found.aliases}


def test_aliases_of_events_alone_date_from_the_latest_that_a_registry_computed_the_record():
    assert dates(gathered(PUBLISHED_NUMBER, theirs()["events"], TRUSTED)) == {
        f"{EARLIER:%Y-%m-%dT%H:%M:%SZ}"
    }
    both = [*theirs()["events"], *OURS["events"]]
    assert dates(gathered(PUBLISHED_NUMBER, both, TRUSTED)) == {CREATED["created_at"]}


def test_aliases_that_a_sealed_bundle_dates_later_are_dated_so():
    assert gather(PUBLISHED).aliases == gather(PUBLISHED, PUBLISHED).aliases
    assert [alias.to_json_object() for alias in gather(PUBLISHED).aliases] == (
        PUBLISHED["source_aliases"]
    )
    assert len(dates(gather(PUBLISHED))) > 1


@pytest.mark.parametrize("key", [None, STRANGER])
def test_a_bundle_that_no_trusted_key_sealed_dates_nothing(key):
    aliases = [{**alias, "created_at": LATER_TEXT} for alias in OURS["source_aliases"]]
    claimed = {**OURS, "source_aliases": aliases}
    if key is not None:
        unsigned = reference.without(claimed, "bundle_signature")
        claimed = reference.sealed_bundle(unsigned, key, CREATED["signature"]["signed_at"])
    assert dates(gather(claimed)) == {CREATED["created_at"]}


def test_a_bundle_that_a_trusted_key_sealed_dates_its_aliases():
    aliases = [{**alias, "created_at": LATER_TEXT} for alias in OURS["source_aliases"]]
    unsigned = reference.without({**OURS, "source_aliases": aliases}, "bundle_signature")
    signed_at = CREATED["signature"]["signed_at"]
    claimed = reference.sealed_bundle(unsigned, REFERENCE_KEY, signed_at)
    assert dates(gather(claimed)) == {LATER_TEXT}


@pytest.mark.parametrize("aliases", [None, 7, [7], [{}], [{"created_at": 7}], "x"])
def test_aliases_in_no_form_say_nothing(aliases):
    assert gather({**OURS, "source_aliases": aliases}).aliases == gather(OURS).aliases


def test_without_a_record_created_there_is_nothing_to_gather():
    with pytest.raises(NoStateError, match="no valid record_created"):
        gathered(PUBLISHED_NUMBER, [GRAPH], TRUSTED)


def test_what_is_published_whole_stays_as_it_is():
    found = gather(PUBLISHED)
    kept = published_bundle(found, [PUBLISHED], TRUSTED)
    assert kept.document == canonical_json(PUBLISHED)
    assert kept.signature == PUBLISHED["bundle_signature"]
    assert kept.built_at == PUBLISHED["built_at"]


def test_of_several_bundles_that_say_all_one_is_chosen_whatever_their_order():
    again = json.loads(mint().bundle.document)
    unsigned = reference.without({**again, "built_at": "2026-11-20T14:17:08Z"}, "bundle_signature")
    other = reference.sealed_bundle(unsigned, REFERENCE_KEY, CREATED["signature"]["signed_at"])
    found = gather(OURS, other)
    chosen = published_bundle(found, [OURS, other], TRUSTED)
    assert chosen == published_bundle(found, [other, OURS], TRUSTED)
    assert chosen is not None


def test_a_bundle_that_says_less_than_is_known_does_not_stay():
    found = gather(PUBLISHED, more=[event("correction")])
    assert published_bundle(found, [PUBLISHED], TRUSTED) is None


@pytest.mark.parametrize(("path", "value"), list(leaves(PUBLISHED)))
def test_a_bundle_changed_in_any_leaf_does_not_stay(path, value):
    if path == ("bundle_signature", "signed_at"):
        return  # which no signature can cover
    new = f"{value}x" if isinstance(value, str) else {"x": 1} if value in ([], {}) else 7.0
    assert published_bundle(gather(PUBLISHED), [changed(PUBLISHED, path, new)], TRUSTED) is None
