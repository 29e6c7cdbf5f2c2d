"""Makers for harvests: an arXiv whose clock is set by hand, and what a lake should hold of it."""

import io
import json
import re
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from pith_builder.core.minting import Identity
from pith_builder.errors import SourceUnavailableError
from pith_builder.lake.store import live_manifest
from pith_builder.operations.audit import audit
from pith_builder.operations.harvest import Source, SourceSettings, opened_source
from pith_builder.operations.ledger import DONE, Days, LedgerWindow, read_ledger
from pith_builder.operations.transaction import Target
from pith_builder.sources.arxiv_raw import RejectedRecordError, read_paper
from pith_builder.sources.fetching import Request
from pith_builder.sources.oai_page import read_page
from pith_builder.sources.pacing import Pace
from tests.arxiv_server.clients import IMPATIENT, USER_AGENT
from tests.arxiv_server.faults import Fault
from tests.arxiv_server.oai import OaiRepository
from tests.arxiv_server.papers import paper
from tests.arxiv_server.server import LoopbackArxiv
from tests.arxiv_server.store import Store
from tests.lakes import rows
from tests.makers import NOW, REGISTRY, SIGNER

URL = "https://loopback.example/oai"
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""Noon of the day that `NOW` is in: the source's own time, unless a test sets another."""


class Local:
    """An arXiv without a network; calling it asks it.

    `at` is its time, `is_down` whether it is, `requests` what it was asked.
    """

    def __init__(self, papers=(), at=AT, **sizes):
        self.at = at
        self.is_down = False
        self.requests = []
        self.store = Store(papers, now=lambda: self.at)
        self.repository = OaiRepository(self.store, **sizes)
        self.source = Source(URL, self)

    def __call__(self, request):
        self.requests.append(request)
        if self.is_down:
            raise SourceUnavailableError("HTTP 503")
        return self.repository.answer(request.arguments)

    def pass_days(self, days=1):
        self.at += timedelta(days=days)


class BusyArxiv(LoopbackArxiv):
    """A loopback arXiv with work going on: each edit is made once a cause of it was given.

    `edits` are pairs of a set of identifiers, any of which is a cause, and an action on the store.
    What was given is what a client got whole, so that edits come at the same places whatever goes
    wrong on the way.
    """

    def __init__(self, store, edits=(), **options):
        super().__init__(store, **options)
        self.given = set()
        self.edits = list(edits)

    def answer(self, path, arguments):
        due = [edit for edit in self.edits if edit[0] & self.given]
        self.edits = [edit for edit in self.edits if not edit[0] & self.given]
        for _, action in due:
            action(self.store)
        answered = super().answer(path, arguments)
        if answered[3] in (None, Fault.SLOW, Fault.REPEATED_TOKEN, Fault.EXPIRED_TOKEN):
            found = re.findall(rb"<metadata>.*?<id>(.*?)</id>", answered[0], re.DOTALL)
            self.given.update(name.decode() for name in found)
        return answered


def many(count, days, first=1):
    """Return so many papers of small texts, spread evenly over days in their order."""
    return [
        paper(f"2401.{first + number:05d}", str(days[number * len(days) // count]))
        for number in range(count)
    ]


def bad(arxiv_id, on):
    """Return a paper that makes no record: it has no version 1."""
    versions = [{"version": "v2", "created": "Mon, 8 Jan 2024 10:00:00 GMT"}]
    return paper(arxiv_id, on, versions=versions)


def withdrawn(arxiv_id, on):
    """Return a paper whose only version withdraws it."""
    created = "Mon, 8 Jan 2024 10:00:00 GMT"
    versions = [{"version": "v1", "created": created, "size": "0kb", "source_type": "I"}]
    return paper(arxiv_id, on, versions=versions)


def target(lake, **changes):
    return Target(**{"lake": lake, "registry": REGISTRY, "signer": SIGNER, "now": NOW, **changes})


def source_settings(url, folder, **changes):
    said = {
        "base_url": url,
        "pace": Pace(folder / "pace", 0.0),
        "patience": IMPATIENT,
        "user_agent": USER_AGENT,
    }
    return SourceSettings(**{**said, **changes})


@contextmanager
def opened(arxiv, folder, **changes):
    """A loopback arXiv as a source, asked without waits."""
    with opened_source(source_settings(arxiv.oai_url, folder, **changes)) as source:
        yield source


def records_of(store):
    """Return every record of a store as it is now, read in one page."""
    ask = Request((("verb", "ListRecords"), ("metadataPrefix", "arXivRaw")))
    answer = OaiRepository(store, page_size=10**9).answer(ask.arguments)
    return read_page(answer).records


def wanted(store, days=None):
    """Return the canonical digests of a store's papers as they are now, by identifier."""
    found = {}
    for record in records_of(store):
        if days is None or record.header.datestamp in set(days):
            try:
                identity = Identity.of(read_paper(record))
            except RejectedRecordError:
                continue
            found[str(identity.paper.arxiv_id)] = identity.digest.hex()
    return found


def held(lake):
    """Return the canonical digests that a lake holds, each with its paper's identifier."""
    return [(row["arxiv_id"], row["canonical_sha256"]) for row in rows(lake, "records")]


def findings(lake):
    return audit(lake, [SIGNER.public_key]).findings


def ledger(lake, url=URL):
    """Return the ledger's lines of a source, without the runs' names."""
    return [
        (line.set_spec, str(line.from_on), str(line.until_on), line.status)
        for line in read_ledger(lake, live_manifest(lake), url)
    ]


def window(from_on, until_on, status=DONE, set_spec="", build=1, at=AT):
    """Return a line of the ledger; days may be written as text."""
    return LedgerWindow(
        source=URL,
        set_spec=set_spec,
        from_on=date.fromisoformat(str(from_on)),
        until_on=date.fromisoformat(str(until_on)),
        status=status,
        response_at=at,
        records=0,
        build_id=f"{build:08d}",
    )


def days(from_on, until_on):
    return Days(date.fromisoformat(from_on), date.fromisoformat(until_on))


def snapshot_of(papers):
    """Return papers as lines of the bulk snapshot, with the same fields that OAI-PMH gives."""
    kept = ("id", "submitter", "authors", "title", "categories", "abstract", "license", "comments")
    lines = []
    for each in papers:
        fields = {name: each.get(name) for name in kept} | {"update_date": each["datestamp"]}
        names = ("version", "created")
        fields["versions"] = [{name: v[name] for name in names} for v in each["versions"]]
        lines.append(json.dumps(fields, ensure_ascii=False).encode() + b"\n")
    return b"".join(lines)


def standard_input(data=b""):
    return io.BytesIO(data)
