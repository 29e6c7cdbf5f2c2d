"""A lake to be harmed, and what was done to it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pith_builder.lake.store import open_lake, read_manifest
from pith_builder.lake.tables import TABLES
from tests.lakes import rows


@dataclass(frozen=True)
class Harm:
    """What was done: where an audit must find it, and which parts were changed.

    A finding is in the right place if its `place` begins with one of `places` and, where `keys`
    are given, its `key` holds one of them.
    """

    what: str
    places: tuple[str, ...]
    keys: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    def is_named_by(self, finding):
        is_there = any(finding.place.startswith(place) for place in self.places)
        return is_there and (not self.keys or any(key in finding.key for key in self.keys))


class Victim:
    """A lake that copies are harmed of; what draws need to know of it is read once."""

    def __init__(self, lake: Path):
        self.live = open_lake(lake).manifest
        self.sequence = self.live.sequence
        self.manifests = [read_manifest(lake, n) for n in range(1, self.sequence + 1)]
        self.rows = {name: rows(lake, name) for name in TABLES}

    def parts(self, table=None):
        names = TABLES if table is None else (table,)
        return [part.path for name in names for part in self.live.tables[name].parts]

    @cached_property
    def kept_parts(self):
        """Return the parts that only earlier manifests name."""
        named = {
            part.path
            for manifest in self.manifests
            for table in manifest.tables.values()
            for part in table.parts
        }
        return sorted(named - set(self.parts()))

    @cached_property
    def older_parts(self):
        """Return pairs of a live part of states or bundles, and the one it was rewritten from."""
        return [
            (new.path, old.path)
            for before in self.manifests
            for name in ("states", "bundles")
            for old, new in zip(
                before.tables[name].parts, self.live.tables[name].parts, strict=False
            )
            if old != new
        ]
