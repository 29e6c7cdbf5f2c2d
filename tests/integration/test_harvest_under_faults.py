"""Thousands of records over HTTP; one request in ten fails, one paper in a hundred is edited.

`PITH_TEST_HARVEST_RECORDS=20000` takes as many as the promise is made for, `PITH_TEST_SEED` draws
other faults.
"""

import os
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from pith_builder.operations.audit import audit
from pith_builder.operations.harvest import Stretch, harvest
from pith_builder.operations.nightly import nightly
from pith_builder.operations.source_audit import audit_source
from pith_builder.sources.oai_walker import Window, pages
from tests.arxiv_server.faults import Faults
from tests.arxiv_server.store import Store
from tests.harvests import AT, BusyArxiv, held, many, opened, records_of, target, wanted
from tests.lakes import content_roots, rows
from tests.makers import SIGNER

COUNT = int(os.environ.get("PITH_TEST_HARVEST_RECORDS", "5000"))
SEED = int(os.environ.get("PITH_TEST_SEED", "11"))
SINCE = date(2024, 1, 1)
DAYS = [date(2024, 1, 10) + timedelta(days) for days in range(20)]
REVISED = "Mon, 5 Feb 2024 10:00:00 GMT"


def edit_of(number, name):
    """One of two edits that make another record: a new version, or words mended in place."""

    def edit(store):
        if number % 2:
            store.revise(name, REVISED, abstract=f"  What {name} says now.\n")
        else:
            store.edit(name, title=f"Mended {name}")

    return edit


def edits(random):
    """One record in a hundred, edited right after it was first read, or long before it is.

    A record that is read first may be passed over first; and any record of a day tells that the
    day was reached. So the same states are read whatever goes wrong.
    """
    half, of_a_day = COUNT // 2, COUNT // len(DAYS)
    for place, number in enumerate(sorted(random.sample(range(1, COUNT + 1), COUNT // 100))):
        name = f"2401.{number:05d}"
        causes = {name}
        if place % 2 and number > half:
            day = (number - 1 - half) // of_a_day
            causes = {f"2401.{day * of_a_day + each + 1:05d}" for each in range(of_a_day)}
        yield causes, edit_of(number, name)


def busy(rate):
    random = Random(SEED)  # noqa: S311 - wanted: the same each time
    store = Store(many(COUNT, DAYS), now=lambda: AT)
    faults = Faults(rate=rate, seed=SEED, slow_seconds=0.01)
    return BusyArxiv(store, edits(random), faults=faults, page_size=100, identifiers_size=1000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="module")
def stores(folder):
    """The stores as they were in the end, of a harvest with faults and of one without."""
    left = {}
    for name, rate in (("faulty", 0.1), ("smooth", 0.0)):
        with busy(rate) as arxiv, opened(arxiv, folder / name) as source:
            for since in (SINCE, None):  # what is edited at the very end is left to the next night
                nightly(target(folder / name / "lake"), source, since=since)
            assert arxiv.edits == [], f"seed {SEED}"
            if rate:
                failed = sum(map(bool, map(arxiv.faults.drawn, range(1, len(arxiv.requests) + 1))))
                assert failed >= len(arxiv.requests) * rate / 2, f"seed {SEED}"
        left[name] = arxiv.store
    return left


def test_the_lake_equals_one_harvested_without_faults(folder, stores):
    assert wanted(stores["faulty"]) == wanted(stores["smooth"])
    faulty, smooth = folder / "faulty" / "lake", folder / "smooth" / "lake"
    assert content_roots(faulty) == content_roots(smooth), f"seed {SEED}"


def test_nothing_is_lost_and_nothing_is_twice(folder, stores):
    lake = folder / "faulty" / "lake"
    found = held(lake)

    assert len(found) == len(set(found)), f"seed {SEED}"
    now = set(wanted(stores["faulty"]).items())
    assert now <= set(found), f"seed {SEED}: {sorted(now - set(found))[:5]}"
    edited = COUNT // 100
    assert COUNT + edited // 2 <= len(found) <= COUNT + edited
    for table in ("states", "bundles"):
        numbers = [row["pith_number"] for row in rows(lake, table)]
        assert len(numbers) == len(set(numbers)) == len(found)


def test_the_lake_holds_and_has_all_that_the_source_lists(folder, stores):
    lake = folder / "faulty" / "lake"
    assert audit(lake, [SIGNER.public_key], roots_only=True).findings == []

    with BusyArxiv(stores["faulty"]) as arxiv, opened(arxiv, folder) as source:
        found = audit_source(target(lake), source)
    assert (found.listed, found.present, found.missing) == (COUNT, COUNT, ())


def test_a_client_that_trusts_tokens_loses_records(folder):
    read = {}
    with busy(0.1) as arxiv, opened(arxiv, folder / "naive") as source:
        for from_on in (SINCE, AT.date() - timedelta(1)):
            for page in pages(source.get, Window(from_on=from_on)):
                read |= {record.header.identifier: record.xml for record in page.records}

    now = {record.header.identifier: record.xml for record in records_of(arxiv.store)}
    lost = [name for name in now if read.get(name) != now[name]]
    assert lost, f"seed {SEED}"


def test_months_under_faults_hold_what_moved_from_one_to_the_other(tmp_path):
    """A window that ends, with records moving out of it, into today, while it is read."""
    count, at = 400, datetime(2026, 11, 20, 12, tzinfo=UTC)
    store = Store(many(count, DAYS), now=lambda: at)
    moved = [
        ({f"2401.{n:05d}"}, edit_of(n, f"2401.{n + (n % 3) * 90:05d}")) for n in range(20, 200, 9)
    ]
    faults = Faults(rate=0.1, seed=SEED, slow_seconds=0.01)
    stretch = Stretch(set_spec="cs:cs:LG", from_on=DAYS[0], until_on=DAYS[-1])
    with (
        BusyArxiv(store, moved, faults=faults, page_size=15, identifiers_size=40) as arxiv,
        opened(arxiv, tmp_path) as source,
    ):
        harvest(target(tmp_path / "lake"), source, stretch, "backfill")

    assert set(wanted(store).items()) <= set(held(tmp_path / "lake")), f"seed {SEED}"
