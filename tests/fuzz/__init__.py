"""Fuzzing every parser that meets bytes from outside."""

NAMES = (
    *("JSON documents", "snapshot lines", "OAI-PMH pages", "Atom feeds", "manifests"),
    *("CURRENT", "arXiv identifiers", "names of records", "instants", "Retry-After"),
    *("public-key files", "private-key files", "merge input", "documents to verify"),
    *("raw metadata", "OpenTimestamps proofs", "packed files", "kept answers"),
)
"""The targets, by what they read."""
