"""Readers see one commit whole while others commit, join parts and sweep; writers take turns."""

import json
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from pith_builder.errors import SweptError
from pith_builder.lake.query import ask, connect
from pith_builder.lake.store import open_lake
from pith_builder.operations import audit as auditing
from pith_builder.operations.audit import audit
from pith_builder.operations.compaction import compact
from pith_builder.operations.maintain import maintain
from tests.faults.effort import of
from tests.faults.readers import READERS
from tests.harvests import target
from tests.lakes import LATER, PITH, ROOT, bare_environment, build, line, lines, pith
from tests.makers import NOW, SIGNER

COMMITS = of(24, 2_000)
READS = of(4, 30)
MAINTAINED_EVERY = 6
"""Commits; parts are then joined, and what only earlier manifests name is swept."""

KEPT = timedelta(minutes=100)
"""How long parts are kept in the second half, a commit a minute: an audit goes through the whole
chain first. In the first half nothing is kept, so that readers are overtaken."""


def test_readers_see_one_commit_whole_whatever_is_written_and_swept(tmp_path):
    lake, stop = tmp_path / "lake", tmp_path / "stop"
    build(lake, line())
    reading = [
        subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "tests.faults.readers", kind, lake, stop],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for kind in READERS
    ]
    swept = 0
    try:
        number = 0
        while number < COMMITS or not all(reads(stop, kind) >= READS for kind in READERS):
            number += 1
            assert all(process.poll() is None for process in reading), "a reader ended"
            now = NOW + timedelta(minutes=number)
            name = f"{1000 + number // 9000:04d}.{number % 9000:04d}"
            build(lake, line(id=name, title=f"Paper {number}"), now=now)
            if number % MAINTAINED_EVERY == 0:
                compact(target(lake, now=now))
                kept = KEPT if number > COMMITS // 2 else timedelta(0)
                swept += len(maintain(lake, kept_since=now - kept).removed)
    finally:
        stop.touch()
        ended = [(process, *process.communicate(timeout=120)) for process in reading]
    saw = [json.loads(out or b"{}") for _, out, _ in ended]
    for process, _, said in ended:
        assert process.returncode == 0, said.decode()
    assert swept > 0
    assert all(each["commits"] > 1 for each in saw), saw
    assert audit(lake, [SIGNER.public_key]).findings == []
    print(f"\n{number} commits, {swept} parts swept; {saw}")  # noqa: T201 - counts are to be seen


def reads(stop, kind):
    """Return how often a reader has read."""
    place = stop.with_name(kind)
    return int((place.read_text() if place.exists() else "") or 0)


@pytest.fixture
def outlived(tmp_path):
    """A connection to a commit whose parts a later one joined and maintenance swept."""
    lake = tmp_path / "lake"
    for number in range(5):
        build(lake, lines(1, first=number + 1), now=NOW + timedelta(minutes=number))
    before = open_lake(lake)
    connection = connect(lake)
    assert connection.sql("select count(*) from records").fetchall() == [(5,)]
    compact(target(lake, now=LATER))
    return lake, before, connection


def test_a_reader_goes_on_while_its_parts_are_kept(outlived):
    lake, before, connection = outlived
    maintain(lake, kept_since=NOW)

    assert list(ask(connection, "select count(*) from bundles").rows) == [(5,)]
    assert open_lake(lake).manifest.sequence == before.manifest.sequence + 1


def test_a_reader_whose_parts_are_swept_is_told_so_and_never_gets_fewer_rows(outlived):
    lake, before, connection = outlived
    maintain(lake, kept_since=LATER)

    told = rf"parts of manifest {before.manifest.sequence} of .* are no longer kept: .* begin again"
    for query in ("select document from bundles", "select count(*) from records"):
        with pytest.raises(SweptError, match=told) as swept:
            list(ask(connection, query).rows)
        assert swept.value.exit_code == 6
    assert list(ask(connect(lake), "select count(*) from bundles").rows) == [(5,)]


def test_a_reader_that_is_overtaken_while_it_opens_opens_the_next_commit(outlived, monkeypatch):
    lake, before, _ = outlived
    maintain(lake, kept_since=LATER)
    answers = [before]
    monkeypatch.setattr(
        "pith_builder.lake.query.open_lake",
        lambda path: answers.pop() if answers else open_lake(path),
    )

    assert list(ask(connect(lake), "select count(*) from bundles").rows) == [(5,)]
    assert not answers


def test_an_audit_that_is_overtaken_begins_again(outlived, monkeypatch):
    lake, before, _ = outlived
    (lake / "CURRENT").write_text(f"manifests/{before.manifest.sequence:08d}.json\n")
    assert {finding.code for finding in audit(lake, [SIGNER.public_key]).findings} == {
        "rolled_back",
        "bad_views",
    }
    live = f"manifests/{before.manifest.sequence + 1:08d}.json\n"
    found = auditing._audit

    def overtaken(*arguments, **options):
        report = found(*arguments, **options)
        (lake / "CURRENT").write_text(live)
        return report

    monkeypatch.setattr(auditing, "_audit", overtaken)

    report = audit(lake, [SIGNER.public_key])
    assert report.findings == []
    assert report.sequence == before.manifest.sequence + 1


def test_an_audit_of_a_long_chain_need_not_begin_again_for_a_commit(tmp_path, monkeypatch):
    lake, audits = tmp_path / "lake", []
    build(lake, lines(1))
    through_the_chain, found = auditing.audit_chain, auditing._audit

    def overtaken(*arguments):
        chain = through_the_chain(*arguments)
        build(lake, lines(1, first=len(audits) + 1), now=NOW + timedelta(minutes=len(audits)))
        return chain

    def counted(*arguments, **options):
        audits.append(lake)
        return found(*arguments, **options)

    monkeypatch.setattr(auditing, "audit_chain", overtaken)
    monkeypatch.setattr(auditing, "_audit", counted)

    report = audit(lake, [SIGNER.public_key])
    assert (report.findings, report.sequence, len(audits)) == ([], 1, 1)
    assert open_lake(lake).manifest.sequence == 2


def test_a_second_writer_waits_or_is_told_who_holds_the_lake_and_a_dead_holder_frees_it(
    tmp_path, key_file
):
    lake, settings = tmp_path / "lake", {"PITH_SIGNING_KEY_FILE": key_file}
    with subprocess.Popen(  # noqa: S603 - our own command
        [*PITH, "build", "-", "--lake", str(lake), "--workers", "2"],
        env=bare_environment(**settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as holder:
        holder.stdin.write(lines(1))
        holder.stdin.flush()
        while not (lake / ".lock").exists() or not (lake / ".lock").read_bytes():
            assert holder.poll() is None
        told = pith("build", "-", "--lake", lake, stdin=lines(1), **settings)
        waiting = subprocess.Popen(  # noqa: S603 - our own command
            [*PITH, "build", "-", "--lake", str(lake), "--wait", "100"],
            env=bare_environment(**settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        threading.Timer(1, holder.send_signal, [signal.SIGKILL]).start()
        out, said = waiting.communicate(lines(2), timeout=100)

    assert (told.code, told.out) == (6, "")
    assert told.err.startswith(f"pith: process {holder.pid} on ")
    assert "build - --lake" in told.err
    assert waiting.returncode == 0, said
    assert out.startswith(b"2 papers seen: 2 minted")
    assert open_lake(lake).manifest.tables["records"].rows == 2
