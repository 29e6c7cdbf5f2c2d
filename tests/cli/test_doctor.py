"""`pith doctor`: what it finds, what it says to do, and what it ends with."""

import fcntl
import json
import os
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from pith_builder.cli import pith
from pith_builder.lake.store import manifest_name
from pith_builder.operations import checkup
from pith_builder.operations.checkup import Verdict
from pith_builder.operations.installation import known_to_work, libraries
from pith_builder.signing.key_files import new_key_file, public_path
from tests.arxiv_server.server import LoopbackArxiv
from tests.arxiv_server.store import Store
from tests.lakes import LATER, copied, flip
from tests.makers import NOW, SIGNER


@pytest.fixture
def key(tmp_path):
    """A key of one's own, as `pith keys new` makes it."""
    place = tmp_path / "keys" / "key.json"
    new_key_file(place, "doctor-2026", url="https://x.example/key.json", notes="", now=NOW)
    return place


@pytest.fixture
def lake(lake_of_two, tmp_path):
    return copied(lake_of_two, tmp_path)


def public_file(folder):
    place = folder / "lake-key.json"
    place.write_text(json.dumps(SIGNER.public_key.to_json_object()), encoding="utf-8")
    return place


def examined(lake, key, *options, **settings):
    """Return the exit code and what is not well, each with what to do."""
    given = {"PITH_SIGNING_KEY_FILE": key, **settings}
    run = CliRunner().invoke(
        pith,
        ["doctor", "--json", "--lake", str(lake), *map(str, options)],
        env={name: str(value) for name, value in given.items()},
    )
    said = json.loads(run.stdout)
    assert said["exit_code"] == run.exit_code
    wrong = [each for each in said["findings"] if each["verdict"] in ("warning", "failed")]
    return run.exit_code, [(each["check"], each["found"], each["todo"]) for each in wrong]


def test_all_is_well_with_a_sound_lake(lake, key, tmp_path):
    before = sorted(file for file in lake.rglob("*"))

    assert examined(lake, key, "--trust", public_file(tmp_path)) == (0, [])
    assert sorted(file for file in lake.rglob("*")) == before


def test_it_says_what_to_do_line_by_line(lake, tmp_path):
    env = {"PITH_SIGNING_KEY_FILE": str(tmp_path / "none.json")}
    run = CliRunner().invoke(pith, ["doctor", "--lake", str(lake)], env=env)

    assert run.exit_code == 4
    assert "failed   signing key: there is no signing key in" in run.stdout
    assert "make one with `pith keys new`" in run.stdout
    assert "         do: pith audit; if another key signed it" in run.stdout
    assert "skipped  endpoints: nobody was asked" in run.stdout


def test_a_manifest_of_an_unknown_key_fails(lake, key):
    code, [(check, found, todo)] = examined(lake, key)

    assert (code, check) == (4, "lake")
    assert "no trusted key is named" in found
    assert "--trust FILE" in todo


def test_each_harm_has_its_line(lake, key, tmp_path):
    trust = ("--trust", public_file(tmp_path))
    part = next(lake.glob("tables/records/*"))

    key.chmod(0o644)
    assert examined(lake, key, *trust)[0] == 2
    key.chmod(0o600)
    public_path(key).unlink()
    assert examined(lake, key, *trust)[1][0][2] == f"pith keys show > {public_path(key)}"
    public_path(key).write_bytes(public_file(tmp_path).read_bytes())
    assert examined(lake, key, *trust)[0] == 4
    public_path(key).write_text("{}", encoding="utf-8")
    assert examined(lake, key, *trust)[0] == 3
    public_path(key).unlink()

    (lake / "tables" / "records" / "left.parquet").write_bytes(b"half")
    (lake / "pith.sql").write_text("-- other\n", encoding="utf-8")
    code, found = examined(lake, key, *trust)
    assert code == 0
    assert [todo for check, _, todo in found if check == "lake"] == ["pith maintain"] * 2
    part.unlink()
    code, found = examined(lake, key, *trust)
    assert code == 4
    assert ("lake", f"{part.relative_to(lake)} is missing") in [each[:2] for each in found]


