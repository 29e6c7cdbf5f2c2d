"""Content roots: one digest of a set of rows, whatever their order or files (DESIGN.md 4).

The leaves are sorted and laid into buckets by their leading bits, as many buckets as give each
some `LEAVES_IN_A_BUCKET`; a bucket's digest is that of its leaves laid end to end, and above the
buckets stands a binary tree as RFC 6962's. So the root depends on the set alone, a leaf's bucket
and path prove that it is in, and one digest is taken of many leaves, not one of every two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

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
        buckets[place_of(leaf, bits)] += leaf
    return root_of_buckets(buckets)


def root_of_buckets(buckets: Iterable[bytes]) -> bytes:
    """Return the root over buckets in their order, each its sorted leaves laid end to end.

    There are as many as a power of two, empty ones included.
    """
    nodes = [sha256(BUCKET_PREFIX + bucket) for bucket in buckets]
    while len(nodes) > 1:
        nodes = list(_parents(nodes))
    return nodes[0]


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Where a leaf stands below a root.

    Attributes:
        bucket: The leaves of its bucket, sorted.
        path: The nodes beside the way from the bucket up to the root.
    """

    bucket: tuple[bytes, ...]
    path: tuple[bytes, ...]

    def root(self) -> bytes:
        """Return the root that the path gives of what is a bucket.

        The leading bits of the leaves, one for each step, say on which side each node stands.
        """
        place = place_of(self.bucket[0], len(self.path))
        node = sha256(BUCKET_PREFIX + b"".join(self.bucket))
        for beside in self.path:
            left, right = (beside, node) if place & 1 else (node, beside)
            node = sha256(NODE_PREFIX + left + right)
            place >>= 1
        return node

    def is_a_bucket(self) -> bool:
        """Tell whether the leaves are sorted, each once, and all of this place in the tree."""
        places = {place_of(leaf, len(self.path)) for leaf in self.bucket}
        return len(places) == 1 and list(self.bucket) == sorted(set(self.bucket))


def place_of(leaf: bytes, bits: int) -> int:
    """Return in which of so many bits' buckets a leaf stands, from 0."""
    return int.from_bytes(leaf) >> (8 * LEAF_BYTES - bits)


def included(buckets: Iterable[bytes], leaf: bytes) -> tuple[Inclusion | None, bytes]:
    """Return where a leaf stands among buckets, as `root_of_buckets` takes them, and the root.

    Where none of them holds the leaf, the place is None.
    """
    nodes: list[bytes] = []
    found = b""
    for bucket in buckets:
        nodes.append(sha256(BUCKET_PREFIX + bucket))
        if leaf in bucket:
            found = bucket
    place = place_of(leaf, len(nodes).bit_length() - 1)
    path = []
    while len(nodes) > 1:
        path.append(nodes[place ^ 1])
        nodes = list(_parents(nodes))
        place >>= 1
    leaves = tuple(found[start : start + LEAF_BYTES] for start in range(0, len(found), LEAF_BYTES))
    return (Inclusion(leaves, tuple(path)) if leaf in leaves else None), nodes[0]


def _parents(nodes: list[bytes]) -> Iterator[bytes]:
    for left in range(0, len(nodes), 2):
        yield sha256(NODE_PREFIX + nodes[left] + nodes[left + 1])
