"""The papers of a loopback arXiv, each with the instant of its last change."""

import json
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.arxiv_server.taxonomy import is_in_set, set_specs_of

EARLIEST = "2005-09-16"
NOON = timedelta(hours=12)


@dataclass(frozen=True)
class Entry:
    """One paper: its metadata as the bulk snapshot has it, and when it was last changed.

    Beside the snapshot's keys there may be `msc-class`, `acm-class`, `proxy`, and in an entry of
    `versions` a `size` (`12kb`) and a `source_type` (`D`).
    """

    paper: dict
    changed_at: datetime
    set_specs: tuple

    @property
    def datestamp(self):
        return self.changed_at.date()


class Store:
    """Papers in the order of arXiv's lists: by last change, then by identifier.

    A paper's `datestamp` is the day of its last change; else its `update_date`, but not before the
    first day that arXiv's OAI-PMH knows.
    """

    def __init__(self, papers=(), *, now=lambda: datetime.now(UTC)):
        self.now = now
        self._lock = threading.RLock()
        self._entries = {}
        self._ordered = None
        for paper in papers:
            on = paper.get("datestamp") or max(paper["update_date"], EARLIEST)
            self._put(paper, _day(on) + NOON)

    @classmethod
    def read(cls, path, **options):
        with Path(path).open("rb") as lines:
            return cls(map(json.loads, lines), **options)

    def __len__(self):
        return len(self._entries)

    def __iter__(self):
        return iter(self.ordered())

    def get(self, arxiv_id):
        return self._entries.get(arxiv_id)

    def ordered(self):
        with self._lock:
            if self._ordered is None:
                self._ordered = sorted(
                    self._entries.values(), key=lambda entry: (entry.changed_at, entry.paper["id"])
                )
            return self._ordered

    def between(self, first, last, wanted_set=None):
        """Entries changed from day `first` to day `last`, in order."""
        return [
            entry
            for entry in self.ordered()
            if first <= entry.datestamp <= last
            and (wanted_set is None or is_in_set(entry.set_specs, wanted_set))
        ]

    def add(self, paper, on=None):
        """Add a paper, or another state of one, as changed now or on a day, also one long past."""
        self._put(paper, self.now() if on is None else _day(on) + NOON)

    def edit(self, arxiv_id, **changes):
        """Change a paper's metadata now; it moves to today. `journal_ref` stands for that key."""
        fields = {name.replace("_", "-"): value for name, value in changes.items()}
        with self._lock:
            self._put(self._entries[arxiv_id].paper | fields, self.now())

    def revise(self, arxiv_id, created, **changes):
        """Add a version to a paper now."""
        with self._lock:
            versions = self._entries[arxiv_id].paper["versions"]
            version = {"version": f"v{len(versions) + 1}", "created": created}
            self.edit(arxiv_id, versions=[*versions, version], **changes)

    def backdate(self, arxiv_ids, on):
        """Stamp papers as changed on a day, metadata as they are: what arXiv does in bulk."""
        with self._lock:
            for arxiv_id in arxiv_ids:
                entry = self._entries[arxiv_id]
                self._entries[arxiv_id] = replace(entry, changed_at=_day(on) + NOON)
            self._ordered = None

    def _put(self, paper, changed_at):
        with self._lock:
            sets = tuple(set_specs_of(paper["categories"]))
            self._entries[paper["id"]] = Entry(dict(paper), changed_at, sets)
            self._ordered = None


def _day(text):
    return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
