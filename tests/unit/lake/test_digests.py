from collections import Counter
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith_builder.lake import digests
from pith_builder.lake.digests import Digests, differences

DIGESTS = st.lists(
    st.sampled_from(
        [
            bytes([first]) + bytes(30) + bytes([last])
            for first in (0, 7, 128, 255)
            for last in (0, 9)
        ]
    ),
    max_size=12,
)


def compared(ours, theirs):
    with closing(Digests()) as left, closing(Digests()) as right:
        for side, some in ((left, ours), (right, theirs)):
            for digest in some:
                side.add(digest)
            assert len(side) == len(some)
        return differences(left, right)


@pytest.fixture(params=[1 << 22, 3])
def at_once(request, monkeypatch):
    """Compare all at once, and in stretches."""
    monkeypatch.setattr(digests, "AT_ONCE", request.param)


@pytest.mark.usefixtures("at_once")
def test_what_differs_is_found():
    same, left, right, twice = (bytes([number]) * 32 for number in (1, 80, 200, 255))
    ours = [same, left, twice, twice, bytes(32)]
    theirs = [twice, right, bytes(32), same]

    assert compared(ours, theirs) == ({left}, {right}, {twice}, set())


@settings(max_examples=60, deadline=None)
@given(DIGESTS, DIGESTS, st.sampled_from([1, 2, 1 << 22]))
def test_it_is_what_counting_says(ours, theirs, at_once):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(digests, "AT_ONCE", at_once)
        found = compared(ours, theirs)

    left, right = Counter(ours), Counter(theirs)
    assert found.only_left == left.keys() - right.keys()
    assert found.only_right == right.keys() - left.keys()
    assert found.left_twice == {digest for digest, count in left.items() if count > 1}
    assert found.right_twice == {digest for digest, count in right.items() if count > 1}


def test_more_can_be_added_after_comparing():
    with closing(Digests()) as ours, closing(Digests()) as theirs:
        ours.add(bytes(64))
        assert differences(ours, theirs) == ({bytes(32)}, set(), {bytes(32)}, set())
        theirs.add(bytes(32))
        assert differences(ours, theirs) == (set(), set(), {bytes(32)}, set())
