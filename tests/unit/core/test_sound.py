import json

import pytest

from pith_builder.core.report import Code, Failure
from pith_builder.core.sound import Sound, canonical_record
from pith_builder.core.verification import verify
from tests.makers import KEYRING, changed, mint

OURS = json.loads(mint().bundle.document)


@pytest.mark.parametrize(
    ("unsound", "field", "is_sound"),
    [
        ("/a", "/a", False),
        ("/a/b", "/a", False),
        ("/a", "/a/b", False),
        ("", "/a", False),
        ("/a", "", False),
        ("/ab", "/a", True),
        ("/a", "/ab", True),
        ("/b", "/a", True),
    ],
)
def test_a_part_is_sound_unless_it_or_what_is_around_or_within_it_is_not(unsound, field, is_sound):
    holds = Sound({}, (Failure("/z", Code.WRONG_TYPE, ""), Failure(unsound, Code.WRONG_TYPE, "")))
    assert holds.has(field) == is_sound
    assert not holds.has(field, "/z")
    assert Sound({}, ()).has(field)


def test_a_record_that_cannot_be_read_is_none():
    assert canonical_record(Sound(OURS, ()), "/canonical_record") is not None
    assert canonical_record(Sound({"a": {}}, ()), "/a") is None
    unsound = (Failure("/canonical_record/source", Code.WRONG_TYPE, ""),)
    assert canonical_record(Sound(OURS, unsound), "/canonical_record") is None


@pytest.mark.parametrize("field", sorted(OURS))
def test_where_a_part_is_unsound_the_others_are_still_checked(field):
    """What depends on the part keeps silent, and what does not depend on it is still read."""
    broken = changed(OURS, (field,), 7)
    broken["short_pith_number"] = broken["short_pith_number"] and "pith:AAAAAAAA"
    paths = {failure.path for failure in verify(broken, KEYRING).failures}
    assert f"/{field}" in paths
    if field != "pith_number":
        assert "/short_pith_number" in paths
