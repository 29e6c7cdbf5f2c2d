"""No false alarm: an audit finds nothing in lakes of all shapes, each drawn by a seed.

A lake is made by a chain of steps drawn at random, such as operators take in any order; after it
the audit has no finding, at both depths, and every count is as the tables have it.
`PITH_TEST_SEED` draws others, `make faults` five hundred.
"""

import json
import shutil
from collections import Counter
from datetime import date, timedelta
from random import Random

import pytest

from pith_builder.core.forms import EVENT_TARGETS, PAYLOADS
from pith_builder.lake.store import live_manifest
from pith_builder.operations.audit import audit
from pith_builder.operations.compaction import compact
from pith_builder.operations.harvest import Stretch, harvest
from pith_builder.operations.maintain import maintain
from pith_builder.operations.nightly import nightly
from pith_builder.operations.reissue import reissue
from pith_builder.operations.source_audit import audit_source
from pith_builder.signing.ed25519 import Ed25519Signer
from tests.arxiv_server.papers import paper
from tests.faults.effort import SEED, of
from tests.graphs import imported_into, merged_into, mirrored, theirs, written
from tests.harvests import Local, bad, many, target, withdrawn
from tests.lakes import build, content_roots, line, lines, rows, untouched, versions
from tests.makers import NOW, OTHER_SIGNER, PUBLISHED_NUMBER, SIGNER, event, mint

LAKES = of(20, 500)
NEXT_KEY = Ed25519Signer("ours-2027-01", bytes(range(5, 37)))
TRUSTED = [signer.public_key for signer in (SIGNER, OTHER_SIGNER, NEXT_KEY)]
TITLES = ("Paper", "Ü ber  die\n Sätze", 'Schr\\"odinger $x<y$', "漢字 \U0001d538", "İ ẞ")


class Making:
    """A lake being made, step by step, an hour apart."""

    def __init__(self, folder, random):
        self.folder = folder
        self.lake = folder / "lake"
        self.random = random
        self.now = NOW
        self.signer = SIGNER
        self.steps = []
        self.arxiv = Local(page_size=3)
        self.mirrors = 0

    def pass_time(self):
        self.now += timedelta(hours=1)
        self.arxiv.pass_days()

    def by(self):
        return {"now": self.now, "signer": self.signer}

    def papers(self):
        """Return some papers as lines: new ones, ones that are there, later versions of them."""
        random = self.random
        return [
            line(
                id=f"0704.{random.randint(1, 40):04d}",
                title=f"{random.choice(TITLES)} {random.randint(1, 3)}",
                license=random.choice((None, "http://creativecommons.org/licenses/by/4.0/")),
                comments=random.choice((None, "Withdrawn by the author", "3 pages")),
                categories=random.choice(("hep-ph", "math.GT cs.LG math.GT", "solv-int nlin.SI")),
                abstract="word " * random.choice((1, 119, 120, 400)),
                versions=versions(random.randint(1, 3)),
                **random.choice(({}, {"more": [1.5, None]})),
            )
            for _ in range(random.randint(1, 6))
        ]


def built(making):
    build(making.lake, b"\n".join(making.papers()), **making.by())


def built_with_rejects(making):
    wrong = [b"{}", b"[]", b"\xff", line(id="x"), line(title=" "), b'{"id":1,"id":2}']
    found = [*making.papers(), *making.random.sample(wrong, 3)]
    build(making.lake, b"\n".join(found), **making.by())


def only_rejects(making):
    build(making.lake, b"{}\n[%d]\n" % making.random.randint(1, 9), **making.by())


def built_twice(making):
    found = b"\n".join(making.papers())
    build(making.lake, found, **making.by())
    build(making.lake, found, **making.by())


def built_of_nothing(making):
    build(making.lake, b"", **making.by())


def harvested(making):
    day = making.random.choice(("2026-11-10", "2026-11-11"))
    first = making.random.randint(1, 50)
    for each in many(making.random.randint(0, 4), (day,), first=first):
        making.arxiv.store.add(each, day)
    odd = making.random.choice((bad, withdrawn))(f"2401.9{first:04d}", day)
    making.arxiv.store.add(odd, day)
    stretch = Stretch(set_spec="", from_on=date(2026, 11, 9), until_on=date(2026, 11, 12))
    harvest(target(making.lake, **making.by()), making.arxiv.source, stretch, "backfill")


