"""FORMAT.md 4: Pith Number and aliases."""

import json

import pytest

from pith_builder.core.alias import alias_names
from pith_builder.core.minting import Identity
from pith_builder.core.number import PithNumber, base32
from pith_builder.core.record import CanonicalRecord
from tests.makers import BUNDLE, RECORDS, STATES, document, mint, paper

PUBLISHED = document(BUNDLE)


def names(aliases):
    return [(alias["alias_kind"], alias["alias_value"]) for alias in aliases]


def test_the_suffix_is_the_first_26_characters_of_base32():
    digest = bytes.fromhex(PUBLISHED["canonical_sha256"])
    assert base32(digest)[:26] == "REQM6TSZ2XBI5YFGVPNQEI7HST"
    assert len(base32(digest)) == 52


def test_the_published_paper_has_the_published_number():
    number = Identity.of(paper()).number
    assert str(number) == PUBLISHED["pith_number"]
    assert number.short() == PUBLISHED["short_pith_number"]


@pytest.mark.parametrize(
    ("record", "number", "aliases"),
    [
        *(
            (published["canonical_record"], published["pith_number"], published[field])
            for published, field in (
                (PUBLISHED, "source_aliases"),
                *((document(name), "aliases") for name in RECORDS),
            )
        ),
        *(
            (
                state["current"]["canonical_record"],
                state["pith_number"],
                state["current"]["source_aliases"],
            )
            for state in map(document, STATES)
        ),
    ],
)
def test_every_published_record_has_its_number_and_its_sorted_aliases(record, number, aliases):
    found = CanonicalRecord.from_json_object(record)
    assert found.pith_number() == PithNumber.parse(number)
    assert list(alias_names(found, found.pith_number())) == names(aliases) == sorted(names(aliases))


def test_the_aliases_of_what_we_mint_bear_the_second_of_its_receipt():
    minted = mint()
    assert minted.receipt["first_computed_at"] == "2026-11-20T14:17:09.598220Z"
    assert {alias.created_at for alias in minted.aliases} == {"2026-11-20T14:17:09Z"}
    assert {json.loads(event.document)["created_at"] for event in minted.events} == {
        "2026-11-20T14:17:09Z"
    }


def test_a_later_version_is_another_record_with_the_same_alias_arxiv():
    second, third = (Identity.of(paper(version=version)) for version in (2, 3))
    assert second.number != third.number
    assert [alias_names(one.record, one.number)[0] for one in (second, third)] == [
        ("arxiv", "1804.01852")
    ] * 2
