"""The deployments of `prefect.yaml` on a real server and worker."""

import base64
import json
import os
import signal
import threading
import time
from datetime import UTC, date, datetime, timedelta

import pytest

from pith_builder.lake.store import live_manifest
from pith_builder.operations.audit import audit
from pith_builder.operations.harvest import Stretch, harvest
from pith_builder.signing.key_files import public_path, read_public_key
from tests.arxiv_server.papers import papers
from tests.arxiv_server.server import LoopbackArxiv
from tests.arxiv_server.store import Store
from tests.harvests import Local, bad, held, many, target, wanted
from tests.lakes import LATER, SAMPLE, content_roots, flip, part_of, pith, rows
from tests.makers import NOW
from tests.ports import held_port

pytest.importorskip("prefect", reason="flows need the extra `flows`")

from tests.flows.site import RUN_SECONDS, everything_in, options, settings, until

NIGHTLY = "nightly-build/nightly"
AGAIN = "nightly-build/nightly-again"
BACKFILL = "backfill-category/backfill"
SINCE = "2024-01-01"
DAYS = ("2024-01-10", "2024-01-11", "2024-01-12")


@pytest.fixture
def arxiv():
    """Thirty papers, and one that makes no record."""
    with LoopbackArxiv(Store([*papers(30, DAYS), bad("2401.00099", DAYS[1])])) as running:
        yield running


class Night:
    """A lake to be, its arXiv and its key."""

    def __init__(self, arxiv, folder, key_file):
        self.lake = folder / "lake"
        self.key_file = key_file
        self.settings = settings(arxiv, self.lake, key_file)
        self._alone = folder / "alone"

    def is_as_if_alone(self):
        """Tell whether the lake is the one that `pith nightly` makes of the same papers."""
        given = {**self.settings, "PITH_LAKE": self._alone, "PITH_PACE_SECONDS": 0}
        dated = ("--now", NOW.isoformat())
        done = pith("nightly", "--since", SINCE, *dated, "--workers", 1, **given)
        assert done.code == 0, done.err
        return content_roots(self.lake) == content_roots(self._alone)

    def findings(self):
        return audit(self.lake, [read_public_key(public_path(self.key_file))]).findings


@pytest.fixture
def night(arxiv, tmp_path, key_file):
    return Night(arxiv, tmp_path, key_file)


@pytest.fixture(scope="module")
def once_more(site):
    """The nightly deployed a second time, so that two of its runs can be under way at once."""
    site.deploy("nightly", name="nightly-again", schedules=[])
    return AGAIN


@pytest.fixture
def port():
    """Where arXiv is, though it be down."""
    with held_port() as held:
        yield held


def first_night(**changes):
    return {"since": SINCE, "options": options(**changes)}


@pytest.fixture
def slowly(arxiv):
    """Keep the second answer back until the test lets it go."""
    asked, let_go = threading.Event(), threading.Event()

    def hold(_store):
        asked.set()
        let_go.wait(RUN_SECONDS)

    arxiv.at_request(1, hold)
    yield asked, let_go
    let_go.set()


