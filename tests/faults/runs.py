"""Small runs of all that writes durably: each is made ready, then run with a disk of one's own."""

from datetime import date

from pith_builder.disk import Disk
from pith_builder.lake.tables import TABLES
from pith_builder.operations.maintain import maintain
from pith_builder.operations.nightly import nightly
from pith_builder.operations.source_audit import audit_source
from pith_builder.signing.key_files import new_key_file
from pith_builder.sources.fetching import Request
from pith_builder.sources.raw_pages import kept
from tests.arxiv_server.papers import paper
from tests.graphs import merged_into, theirs, written
from tests.harvests import Local, many, target
from tests.lakes import AWKWARD, CONTENT, LATER, THIRD_PAPER_AGAIN, build
from tests.makers import KEY_URL, NOW
from tests.unit.operations.test_export_mirror import export
from tests.unit.operations.test_maintain import leave


class Build:
    """A build into a lake that is there, with new papers, a known one and rejects."""

    same = tuple(TABLES)

    def prepare(self, place):
        build(place / "lake", THIRD_PAPER_AGAIN)

    def run(self, place, disk):
        build(place / "lake", AWKWARD, now=LATER, disk=disk)


class FirstBuild(Build):
    """A build where there is no lake yet, not even the folder."""

    def prepare(self, place):
        place.mkdir()


class Nightly:
    """A nightly that heals a gap and then reads the last day: two commits."""

    same = (*CONTENT, "keys", "rejects", "sightings")
    """Not `builds` and `windows`: a night that was killed after a commit comes twice."""

    def prepare(self, place):
        arxiv = self.arxiv = Local(many(4, ("2026-11-10", "2026-11-20")), page_size=3)
        nightly(target(place / "lake"), arxiv.source, since=date(2026, 11, 1))
        arxiv.store.add(paper("2402.00001"), "2026-11-05")
        arxiv.store.add(paper("2402.00002"), "2026-11-20")
        audit_source(target(place / "lake", now=LATER), arxiv.source)

    def run(self, place, disk):
        nightly(target(place / "lake", now=LATER, disk=disk), self.arxiv.source)


class Merge:
    """A merge that adds a record and rewrites the parts of another."""

    same = tuple(TABLES)

    def prepare(self, place):
        place.mkdir()
        written(place / "known.jsonl", theirs())
        written(place / "theirs.jsonl", theirs(), theirs(title="Another paper"))
        merged_into(place / "lake", place / "known.jsonl")
        build(place / "lake", AWKWARD, now=LATER)

    def run(self, place, disk):
        merged_into(place / "lake", place / "theirs.jsonl", now=LATER, disk=disk)


class Maintain:
    """Maintenance of a lake in which killed builds left files."""

    same = tuple(TABLES)

    def prepare(self, place):
        build(place / "lake", AWKWARD)
        build(place / "lake", THIRD_PAPER_AGAIN, now=LATER)
        leave(place / "lake")

    def run(self, place, disk):
        maintain(place / "lake", disk=disk)


class ExportMirror:
    """An export that makes the mirror of an earlier commit that of the last one."""

    def prepare(self, place):
        build(place / "lake", THIRD_PAPER_AGAIN)
        self.run(place, Disk())
        build(place / "lake", AWKWARD, now=LATER)

    def run(self, place, disk):
        export(place / "lake", place / "mirror", disk=disk)


class NewKey:
    """A key being made."""

    def prepare(self, place):
        place.mkdir()

    def run(self, place, disk):
        new_key_file(place / "keys" / "key.json", "ours", url=KEY_URL, notes="", now=NOW, disk=disk)


class KeptAnswers:
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


OF_A_LAKE = (FirstBuild, Build, Nightly, Merge, Maintain)
"""Those that write to a lake. `same` names the tables in which a rerun ends the same."""