def by_night(making):
    making.arxiv.store.add(paper(f"2402.{making.random.randint(1, 99):05d}"))
    since = date(2026, 11, 1)
    nightly(target(making.lake, **making.by()), making.arxiv.source, since=since)


def source_audited(making):
    if live_manifest(making.lake) is None:
        return
    making.arxiv.store.add(paper(f"2403.{making.random.randint(1, 99):05d}"), "2026-11-10")
    audit_source(target(making.lake, **making.by()), making.arxiv.source, "")


def merged(making):
    """Merge what another registry says of papers that are there, or are not, and events."""
    random = making.random
    bundles = [theirs(title=f"Their paper {random.randint(1, 3)}"), theirs()]
    ours = json.loads(mint().bundle.document)
    offered = random.sample([*bundles, ours, *stated(making)], random.randint(1, 6))
    file = written(making.folder / "offered.jsonl", *offered)
    merged_into(making.lake, file, **making.by())


def stated(making):
    """Return events of all types, of the published record or of one that is there."""
    random = making.random
    held = [] if live_manifest(making.lake) is None else rows(making.lake, "records")
    numbers = [PUBLISHED_NUMBER, *(row["pith_number"] for row in held)]
    said = (1, -7, 1.0, 0.25, 1e-7, 1e16, 5e-324, None, "", "\x7f\u2028 İ 漢", [], {"": []})
    former = [row["event_id"] for row in held and rows(making.lake, "events")]
    types = [*(EVENT_TARGETS.keys() - PAYLOADS.keys()), "of_no_known_type"]
    return [
        event(
            kind,
            target=EVENT_TARGETS.get(kind, "any"),
            payload={f"field {index}": random.choice(said) for index in range(3)},
            subject_pith_number=random.choice(numbers),
            supersedes=random.sample(former, min(len(former), random.choice((0, 0, 0, 1, 2)))),
            prev_event=random.choice((None, *former[:1])),
        )
        for kind in random.choices(sorted(types), k=4)
    ]


def imported(making):
    other = making.folder / f"other-{making.mirrors}"
    making.mirrors += 1
    build(other, lines(2, first=making.random.randint(1, 40)), signer=OTHER_SIGNER, now=NOW)
    with_metadata = making.random.random() < 0.5
    tree = mirrored(other, making.folder / other.name / "tree", with_metadata=with_metadata)
    imported_into(making.lake, tree, **making.by())


def maintained(making):
    if making.lake.is_dir():
        maintain(making.lake)


def compacted(making):
    if making.lake.is_dir() and live_manifest(making.lake) is not None:
        compact(target(making.lake, **making.by()))


def forgotten(making):
    """Sweep the parts that only the past reads; its manifests stay."""
    if making.lake.is_dir():
        maintain(making.lake, kept_since=making.now)


def moved(making):
    if making.lake.is_dir():
        place = making.folder / f"moved {len(making.steps)}'s" / "lake"
        place.parent.mkdir()
        making.lake = making.lake.rename(place)


def copied_elsewhere(making):
    if making.lake.is_dir():
        place = making.folder / f"copy-{len(making.steps)}"
        making.lake = shutil.copytree(making.lake, place)


def another_key(making):
    making.signer = NEXT_KEY
    built(making)


def reissued(making):
    if live_manifest(making.lake) is not None:
        making.signer = NEXT_KEY
        reissue(target(making.lake, **making.by()), TRUSTED, [SIGNER.public_key])


def killed_before_its_commit(making):
    """Leave what a killed build leaves: parts and partial files that no manifest names."""
    if not making.lake.is_dir():
        return
    for name in ("tables/records/00000099-00000-0123456789abcdef.parquet", "tables/x.partial"):
        place = making.lake / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"half")
    (making.lake / "manifests").mkdir(exist_ok=True)
    (making.lake / "manifests" / "00000099.pending").write_bytes(b"{")