def test_the_nightly_runs_on_its_schedule_with_the_key_in_a_secret_block(site, night):
    key = json.loads(night.key_file.read_text())
    site.python(
        "-c",
        "import sys; from pathlib import Path; from prefect.blocks.system import Secret; "
        "Secret(value=Path(sys.argv[1]).read_text()).save('pith-signing-key')",
        str(night.key_file),
    )
    env = {name: str(value) for name, value in night.settings.items() if "KEY_FILE" not in name}
    soon = (datetime.now(UTC) + timedelta(seconds=12)).isoformat()
    site.deploy(
        "nightly",
        name="nightly-soon",
        schedules=[{"interval": 60, "anchor_date": soon, "timezone": "America/New_York"}],
        parameters=first_night(signing_key_block="pith-signing-key"),
        env=env,
    )
    deployment = site.get("/deployments/name/nightly-build/nightly-soon")["id"]

    def due():
        found = site.post(
            "/flow_runs/filter",
            deployments={"id": {"any_": [deployment]}},
            sort="EXPECTED_START_TIME_ASC",
        )
        return found[0] if found else None

    run = until(due)
    assert run["auto_scheduled"]
    assert site.ended(run["id"])["type"] == "COMPLETED"
    site.delete(f"/deployments/{deployment}")
    name = site.get(f"/flow_runs/{run['id']}")["name"]
    assert name == f"nightly of {run['expected_start_time'][:10]}: all of arXiv"
    assert night.is_as_if_alone()
    assert night.findings() == []

    report = site.report(run["id"], "nightly")
    assert "31 papers seen: 30 minted, 0 unchanged, 1 rejected; 1 commits" in report
    assert "| cs.LG | 30 |" in report
    rejects = json.loads(site.artifacts(run["id"])["nightly-rejects"]["data"])
    (held_reject,) = rows(night.lake, "rejects")
    assert [(row["reason"], row["message"]) for row in rejects] == [
        (held_reject["reason"], held_reject["message"])
    ]
    lake = site.artifacts(run["id"])["nightly-lake"]["data"]
    assert "30 papers, 0 of them withdrawn; 30 records" in lake
    assert "| cs.LG | 30 | 0 |" in lake
    # What the operations log is shown, too: a line for each window and each commit.
    logged = site.logs(run["id"])
    assert [line for line in logged if line.startswith("read all of arXiv, ")]
    assert [line for line in logged if line.startswith("committed manifest 1: ")]
    # The signing key went through Prefect, and is nowhere to be read.
    seed = base64.b64decode(key["seed_b64"])
    secrets = [key["seed_b64"].encode(), seed, seed.hex().encode()]
    searched = [*everything_in(site.folder), ("logs", "\n".join(site.logs(run["id"])).encode())]
    assert len(searched) > 3
    assert [place for place, data in searched if any(each in data for each in secrets)] == []


def test_a_backfill_takes_its_parameters_and_skips_what_is_done(site, night, arxiv):
    given = {"category": "cs.LG", "from_month": "2023-12", "until_month": "2024-02"}
    run, state = site.run(BACKFILL, {**given, "options": options()}, **night.settings)
    assert state["type"] == "COMPLETED"
    assert dict(held(night.lake)) == wanted(arxiv.store)
    windows = [(row["set_spec"], str(row["from_on"])) for row in rows(night.lake, "windows")]
    assert [spec for spec, _ in windows] == 3 * ["cs:cs:LG"]
    assert site.artifacts(run)["progress"]["data"] == 100.0
    names = {task["name"] for task in site.task_runs(run)}
    assert "harvest cs:cs:LG, 2024-01-01 to 2024-01-31" in names
    assert site.get(f"/flow_runs/{run}")["name"] == "backfill cs.LG, 2023-12 to 2024-02"

    before = live_manifest(night.lake).sequence
    run, state = site.run(BACKFILL, {**given, "options": options()}, **night.settings)
    assert state["type"] == "COMPLETED"
    assert live_manifest(night.lake).sequence == before
    assert site.report(run, "backfill").count("Covered before") == 3


def test_the_form_refuses_what_is_no_month(site):
    found = site.get(f"/deployments/name/{BACKFILL}")
    answer = site._client.post(
        f"/deployments/{found['id']}/create_flow_run",
        json={"parameters": {"category": "cs.LG", "from_month": "2024", "until_month": "2024-01"}},
    )
    assert answer.status_code == 409
    assert "from_month" in answer.text


def test_every_parameter_says_what_it_is(site):
    for name in (NIGHTLY, BACKFILL, "build-snapshot/snapshot", "audit-lake/audit"):
        schema = site.get(f"/deployments/name/{name}")["parameter_openapi_schema"]
        options_of = schema["definitions"]["Options"]["properties"]
        said = {**schema["properties"], **options_of}
        assert [each for each, it in said.items() if not it.get("description")] == []


def test_two_nightly_runs_at_once_do_no_harm(site, night, once_more, slowly):
    asked, let_go = slowly
    first = site.start(NIGHTLY, first_night(), **night.settings)
    assert asked.wait(RUN_SECONDS)
    second = site.start(once_more, first_night(), **night.settings)
    site.process_of(second)
    time.sleep(1)
    let_go.set()
    assert site.ended(first)["type"] == site.ended(second)["type"] == "COMPLETED"
    assert night.is_as_if_alone()
    assert night.findings() == []
    assert "31 papers seen: 0 minted, 30 unchanged, 1 rejected" in site.report(second, "nightly")


