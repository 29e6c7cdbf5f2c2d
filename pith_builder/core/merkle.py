"""Content roots: one digest of a set of rows, whatever their order or files (DESIGN.md 4)."""

from __future__ import annotations

from collections.abc import Iterable

from pith_builder.core.canonical import sha256

EMPTY_ROOT = sha256(b"")
"""The root of no rows, as RFC 6962 has it."""

LEAF_PREFIX = b"\x00"
NODE_PREFIX = b"\x01"


def leaf_hash(row: bytes) -> bytes:
    """Return the digest of one row's canonical bytes, as RFC 6962 hashes a leaf."""
    return sha256(LEAF_PREFIX + row)


def content_root(leaves: Iterable[bytes]) -> bytes:
    """Return the root of a set of leaf hashes, each of 32 bytes.

    The tree is a binary trie over the bits of the leaf hashes, whose nodes of one child are left
    out: a leaf stands for itself, and a node is SHA-256 of 0x01, its 0 side and its 1 side. It
    depends on the set alone, a row added or taken away touches only its path, and a leaf's path
    proves that it is in. (RFC 6962's own tree is by position: each row added moves all others.)
    """
    ordered = sorted(set(leaves))
    if not ordered:
        return EMPTY_ROOT
    # Going through the sorted leaves, the stack holds the left sides that still want a right
    # side, each with the number of leading bits that its right side shares with it.
    waiting: list[tuple[bytes, int]] = []
    last = len(ordered) - 1
    for index, leaf in enumerate(ordered):
        shared = _shared_bits(leaf, ordered[index + 1]) if index < last else -1
        node = leaf
        while waiting and waiting[-1][1] > shared:
            node = sha256(NODE_PREFIX + waiting.pop()[0] + node)
        waiting.append((node, shared))
    return waiting[0][0]


def _shared_bits(left: bytes, right: bytes) -> int:
    """Return how many leading bits two different leaf hashes share."""
    differing = int.from_bytes(left) ^ int.from_bytes(right)
    return 8 * len(left) - differing.bit_length()
