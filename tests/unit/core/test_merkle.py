import hashlib
import json
from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.merkle import (
    EMPTY_ROOT,
    LEAF_BYTES,
    LEAVES_IN_A_BUCKET,
    Inclusion,
    bucket_bits,
    content_root,
    included,
    leaf_hash,
    leaf_hashes,
    place_of,
    root_of_buckets,
)
from pith_builder.errors import MalformedError
from tests.makers import law, plain_values

SIZES = [0, 1, 31, 32, 63, 64, 65, 1000]
"""Around the numbers of leaves at which the number of buckets doubles."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def some_leaves(count):
    return [leaf_hash(b"%d" % number) for number in range(count)]


def plain_root(leaves):
    """Halve the sorted leaves, each once, top down, by one bit after the other."""
    leaves = set(leaves)
    depth = 0
    while len(leaves) >= 64 << depth:
        depth += 1
    return _plain_node(sorted(leaves), 0, 1 << 256, depth)


def _plain_node(leaves, low, high, depth):
    """Return the digest over leaves that are numbers from `low` to below `high`."""
    if depth == 0:
        return sha256(b"\x02", *leaves)
    middle = (low + high) // 2
    place = bisect_left(leaves, middle.to_bytes(32)) if leaves else 0
    left = _plain_node(leaves[:place], low, middle, depth - 1)
    right = _plain_node(leaves[place:], middle, high, depth - 1)
    return sha256(b"\x01", left, right)


numbers = st.sampled_from([0, 1, 1 << 191, 1 << 192, (1 << 255) - 1, 1 << 255, (1 << 256) - 1])
close = st.builds(lambda number, by: number ^ by, numbers, st.integers(0, 3))
leaf_lists = st.one_of(
    st.lists(st.binary(max_size=2).map(leaf_hash), max_size=200),
    st.lists(close.map(lambda number: number.to_bytes(32)), max_size=200),
    st.integers(0, 300).map(some_leaves),
)


@law
@given(leaf_lists, st.randoms(use_true_random=False))
def test_a_root_is_as_defined_and_the_order_of_leaves_does_not_matter(leaves, order):
    shuffled = order.sample(leaves, len(leaves))

    assert content_root(leaves) == content_root(iter(shuffled)) == plain_root(leaves)


@pytest.mark.parametrize("count", SIZES)
def test_a_root_is_as_defined_around_the_borders_of_buckets(count):
    leaves = some_leaves(count)

    assert content_root(leaves) == content_root(leaves[::-1]) == plain_root(leaves)


@pytest.mark.parametrize("count", SIZES)
def test_a_leaf_more_less_or_changed_changes_the_root(count):
    leaves = some_leaves(count)
    another = leaf_hash(b"another")
    changed = [[*leaves, another]]
    for place in {0, count // 2, count - 1} if count else ():
        before, leaf, after = leaves[:place], leaves[place], leaves[place + 1 :]
        flips = (bytes([leaf[0] ^ 0x80]) + leaf[1:], leaf[:-1] + bytes([leaf[-1] ^ 1]))
        changed += [before + after, [*before, another, *after]]
        assert content_root([*leaves, leaf]) == content_root(leaves)
        changed += [[*before, flipped, *after] for flipped in flips]

    roots = [content_root(leaves), *map(content_root, changed)]

    assert len(set(roots)) == len(roots)


@law
@given(leaf_lists, leaf_lists)
def test_only_equal_sets_of_leaves_have_equal_roots(one, other):
    assert (content_root(one) == content_root(other)) == (set(one) == set(other))


@pytest.mark.parametrize(
    ("count", "buckets"),
    [(0, 1), (1, 1), (31, 1), (32, 1), (63, 1), (64, 2), (65, 2), (127, 2), (128, 4), (1000, 16)],
)
def test_there_are_as_many_buckets_as_give_each_some_thirty_two_leaves(count, buckets):
    assert 1 << bucket_bits(count) == buckets


@law
@given(st.integers(LEAVES_IN_A_BUCKET, 1 << 40))
def test_a_bucket_has_on_average_between_so_many_leaves_and_twice_as_many(count):
    buckets = 1 << bucket_bits(count)

    assert LEAVES_IN_A_BUCKET * buckets <= count < 2 * LEAVES_IN_A_BUCKET * buckets


@law
@given(st.integers(0, 5), st.data())
def test_the_tree_over_buckets_is_rfc6962s(bits, data):
    bucket = st.integers(0, 3).map(lambda count: b"".join(some_leaves(count)))
    buckets = data.draw(st.lists(bucket, min_size=1 << bits, max_size=1 << bits))

    def node(some):
        if len(some) == 1:
            return sha256(b"\x02", some[0])
        half = len(some) // 2
        return sha256(b"\x01", node(some[:half]), node(some[half:]))

    assert root_of_buckets(iter(buckets)) == node(buckets)


@law
@given(leaf_lists.filter(len), st.data())
def test_every_leaf_and_no_other_has_its_way_to_the_root(leaves, data):
    bits = bucket_bits(len(set(leaves)))
    buckets = [b""] * (1 << bits)
    for leaf in sorted(set(leaves)):
        buckets[place_of(leaf, bits)] += leaf
    leaf = data.draw(st.sampled_from(leaves))

    found, root = included(iter(buckets), leaf)

    assert root == content_root(leaves) == found.root()
    assert leaf in found.bucket
    assert found.is_a_bucket()
    assert len(found.path) == bits
    strange = leaf_hash(leaf)
    assert included(buckets, strange) == (None, root)
    # A leaf that stands astride two others is none.
    assert included([leaf + strange], leaf[16:] + strange[:16])[0] is None


def test_leaves_of_several_places_are_no_bucket():
    low, high = bytes(32), b"\xff" * 32
    assert Inclusion((low, high), ()).is_a_bucket()
    assert not Inclusion((low, high), (low,)).is_a_bucket()
    assert not Inclusion((high, low), ()).is_a_bucket()
    assert not Inclusion((), ()).is_a_bucket()


def test_the_first_roots_are_spelt_out():
    leaf, other = sorted(map(leaf_hash, (b"a", b"b")))

    assert leaf_hash(b"") == sha256(b"\x00")
    assert content_root([]) == EMPTY_ROOT == sha256(b"\x02")
    assert content_root([leaf]) == sha256(b"\x02", leaf)
    assert content_root([other, leaf]) == sha256(b"\x02", leaf, other)
    assert len(leaf) == LEAF_BYTES == 32
    assert content_root([]).hex() == (
        "dbc1b4c900ffe48d575b5da5c638040125f65db0fe3e24494b76ea986457d986"
    )


def test_a_leaf_a_bucket_and_a_node_of_the_same_bytes_differ():
    leaves = some_leaves(2)
    of_leaf, of_bucket = leaf_hash(b"".join(leaves)), root_of_buckets([b"".join(leaves)])
    of_node = sha256(b"\x01", *leaves)

    assert len({of_leaf, of_bucket, of_node}) == 3


@law
@given(st.lists(st.lists(plain_values, max_size=4), max_size=5))
def test_the_leaf_of_a_row_is_that_of_its_canonical_json(rows):
    assert leaf_hashes(map(tuple, rows)) == [
        leaf_hash(json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode())
        for row in rows
    ]


@pytest.mark.parametrize("value", ["lone \ud800", 2**64, b"bytes", object()])
def test_a_row_that_json_cannot_write_has_no_leaf(value):
    with pytest.raises(MalformedError, match="not to be written as canonical JSON"):
        leaf_hashes([("sound",), (value,)])
