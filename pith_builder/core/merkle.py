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
    return sorted_root(sorted(leaves))


def sorted_root(leaves: Iterable[bytes]) -> bytes:
    """Return the root of leaf hashes that come sorted; equal ones count once."""
    # The stack holds the left sides that still want a right side, each with the number of
    # leading bits that it shares with its right neighbour.
    waiting: list[tuple[bytes, int]] = []
    previous = b""
    node = EMPTY_ROOT
    for leaf in leaves:
        if leaf == previous:
            continue
        if previous:
            shared = 256 - (int.from_bytes(previous) ^ int.from_bytes(leaf)).bit_length()
            while waiting and waiting[-1][1] > shared:
                node = sha256(NODE_PREFIX + waiting.pop()[0] + node)
            waiting.append((node, shared))
        node = previous = leaf
    while waiting:
        node = sha256(NODE_PREFIX + waiting.pop()[0] + node)
    return node
