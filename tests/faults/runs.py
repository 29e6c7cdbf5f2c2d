"""Small runs of all that writes durably: each is made ready, then run with a disk of one's own."""

from datetime import date

from pith_builder.disk import Disk
from pith_builder.lake.tables import TABLES
from pith_builder.operations.compaction import compact
from pith_builder.operations.maintain import maintain
from pith_builder.operations.nightly import nightly
from pith_builder.operations.source_audit import audit_source
from pith_builder.signing.key_files import new_key_file
from pith_builder.sources.fetching import Request
from pith_builder.sources.raw_pages import kept, replayed
from tests.arxiv_server.papers import paper
from tests.graphs import merged_into, theirs, written
from tests.harvests import Local, many, target
from tests.lakes import AWKWARD, CONTENT, LATER, THIRD_PAPER_AGAIN, build, files
from tests.makers import KEY_URL, NOW
from tests.unit.operations.test_compaction import NEXT, night
from tests.unit.operations.test_export_mirror import export
from tests.unit.operations.test_maintain import LEFTOVERS, leave


class Run:
    """What all have in common.

    Attributes:
        same: The tables in which a rerun after a crash ends as a run that nothing stopped.
        steps: How many things it does one after the other, each whole by itself.
        leaves: What a run that is refused may leave, for maintenance to sweep.
        most: How many worlds or refusals are tried at most.
    """

    same = tuple(TABLES)
    steps = 1
    leaves = frozenset()
    most = 10_000


class Build(Run):
    """A build into a lake that is there, with new papers, a known one and rejects."""

    def prepare(self, place):
        build(place / "lake", THIRD_PAPER_AGAIN)

    def run(self, place, disk):
        build(place / "lake", AWKWARD, now=LATER, disk=disk)


class FirstBuild(Build):
    """A build where there is no lake yet, not even the folder."""

    def prepare(self, place):
        place.mkdir()


class Nightly(Run):
    """A nightly that heals a gap and then reads the last day: two commits."""

    same = (*CONTENT, "keys", "rejects", "sightings")
    """Not `builds` and `windows`: a night that was killed after a commit comes twice."""

    steps = 2

    def prepare(self, place):
        arxiv = self.arxiv = Local(many(4, ("2026-11-10", "2026-11-20")), page_size=3)
        nightly(target(place / "lake"), arxiv.source, since=date(2026, 11, 1))
        arxiv.store.add(paper("2402.00001"), "2026-11-05")
        arxiv.store.add(paper("2402.00002"), "2026-11-20")
        audit_source(target(place / "lake", now=LATER), arxiv.source)

    def run(self, place, disk):
        nightly(target(place / "lake", now=LATER, disk=disk), self.arxiv.source)


class Merge(Run):
    """A merge that adds a record and rewrites the parts of another."""

    def prepare(self, place):
        place.mkdir()
        written(place / "known.jsonl", theirs())
        written(place / "theirs.jsonl", theirs(), theirs(title="Another paper"))
        merged_into(place / "lake", place / "known.jsonl")
        build(place / "lake", AWKWARD, now=LATER)

    def run(self, place, disk):
        merged_into(place / "lake", place / "theirs.jsonl", now=LATER, disk=disk)


class Maintain(Run):
    """Maintenance: small parts joined, what no manifest names and what only old ones do swept."""

    steps = 2
    leaves = frozenset(LEFTOVERS)

    def prepare(self, place):
        for number in range(5):
            night(place / "lake", number, papers=1)
        leave(place / "lake")

    def run(self, place, disk):
        compact(target(place / "lake", now=NEXT, disk=disk))
        maintain(place / "lake", disk=disk, kept_since=NEXT)


class ExportMirror(Run):
    """An export that makes the mirror of an earlier commit that of the last one."""

    most = 100
    """There are thousands, of many files that are all written alike."""

    def prepare(self, place):
        build(place / "lake", THIRD_PAPER_AGAIN)
        self.run(place, Disk())
        build(place / "lake", AWKWARD, now=LATER)

    def run(self, place, disk):
        export(place / "lake", place / "mirror", disk=disk)

    def made(self, place):
        """Return every file of the mirror, but the lock, which says who held it."""
        found = files(place / "mirror")
        return {name: data for name, data in found.items() if name != ".lock"}


class NewKey(Run):
    """A key being made."""

    def prepare(self, place):
        place.mkdir()

    def run(self, place, disk):
        new_key_file(self.key(place), "ours", url=KEY_URL, notes="", now=NOW, disk=disk)

    def key(self, place):
        """Return where the private key lies."""
        return place / "keys" / "key.json"


class KeptAnswers(Run):
    """A source's answers being kept, after one that was kept before."""

    asked = tuple(Request((("verb", verb),)) for verb in ("Identify", "ListSets", "ListRecords"))

    def prepare(self, place):
        kept(self.answer, place / "raw")(self.asked[0])

    def run(self, place, disk):
        get = kept(self.answer, place / "raw", disk)
        for request in self.asked[1:]:
            get(request)

    def answer(self, request):
        return str(request).encode()

    def made(self, place):
        """Return the answers that are given again."""
        get = replayed(place / "raw")
        return [get(request) for request in self.asked]


OF_A_LAKE = (FirstBuild, Build, Nightly, Merge, Maintain)
