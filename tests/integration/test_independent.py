"""The stranger's verifier is no rubber stamp."""

import json

import pytest

from tests.integration import independent
from tests.lakes import AWKWARD, rows
from tests.makers import BUNDLE, DOCUMENTS, PUBLISHED_KEY, SIGNER, changed, leaves

KEY = independent.Key(SIGNER.public_key.key_id, SIGNER.public_key.raw.hex())


@pytest.fixture(scope="module")
def bundle(lake_of_two):
    return next(
        row["document"] for row in rows(lake_of_two, "bundles") if '"0704.0002"' in row["document"]
    )


def test_it_accepts_a_bundle_and_its_line(bundle):
    line = AWKWARD.splitlines()[1]

    assert independent.check_bundle(bundle.encode(), KEY, line).startswith("pith:2007:")


def test_it_refuses_every_change_of_every_leaf(bundle):
    whole = json.loads(bundle)
    for path, value in leaves(whole):
        other = value + 1 if isinstance(value, int) else "another" if value != "another" else None
        with pytest.raises((independent.Refused, KeyError, TypeError, ValueError)):
            independent.check_bundle(independent.canonical(changed(whole, path, other)), KEY)


def test_it_refuses_another_line_and_another_key(bundle):
    with pytest.raises(independent.Refused, match="canonical record"):
        independent.check_bundle(bundle.encode(), KEY, AWKWARD.splitlines()[0])
    stranger = independent.Key(PUBLISHED_KEY.key_id, PUBLISHED_KEY.raw.hex())
    with pytest.raises(independent.Refused, match="key of the signer"):
        independent.check_bundle(bundle.encode(), stranger)


def test_it_finds_the_published_record_the_published_number():
    record = json.loads((DOCUMENTS / BUNDLE).read_bytes())["canonical_record"]

    assert independent.number_of(record) == "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST"
