"""FORMAT.md 2: canonical text."""

import pytest

from pith_builder.core.canonical import canonical_text, sha256_hex
from tests.makers import BUNDLE, RECORDS, document, paper

METADATA = document(BUNDLE)["canonical_record"]["metadata"]


def test_the_published_title_and_abstract_have_their_published_digests():
    assert sha256_hex(canonical_text(paper().title).encode()) == METADATA["title_canon_sha256"]
    assert (
        sha256_hex(canonical_text(paper().abstract).encode()) == METADATA["abstract_canon_sha256"]
    )


@pytest.mark.parametrize("name", RECORDS)
def test_the_title_of_a_published_record_has_its_published_digest(name):
    record = document(name)
    found = sha256_hex(canonical_text(record["paper"]["title"]).encode())
    assert found == record["canonical_record"]["metadata"]["title_canon_sha256"]


def test_white_space_becomes_one_space_and_letters_become_lower_case():
    assert canonical_text("\n  Gossip\u00a0\t EXCHANGE\u3000Ä ") == "gossip exchange ä"


def test_tex_stays_tex():
    assert canonical_text(r"Schr\"odinger, $C(X)$") == r"schr\"odinger, $c(x)$"


def test_punctuation_stays():
    kept = "“a” \u2018b\u2019 \u2013 c\u2014d <e> & &amp; f's"
    assert canonical_text(kept) == kept


def test_no_unicode_normalisation_is_applied():
    assert canonical_text("e\u0301") != canonical_text("é")
    assert canonical_text("\ufb01\u2075") == "\ufb01\u2075"
