"""What `prefect.yaml` says, and that Prefect stays at home."""

import ast
import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.lakes import ROOT

pytest.importorskip("prefect", reason="flows need the extra `flows`")
yaml = pytest.importorskip("yaml", reason="Prefect brings it")

SAID = yaml.safe_load((ROOT / "prefect.yaml").read_text())
DEPLOYMENTS = {each["name"]: each for each in SAID["deployments"]}
MOST_LINES = 120


def due(cron, zone, start, count):
    """Return the next instants of a schedule, as Prefect's server reckons them."""
    from prefect.server.schemas.schedules import CronSchedule  # noqa: PLC0415

    schedule = CronSchedule(cron=cron, timezone=zone)
    return asyncio.run(schedule.get_dates(n=count, start=start))


def test_there_is_a_deployment_for_each_flow():
    assert list(DEPLOYMENTS) == ["nightly", "backfill", "snapshot", "audit", "maintain"]
    for each in DEPLOYMENTS.values():
        file, name = each["entrypoint"].split(":")
        assert f"def {name}(" in (ROOT / file).read_text()


def test_one_run_at_a_time_and_the_next_waits():
    for each in DEPLOYMENTS.values():
        assert each["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
        assert each["work_pool"]["name"] == "pith"


def test_the_nightly_follows_each_announcement_also_when_clocks_change():
    ((cron, zone),) = [
        (each["cron"], each["timezone"]) for each in DEPLOYMENTS["nightly"]["schedules"]
    ]
    start = datetime(2026, 10, 26, 12, tzinfo=UTC)
    local = [each.astimezone(ZoneInfo(zone)) for each in due(cron, zone, start, 10)]
    assert zone == "America/New_York"
    assert {(each.hour, each.minute) for each in local} == {(21, 30)}
    assert [f"{each:%a}" for each in local] == ["Mon", "Tue", "Wed", "Thu", "Sun"] * 2
    assert len({each.utcoffset() for each in local}) == 2


def test_what_a_person_starts_has_no_schedule():
    assert DEPLOYMENTS["backfill"]["schedules"] == DEPLOYMENTS["snapshot"]["schedules"] == []


def test_no_flow_is_long():
    for file in sorted((ROOT / "flows").glob("*.py")):
        if "@flow" in file.read_text():
            assert len(file.read_text().splitlines()) < MOST_LINES, file


def test_prefect_is_nowhere_else():
    for file in sorted((ROOT / "pith_builder").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                module = getattr(node, "module", None) or ""
                named = [module, *(alias.name for alias in node.names)]
                assert not [name for name in named if name.startswith(("prefect", "flows"))], file
