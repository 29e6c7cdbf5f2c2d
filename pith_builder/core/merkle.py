"""Content roots: one digest of a set of rows, whatever their order or files (DESIGN.md 4).

The leaves are sorted and laid into buckets by their leading bits, as many buckets as give each
some `LEAVES_IN_A_BUCKET`; a bucket's digest is that of its leaves laid end to end, and above the
buckets stands a binary tree as RFC 6962's. So the root depends on the set alone, a leaf's bucket
and path prove that it is in, and one digest is taken of many leaves, not one of every two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pith_builder.core.canonical import JsonValue, digests_of_lists, sha256

LEAF_PREFIX = b"\x00"
NODE_PREFIX = b"\x01"
BUCKET_PREFIX = b"\x02"

LEAF_BYTES = 32
LEAVES_IN_A_BUCKET = 32
"""Leaves in a bucket: between so many and twice as many, on average."""

EMPTY_ROOT = sha256(BUCKET_PREFIX)
"""The root of no rows: that of one empty bucket."""


def leaf_hash(row: bytes) -> bytes:
    """Return the digest of one row's canonical bytes, as RFC 6962 hashes a leaf."""
    return sha256(LEAF_PREFIX + row)


def leaf_hashes(rows: Iterable[Sequence[JsonValue]]) -> list[bytes]:
    """Return the leaf hashes of rows, each the canonical JSON list of its values.

    Raises:
        MalformedError: A text cannot be written as UTF-8.
    """
    return digests_of_lists(LEAF_PREFIX, rows)


def bucket_bits(leaves: int) -> int:
    """Return how many leading bits tell the buckets of so many leaves apart."""
    return max(0, (leaves // LEAVES_IN_A_BUCKET).bit_length() - 1)


def content_root(leaves: Iterable[bytes]) -> bytes:
    """Return the root of a set of leaf hashes, each of 32 bytes; equal ones count once."""
    ordered = sorted(set(leaves))
    bits = bucket_bits(len(ordered))
    buckets = [b""] * (1 << bits)
    for leaf in ordered:
        buckets[int.from_bytes(leaf) >> (8 * LEAF_BYTES - bits)] += leaf
    return root_of_buckets(buckets)


def root_of_buckets(buckets: Iterable[bytes]) -> bytes:
    """Return the root over buckets in their order, each its sorted leaves laid end to end.

    There are as many as a power of two, empty ones included.
    """
    nodes = [sha256(BUCKET_PREFIX + bucket) for bucket in buckets]
    while len(nodes) > 1:
        nodes = list(_parents(nodes))
    return nodes[0]


def _parents(nodes: list[bytes]) -> Iterator[bytes]:
    for left in range(0, len(nodes), 2):
        yield sha256(NODE_PREFIX + nodes[left] + nodes[left + 1])