def killed_after_its_commit(making):
    """Leave what a build leaves that is killed right after its commit: no name, no views."""
    built(making)
    manifest = live_manifest(making.lake)
    if manifest is None:
        return
    place = making.lake / "manifests" / f"{manifest.sequence:08d}.json"
    place.rename(place.with_suffix(".pending"))
    if manifest.sequence == 1:
        (making.lake / "pith.sql").unlink()


STEPS = [
    *(built, built_with_rejects, only_rejects, built_twice, built_of_nothing, harvested, by_night),
    *(source_audited, merged, imported, maintained, moved, copied_elsewhere, another_key),
    *(killed_before_its_commit, killed_after_its_commit, compacted, forgotten, reissued),
]

SHAPES = {
    "never built": [],
    "built of nothing": [built_of_nothing],
    "only rejects": [only_rejects],
    "one build": [built],
    "harvested": [harvested],
    "a nightly": [by_night, by_night],
    "merged": [merged],
    "imported": [imported],
    "moved": [built, moved],
    "maintained": [built, killed_before_its_commit, maintained],
    "a new key": [built, another_key],
    "signed again": [built, merged, reissued, merged],
    "compacted": [built, another_key, compacted, merged, forgotten, compacted],
}
"""Shapes that are tried in every run; the others are drawn."""


@pytest.fixture(scope="module")
def tally():
    counted = Counter()
    yield counted
    told = (f"{count:6} {name}" for name, count in sorted(counted.items()))
    print("", *told, sep="\n")  # noqa: T201 - `make faults` shows it


def drawn(number):
    random = Random(f"{SEED} lake {number}")  # noqa: S311 - wanted: the same each time
    shapes = list(SHAPES.values())
    if number < len(shapes):
        return random, shapes[number]
    return random, random.choices(STEPS, k=random.randint(1, 6))


def made(folder, number):
    """Make the lake of a number; what is told where it fails says how it came to be."""
    random, steps = drawn(number)
    making = Making(folder, random)
    for step in steps:
        making.steps.append(step.__name__)
        step(making)
        making.pass_time()
    return making, f"seed {SEED}, lake {number}: {making.steps}"


@pytest.mark.parametrize("number", range(LAKES))
def test_a_clean_lake_raises_no_alarm(tmp_path, tally, number):
    making, told = made(tmp_path, number)

    manifest = live_manifest(making.lake)
    before = untouched(making.lake)
    report = audit(making.lake, TRUSTED)
    tally["lakes"] += 1
    tally.update(f"with step {name}" for name in set(making.steps))
    if manifest is None:
        assert [finding.code for finding in report.findings] == ["no_lake"], told
        tally["of them no lake"] += 1
        return
    assert report.findings == [], told
    assert audit(making.lake, TRUSTED, roots_only=True).findings == [], told
    for table, count in report.rows.items():
        assert count == len(rows(making.lake, table)), told
        tally[f"rows of {table}"] += count
    assert untouched(making.lake) == before, told


@pytest.mark.parametrize("number", range(LAKES))
def test_a_mirror_of_any_lake_makes_a_lake_that_says_the_same(tmp_path, number):
    making, told = made(tmp_path, number)
    if live_manifest(making.lake) is None or not rows(making.lake, "records"):
        return
    again = tmp_path / "again"
    imported_into(again, mirrored(making.lake, tmp_path / "tree"), **making.by())

    assert audit(again, TRUSTED).findings == [], told
    assert content_roots(again, ("events", "states")) == content_roots(
        making.lake, ("events", "states")
    ), told
    if reissued.__name__ not in making.steps:
        assert content_roots(again, ["records"]) == content_roots(making.lake, ["records"]), told


def test_a_note_says_what_may_mislead_without_an_alarm(tmp_path):
    making = Making(tmp_path, Random(SEED))  # noqa: S311
    built(making)
    killed_before_its_commit(making)
    copied_elsewhere(making)
    report = audit(making.lake, TRUSTED)

    assert report.verified()
    assert [(note.code, note.place) for note in report.notes] == [
        ("views_elsewhere", "pith.sql"),
        ("unnamed_file", "tables/records/00000099-00000-0123456789abcdef.parquet"),
    ]
    maintain(making.lake)
    assert audit(making.lake, TRUSTED).notes == []