def test_a_second_run_of_a_deployment_waits_in_the_queue(site, night, slowly):
    asked, let_go = slowly
    first = site.start(NIGHTLY, first_night(), **night.settings)
    assert asked.wait(RUN_SECONDS)
    second = site.start(NIGHTLY, first_night(), **night.settings)
    until(lambda: site.state(second)["name"] == "AwaitingConcurrencySlot")
    let_go.set()
    assert site.ended(first)["type"] == site.ended(second)["type"] == "COMPLETED"
    one, two = (site.get(f"/flow_runs/{run}") for run in (first, second))
    assert one["end_time"] <= two["start_time"]


def test_a_killed_nightly_run_again_leaves_the_same_lake(site, night, once_more, slowly):
    asked, let_go = slowly
    killed = site.start(NIGHTLY, first_night(), **night.settings)
    assert asked.wait(RUN_SECONDS)
    os.kill(site.process_of(killed), signal.SIGKILL)
    let_go.set()
    assert site.ended(killed)["type"] == "CRASHED"
    assert live_manifest(night.lake) is None
    _, state = site.run(once_more, first_night(), **night.settings)
    assert state["type"] == "COMPLETED"
    assert night.is_as_if_alone()
    assert night.findings() == []


def test_a_run_that_comes_back_from_the_dead_does_no_harm(site, night, once_more, slowly):
    asked, let_go = slowly
    dead = site.start(NIGHTLY, first_night(), **night.settings)
    assert asked.wait(RUN_SECONDS)
    stopped = site.process_of(dead)
    os.kill(stopped, signal.SIGSTOP)
    try:
        site.post(f"/flow_runs/{dead}/set_state", state={"type": "CRASHED"}, force=True)
        let_go.set()
        heir = site.start(once_more, first_night(), **night.settings)
        site.process_of(heir)
        time.sleep(1)
    finally:
        os.kill(stopped, signal.SIGCONT)
    assert site.ended(heir)["type"] == "COMPLETED"
    assert night.is_as_if_alone()
    assert night.findings() == []


def test_with_arxiv_down_the_nightly_fails_in_one_line_and_the_next_covers_both_days(
    site, tmp_path, key_file, port
):
    lake = tmp_path / "lake"
    store = Store(papers(10, ("2024-01-10",)), now=lambda: at)
    at = datetime(2024, 1, 11, 2, tzinfo=UTC)
    with LoopbackArxiv(store, port=port) as arxiv:
        here = settings(arxiv, lake, key_file)
        dated = ("--now", NOW.isoformat())
        done = pith("nightly", "--since", SINCE, *dated, PITH_PACE_SECONDS=0, **here)
        assert done.code == 0, done.err
    before = live_manifest(lake)
    for paper in many(5, ("2024-01-11",), first=50):
        store.add(paper, "2024-01-11")
    at += timedelta(days=1)

    run, state = site.run(NIGHTLY, {"options": options()}, **here)
    assert state["type"] == "FAILED"
    assert state["message"].count("\n") == 0
    assert "SourceUnavailableError" in state["message"]
    (task,) = [each for each in site.task_runs(run) if each["name"].startswith("harvest")]
    assert task["run_count"] == 2
    assert live_manifest(lake).manifest_sha256 == before.manifest_sha256
    assert "**Failed:**" in site.report(run, "nightly")
    assert not [line for line in site.logs(run) if "Traceback" in line]

    for paper in many(5, ("2024-01-12",), first=60):
        store.add(paper, "2024-01-12")
    at += timedelta(days=1)
    with LoopbackArxiv(store, port=port) as arxiv:
        assert site.run(NIGHTLY, {"options": options()}, **here)[1]["type"] == "COMPLETED"
    assert dict(held(lake)) == wanted(store)
    assert len(held(lake)) == 20


