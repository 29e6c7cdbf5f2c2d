"""The mirror: which path serves which document, and what a mirror says of itself (FORMAT.md 12)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from pith_builder.core.canonical import JsonValue
from pith_builder.core.form import Const, ListOf, ObjectOf
from pith_builder.core.forms import MERGE_VERSION, PUBLIC_KEY, SECONDS, TEXT, URL, WORD
from pith_builder.core.keys import PublicKey
from pith_builder.core.registry import Registry

MIRRORS_TYPE = "pith_mirror_manifest"
MIRRORS_VERSION = "1.0"
MIRRORS_PATH = "pith-mirrors.json"
KEY_PATH = "pith-signing-key.json"
INDEX_PATH = "index.html"

_NOTES = (
    "Anyone may host these files. What they state is shown by their signatures and by the merge "
    "of their events, never by where they were found."
)


class MirrorFile(StrEnum):
    """One of the files that a mirror holds of each record, by its path with the suffix left open.

    Ruling: the page for people and the raw metadata, which FORMAT.md 12 does not name, lie beside
    the bundle.
    """

    RECORD = "pith/{suffix}.json"
    PAGE = "pith/{suffix}/index.html"
    BUNDLE = "pith/{suffix}/bundle.json"
    STATE = "pith/{suffix}/state.json"
    METADATA = "pith/{suffix}/metadata.json"
    WELL_KNOWN_BUNDLE = ".well-known/pith/{suffix}/bundle.json"
    GRAPH = "api/pith-number/{suffix}/graph.json"
    EVENTS = "api/pith-number/{suffix}/events.json"

    def path(self, suffix: str) -> str:
        """Return where the file of one record lies, below the mirror."""
        return self.value.replace("{suffix}", suffix)


_PATHS = [
    (file, re.compile(re.escape(file.value).replace(re.escape("{suffix}"), "([A-Z2-7]{26})")))
    for file in MirrorFile
]


def located(path: str) -> tuple[MirrorFile, str] | None:
    """Undo `MirrorFile.path`: return which file of which suffix lies at a path, if any.

    >>> located("pith/REQM6TSZ2XBI5YFGVPNQEI7HST/state.json")
    (<MirrorFile.STATE: 'pith/{suffix}/state.json'>, 'REQM6TSZ2XBI5YFGVPNQEI7HST')
    """
    for file, pattern in _PATHS:
        match = pattern.fullmatch(path)
        if match is not None:
            return file, match[1]
    return None


MIRRORS = ObjectOf(
    {
        "manifest_type": Const(MIRRORS_TYPE),
        "manifest_version": Const(MIRRORS_VERSION),
        "generated_at": SECONDS,
        "merge_version": Const(MERGE_VERSION),
        "mirrors": ListOf(
            ObjectOf(
                {
                    "name": TEXT,
                    "mirror_type": WORD,
                    "base_url": URL,
                    "bundle_pattern": URL,
                    "state_pattern": URL,
                    "well_known_pattern": URL,
                    "public_key": PUBLIC_KEY,
                    "status": WORD,
                }
            )
        ),
        "notes": TEXT,
    }
)
"""The form of `pith-mirrors.json`."""


def mirrors_document(
    registry: Registry, key: PublicKey, generated_at: str, others: Iterable[JsonValue] = ()
) -> dict[str, JsonValue]:
    """Return `pith-mirrors.json`: the registry's own mirror first, then others it knows.

    Ruling: `generated_at`, written `YYYY-MM-DDTHH:MM:SSZ`, is when the content was committed, so
    that the same content makes the same file.
    """
    base_url = registry.base_url
    own = {
        "name": registry.name,
        "mirror_type": "https",
        "base_url": base_url,
        "bundle_pattern": f"{base_url}/{MirrorFile.BUNDLE}",
        "state_pattern": f"{base_url}/{MirrorFile.STATE}",
        "well_known_pattern": f"{base_url}/{MirrorFile.WELL_KNOWN_BUNDLE}",
        "public_key": key.to_json_object(),
        "status": "primary",
    }
    return {
        "manifest_type": MIRRORS_TYPE,
        "manifest_version": MIRRORS_VERSION,
        "generated_at": generated_at,
        "merge_version": MERGE_VERSION,
        "mirrors": [own, *others],
        "notes": _NOTES,
    }