def test_a_current_that_was_moved_back_fails(lake, key, tmp_path):
    (lake / "CURRENT").write_text(f"{manifest_name(1)}\n", encoding="ascii")
    code, found = examined(lake, key, "--trust", public_file(tmp_path))

    assert code == 4
    assert found[0][2] == f"pith audit; then put back {manifest_name(2)}"


def test_a_damaged_manifest_fails(lake, key, tmp_path):
    flip(lake / manifest_name(2))

    assert examined(lake, key, "--trust", public_file(tmp_path))[0] == 4


def test_who_is_writing_is_said(lake):
    descriptor = os.open(lake / ".lock", os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"process 7", 0)
        [finding] = checkup.look_at_lock(lake)
    finally:
        os.close(descriptor)

    assert (finding.verdict, finding.found) == (Verdict.WARNING, f"process 7 is writing to {lake}")
    assert [each.found for each in checkup.look_at_lock(lake)] == ["free"]


def test_a_clock_before_the_last_commit_fails(lake):
    [late] = checkup.look_at_clock(lake, LATER - timedelta(seconds=1))
    [right] = checkup.look_at_clock(lake, LATER)
    [early] = checkup.look_at_clock(lake / "none", datetime(2025, 1, 1, tzinfo=UTC))

    assert [each.verdict for each in (late, right, early)] == ["failed", "ok", "failed"]


def test_a_key_that_is_due_to_rotate_is_told(key):
    said = {**json.loads(public_path(key).read_bytes()), "rotates_at": "2026-12-01T00:00:00Z"}
    public_path(key).write_text(json.dumps(said), encoding="utf-8")
    soon, _ = checkup.look_at_key(key, NOW)
    [early] = checkup.look_at_key(key, datetime(2026, 10, 1, tzinfo=UTC))

    assert (soon.verdict, soon.todo) == (Verdict.WARNING, "pith keys rotate")
    assert early.verdict is Verdict.OK


def test_little_room_is_told(lake, monkeypatch):
    usage = shutil.disk_usage(lake)._replace(free=1 << 20)
    monkeypatch.setattr(checkup.shutil, "disk_usage", lambda _: usage)
    [full, _] = checkup.look_at_disk(lake)

    assert (full.verdict, full.exit_code) == (Verdict.FAILED, 7)


def test_other_versions_than_those_known_to_work_are_told(monkeypatch):
    known = {**known_to_work(), "click": "0.0.1"}
    monkeypatch.setattr(checkup, "known_to_work", lambda: known)
    found = {each.found: each.todo for each in checkup.look_at_installation()}

    told = f"click {libraries()['click']}, known to work: 0.0.1"
    assert found[told] == "pip install click==0.0.1"


def test_the_worst_decides():
    def of(*codes):
        return [checkup.Finding("x", Verdict.FAILED, "", "", code) for code in codes]

    assert checkup.worst([]) == 0
    assert checkup.worst(of(0, 6, 2)) == 2
    assert checkup.worst(of(6, 7, 3)) == 7
    assert checkup.worst(of(7, 4)) == 4


def test_the_network_is_asked_only_when_told_to(lake, key, tmp_path):
    trust = ("--trust", public_file(tmp_path))
    with LoopbackArxiv(Store([])) as arxiv:
        here = {"PITH_OAI_URL": arxiv.oai_url, "PITH_API_URL": arxiv.api_url}
        pace = {"PITH_PACE_FILE": tmp_path / "pace", "PITH_PACE_SECONDS": 0}
        assert examined(lake, key, *trust, "--network", **here, **pace) == (0, [])
    code, found = examined(lake, key, *trust, "--network", **here, **pace)

    assert code == 6
    assert [check for check, _, _ in found] == ["OAI-PMH", "query API"]
    assert examined(lake, key, *trust, **here, **pace) == (0, [])