def test_the_gate_fails_the_run_saying_why_and_force_overrides_it(site, tmp_path, key_file):
    lake = tmp_path / "lake"
    day = date(2024, 1, 10)
    for number in range(1, 6):
        local = Local(many(100, (str(day),), first=1000 * number), page_size=500)
        stretch = Stretch(set_spec="", from_on=day, until_on=day)
        harvest(target(lake, now=NOW + timedelta(minutes=number)), local.source, stretch, "nightly")
    before = live_manifest(lake).manifest_sha256
    with LoopbackArxiv(Store(papers(4, DAYS))) as arxiv:
        here = settings(arxiv, lake, key_file)
        given = first_night(now=LATER.isoformat())
        run, state = site.run(NIGHTLY, given, **here)
        assert state["type"] == "FAILED"
        assert "GateError: not committed" in state["message"]
        assert "4 papers seen, usual are 100" in state["message"]
        assert "4 papers seen, usual are 100" in site.report(run, "nightly")
        assert live_manifest(lake).manifest_sha256 == before
        (harvested,) = [t for t in site.task_runs(run) if t["name"].startswith("harvest")]
        assert harvested["run_count"] == 1
        _, state = site.run(NIGHTLY, {**given, "force": True}, **here)
    assert state["type"] == "COMPLETED"
    assert rows(lake, "builds")[-1]["is_forced"]


def test_a_snapshot_is_built_audited_and_maintained(site, tmp_path, key_file):
    lake, line = tmp_path / "lake", {"options": options(workers=2)}
    with LoopbackArxiv(Store.read(SAMPLE)) as arxiv:
        here = settings(arxiv, lake, key_file)
        run, state = site.run("build-snapshot/snapshot", {"sources": [str(SAMPLE)], **line}, **here)
        assert state["type"] == "COMPLETED"
        assert site.get(f"/flow_runs/{run}")["name"] == "build papers.jsonl"
        given = {name: value for name, value in here.items() if name != "PITH_LAKE"}
        other = tmp_path / "other"
        assert pith("build", SAMPLE, "--lake", other, "--now", NOW.isoformat(), **given).code == 0
        assert content_roots(lake) == content_roots(other)

        run, state = site.run("audit-lake/audit", line, **here)
        assert state["type"] == "COMPLETED"
        assert "301 listed: " in site.report(run, "audit")
        assert "0 findings" in site.report(run, "audit")

        (lake / "tables" / "records" / "left-behind.parquet").write_bytes(b"half")
        run, state = site.run("maintain-lake/maintain", line, **here)
        assert state["type"] == "COMPLETED"
        assert "0 parts joined into 0, 0 bytes written" in site.report(run, "maintenance")
        assert "1 files removed, 4 bytes freed" in site.report(run, "maintenance")

        flip(part_of(lake, "records"))
        run, state = site.run("audit-lake/audit", line, **here)
        assert state["type"] == "FAILED"
        assert "VerificationError" in state["message"]
        assert "file_digest" in site.artifacts(run)["audit-findings"]["data"]


def test_on_a_dask_cluster_of_two_workers_the_lake_is_the_same(site, night, tmp_path):
    pytest.importorskip("prefect_dask", reason="Dask needs the extra `dask`")
    given = {"category": "cs.LG", "from_month": "2023-12", "until_month": "2024-02"}
    code = (
        "import json, os, sys\n"
        "from flows.on_dask import backfill_category\n"
        "report = backfill_category(**json.loads(sys.argv[1]))\n"
        "print('process', os.getpid(), report.summary())\n"
    )
    env = {name: str(value) for name, value in night.settings.items()}
    out = site.python("-c", code, json.dumps({**given, "options": options()}), **env)
    assert "30 minted" in out
    writer = (night.lake / ".lock").read_text().removeprefix("process ")
    assert f"process {writer} " not in out  # a worker wrote, not the flow
    one_machine = tmp_path / "one"
    said = ("cs.LG", "--from", "2023-12", "--until", "2024-02", "--now", NOW.isoformat())
    run = {**night.settings, "PITH_LAKE": one_machine, "PITH_PACE_SECONDS": 0}
    done = pith("backfill", *said, **run)
    assert done.code == 0, done.err
    assert content_roots(night.lake) == content_roots(one_machine)
