"""nightly, backfill, gaps, audit --source and build --ids through their doors."""

import os
import re
import signal
import subprocess

import pytest

from pith_builder.lake.store import live_manifest
from pith_builder.operations.gate import RUNS_NEEDED
from tests.arxiv_server.faults import Fault, Faults
from tests.arxiv_server.papers import paper
from tests.arxiv_server.server import LoopbackArxiv
from tests.arxiv_server.store import Store
from tests.harvests import AT, bad, held, ledger, many, snapshot_of, wanted
from tests.lakes import PITH, bare_environment, content_roots, pith, rows, untouched

NOW = "2026-11-20T14:17:09Z"
LATER = "2026-11-21T14:17:09Z"
DAYS = ("2026-10-10", "2026-11-10", "2026-11-20")
TABLES = ("records", "events", "states", "bundles", "aliases", "windows", "sightings")


@pytest.fixture
def arxiv():
    store = Store(many(12, DAYS), now=lambda: AT)
    with LoopbackArxiv(store, page_size=5, identifiers_size=7) as running:
        yield running


@pytest.fixture
def place(arxiv, key_file, tmp_path):
    """What a run is given: where arXiv is, whose key signs, and a pace of its own."""
    (tmp_path / "tmp").mkdir()
    return {
        "PITH_OAI_URL": arxiv.oai_url,
        "PITH_API_URL": arxiv.api_url,
        "PITH_PACE_SECONDS": 0,
        "PITH_ATTEMPTS": 1,
        "PITH_LAKE": tmp_path / "lake",
        "PITH_SIGNING_KEY_FILE": key_file,
        "TMPDIR": tmp_path / "tmp",
    }


@pytest.fixture
def lake(place):
    return place["PITH_LAKE"]


def run(place, command, *arguments, now=NOW, **changes):
    dated = ("--now", now, "--workers", 1) if command in ("nightly", "backfill", "build") else ()
    return pith(command, *arguments, *dated, **{**place, **changes})


def first_night(place):
    done = run(place, "nightly", "--since", "2026-10-01")
    assert done.code == 0, done.err
    return done


def assert_holds(place):
    done = run(place, "audit")
    assert done.code == 0, done.out


# nightly


def test_the_first_nightly_says_what_it_wants(place, lake, arxiv):
    done = run(place, "nightly")

    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "wants --since YYYY-MM-DD" in done.err
    assert not lake.exists()
    assert arxiv.requests == []


def test_nightlies_tell_what_they_read_and_what_it_came_to(place, lake, arxiv):
    first = run(place, "nightly", "--since", "2026-10-01", "--json")
    assert first.code == 0, first.err
    assert "to read: all of arXiv, 2026-10-01 to now" in first.err
    (told,) = first.json()
    assert (told["window"], told["minted"], told["sequence"]) == (
        "all of arXiv, 2026-10-01 to now",
        12,
        1,
    )
    again = run(place, "nightly", now=LATER)
    assert "all of arXiv, 2026-11-19 to now:\n4 papers seen: 0 minted, 4 unchanged" in again.out
    assert dict(held(lake)) == wanted(arxiv.store)
    assert_holds(place)


def test_a_dry_run_reads_nothing(place, lake, arxiv):
    dry = run(place, "nightly", "--since", "2026-10-01", "--dry-run")
    assert dry.code == 0
    assert dry.err == "to read: all of arXiv, 2026-10-01 to now\n"
    assert run(place, "nightly", "--since", "2026-10-01", "--dry-run", "--json").json() == [
        "all of arXiv, 2026-10-01 to now"
    ]
    assert arxiv.requests == []
    assert not lake.exists()


def test_arxiv_down_is_one_clear_line_and_the_next_night_covers_both_days(place, lake, arxiv):
    first_night(place)
    before = untouched(lake)
    arxiv.store.add(paper("2401.00077"))
    arxiv.faults = Faults(rate=1, kinds=(Fault.UNAVAILABLE,))
    down = run(place, "nightly", now=LATER, PITH_ATTEMPTS=2)
    assert down.code == 6
    plan, line = down.err.splitlines()
    assert plan == "to read: all of arXiv, 2026-11-19 to now"
    assert line.startswith(f"pith: {arxiv.oai_url} gave no whole answer to verb=ListRecords")
    assert "in 2 attempts" in line
    assert "HTTP 503" in line
    assert untouched(lake) == before

    arxiv.faults = Faults()
    arxiv.store.add(paper("2401.00078"))
    assert run(place, "nightly", now=LATER).code == 0
    assert dict(held(lake)) == wanted(arxiv.store)


def test_a_server_that_is_gone_is_the_same(place, lake):
    gone = LoopbackArxiv(Store())
    gone.__exit__ = None
    gone._server.server_close()
    done = run(place, "nightly", "--since", "2026-10-01", PITH_OAI_URL=gone.oai_url)

    assert done.code == 6
    assert "ConnectError" in done.err.splitlines()[-1]
    assert len(done.err.splitlines()) == 2
    assert live_manifest(lake) is None


def test_a_second_nightly_says_who_holds_the_lake_or_waits_for_it(place, lake, arxiv):
    met = {}
    environment = bare_environment(**place)

    def meet(store):
        """While the first waits for its second answer, let others come."""
        del store
        met["busy"] = run(place, "nightly", "--since", "2026-10-01", "--wait", "0")
        arguments = ("nightly", "--since", "2026-10-01", "--wait", "60", "--now", NOW)
        met["waiting"] = subprocess.Popen(  # noqa: S603 - our own command
            [*PITH, *arguments, "--workers", "1"], env=environment, stderr=subprocess.DEVNULL
        )

    arxiv.at_request(2, meet)
    first = subprocess.Popen(  # noqa: S603 - our own command
        [*PITH, "nightly", "--since", "2026-10-01", "--now", NOW, "--workers", "1"],
        env=environment,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    assert first.wait(60) == 0
    assert met["waiting"].wait(60) == 0
    assert met["busy"].code == 6
    assert re.search(
        rf"process {first.pid} on .+ \(.+ nightly .+\).* is writing to {re.escape(str(lake))}",
        met["busy"].err,
    )

    assert dict(held(lake)) == wanted(arxiv.store)
    assert len(held(lake)) == 12
    assert ledger(lake, arxiv.oai_url) == [("", "2026-10-01", "2026-11-20", "done")] * 2
    assert_holds(place)


def test_a_nightly_that_comes_back_from_the_dead_does_no_harm(place, lake, arxiv):
    """A process that is stopped holds the lake still: the next one is told, and both end well."""
    stopped = {}
    arxiv.at_request(3, lambda _: os.kill(stopped["process"].pid, signal.SIGSTOP))
    arguments = ("nightly", "--since", "2026-10-01", "--now", NOW, "--workers", "1")
    stopped["process"] = process = subprocess.Popen(  # noqa: S603 - our own command
        [*PITH, *arguments],
        env=bare_environment(**place),
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    assert run(place, "nightly", "--since", "2026-10-01").code == 6
    process.send_signal(signal.SIGCONT)
    assert process.wait(60) == 0
    assert run(place, "nightly").code == 0
    assert dict(held(lake)) == wanted(arxiv.store)
    assert_holds(place)


def test_the_gate_refuses_and_force_is_recorded(place, lake, arxiv):
    for night in range(RUNS_NEEDED):
        arxiv.store.__init__(many(100, DAYS[:1], first=1000 * night + 1000), now=lambda: AT)
        done = run(place, "nightly", "--since", "2026-10-01", now=f"2026-11-2{night}T01:00:00Z")
        assert done.code == 0, done.err
    arxiv.store.__init__(
        [{**each, "license": ""} for each in many(100, DAYS[:1], first=9000)], now=lambda: AT
    )
    before = untouched(lake)
    refused = run(place, "nightly", "--since", "2026-10-01", now=LATER)
    assert refused.code == 4
    assert "this nightly is unlike the 5 before it: 100% without license" in refused.err
    assert untouched(lake) == before

    forced = run(place, "nightly", "--since", "2026-10-01", "--force", now=LATER)
    assert forced.code == 0
    assert [row["is_forced"] for row in rows(lake, "builds")] == [False] * 5 + [True]
    assert_holds(place)


# audit --source and gaps


def test_a_backdated_restamp_is_found_and_healed_without_a_hand(place, lake, arxiv):
    first_night(place)
    arxiv.store.add(bad("2401.00091", "2026-10-20"), "2026-10-20")
    for number in range(1, 9):
        arxiv.store.edit(f"2401.{number:05d}", title=f"Edited {number}")
    arxiv.store.backdate([f"2401.{number:05d}" for number in range(1, 9)], "2026-10-05")
    assert run(place, "nightly").code == 0
    assert run(place, "gaps").out == ""

    audited = run(place, "audit", "--source")
    assert audited.code == 0, audited.err
    assert audited.out.startswith("13 listed: 4 present, 0 explained, 9 missing\n")
    assert "  missing: 2401.00008 of 2026-10-05\n" in audited.out
    assert "to read again: 2026-10-05 to 2026-10-05\n" in audited.out
    assert run(place, "gaps").out == "2026-10-05 to 2026-10-05\n2026-10-20 to 2026-10-20\n"
    assert run(place, "gaps", "--json").json()[0] == ["2026-10-05", "2026-10-05"]

    healed = run(place, "nightly", now="2026-11-22T14:17:09Z")
    assert healed.code == 0, healed.err
    assert "to read: all of arXiv, 2026-10-05 to 2026-10-05" in healed.err
    assert set(wanted(arxiv.store).items()) <= set(held(lake))
    again = run(place, "audit", "--source", "--json").json()
    assert (again["listed"], again["present"], again["explained"]) == (13, 12, 1)
    assert (again["missing"], again["gaps"]) == ([], [])
    gaps = run(place, "gaps")
    assert (gaps.out, gaps.err) == ("", "no gaps\n")
    assert_holds(place)


def test_an_audit_wants_a_lake(place):
    assert run(place, "audit", "--source").code == 2
    assert run(place, "gaps").code == 2


# backfill

QUARTER = ("cs.LG", "--from", "2026-09", "--until", "2026-11")


def test_a_dry_run_shows_the_plan_its_requests_and_its_time_and_reads_nothing(place, lake, arxiv):
    done = run(place, "backfill", *QUARTER, "--dry-run", PITH_PACE_SECONDS=3)

    assert done.code == 0
    assert done.out.splitlines() == [
        "to read: cs:cs:LG, 2026-09-01 to 2026-09-30",
        "to read: cs:cs:LG, 2026-10-01 to 2026-10-31",
        "to read: cs:cs:LG, 2026-11-01 to 2026-11-20",
        "at least 6 requests, 18 seconds by the pace alone",
    ]
    assert run(place, "backfill", *QUARTER, "--dry-run", "--json").json()["requests_at_least"] == 6
    assert arxiv.requests == []
    assert not lake.exists()


def quiet(arxiv):
    """Let nothing have changed of late: a window is followed by what moved since yesterday."""
    arxiv.store.backdate([f"2401.{number:05d}" for number in range(9, 13)], "2026-11-12")


def test_a_backfill_skips_what_was_read(place, lake, arxiv):
    quiet(arxiv)
    first = run(place, "backfill", "cs.LG", "--from", "2026-10", "--until", "2026-10")
    assert first.code == 0, first.err
    assert "done: cs:cs:LG, 2026-10-01 to 2026-10-31: 4 minted" in first.err
    plan = run(place, "backfill", *QUARTER, "--dry-run").out
    assert "covered: 2026-10-01 to 2026-10-31" in plan
    arxiv.requests.clear()
    assert run(place, "backfill", *QUARTER).code == 0
    assert {arguments.get("from") for _, arguments, _ in arxiv.requests} & {"2026-10-01"} == set()
    assert dict(held(lake)) == wanted(arxiv.store)
    over = ("cs.LG", "--from", "2026-09", "--until", "2026-10")
    assert run(place, "backfill", *over).out == "nothing to read: every window is covered\n"
    assert_holds(place)


@pytest.mark.parametrize(
    ("category", "spec"),
    [("cs", "cs:cs"), ("cs:cs:LG", "cs:cs:LG"), ("math.MP", "math:math:MP"), ("hep-th", None)],
)
def test_a_category_may_be_an_archive_a_set_or_an_alias(place, lake, arxiv, category, spec):
    arxiv.store.add(paper("2401.00077", categories="math-ph math.MP"), "2026-10-10")
    done = run(place, "backfill", category, "--from", "2026-10", "--until", "2026-10", "--json")

    assert done.code == 0, done.err
    spec = spec or "physics:hep-th"
    assert [each["window"] for each in done.json()] == [f"{spec}, 2026-10-01 to 2026-10-31"]
    assert [row["set_spec"] for row in rows(lake, "windows")] == [spec]


@pytest.mark.parametrize("category", ["no.such", "cs.XX", "hep.th", "cs:cs:XX", ""])
def test_an_unknown_category_is_refused(place, lake, category):
    done = run(place, "backfill", category, "--from", "2026-10", "--until", "2026-10")

    assert done.code == 2
    assert f"arXiv has no set for {category!r}" in done.err
    assert live_manifest(lake) is None


@pytest.mark.parametrize(
    "months", [("2026-10", "2026-09"), ("2027-01", "2027-02"), ("2026-13", "2026-13")]
)
def test_months_that_cannot_be_are_refused(place, months):
    first, last = months
    assert run(place, "backfill", "cs.LG", "--from", first, "--until", last).code == 2


def test_a_backfill_from_a_snapshot_asks_nothing_of_arxiv(place, lake, arxiv, tmp_path):
    quiet(arxiv)
    snapshot = tmp_path / "snapshot.jsonl"
    snapshot.write_bytes(snapshot_of([entry.paper for entry in arxiv.store]))
    arguments = ("cs.LG", "--from", "2026-10", "--until", "2026-10", "--snapshot", snapshot)
    dry = run(place, "backfill", *arguments, "--dry-run")
    assert f"one pass over {snapshot} for cs.LG, 2026-10-01 to 2026-10-31" in dry.out
    assert not lake.exists()

    done = run(place, "backfill", *arguments, "--json")
    assert done.code == 0, done.err
    assert (done.json()["seen"], done.json()["minted"]) == (4, 4)
    assert arxiv.requests == []
    run(place, "backfill", *arguments[:5], PITH_LAKE=tmp_path / "oai")
    content = TABLES[:5]
    assert content_roots(lake, content) == content_roots(tmp_path / "oai", content)
    assert_holds(place)
    assert run(place, "backfill", *arguments[:-1], tmp_path / "none.jsonl").code == 2


@pytest.mark.parametrize("command", ["nightly", "backfill"])
def test_answers_kept_give_the_same_lake_again(place, lake, arxiv, tmp_path, command):
    arguments = QUARTER if command == "backfill" else ("--since", "2026-10-01")
    raw = tmp_path / "raw"
    assert run(place, command, *arguments, "--keep-raw", raw).code == 0
    asked = len(arxiv.requests)
    again = tmp_path / "again"
    assert run(place, command, *arguments, "--replay", raw, PITH_LAKE=again).code == 0

    assert len(arxiv.requests) == asked
    assert content_roots(again, TABLES) == content_roots(lake, TABLES)
    assert len(held(again)) == 12


# build --ids and --query


def test_named_papers_are_built(place, lake, arxiv):
    done = run(place, "build", "--ids", "2401.00001, 2401.00002")

    assert done.code == 0, done.err
    assert "2 papers seen: 2 minted" in done.out
    assert dict(held(lake)).items() <= wanted(arxiv.store).items()
    assert_holds(place)


@pytest.mark.parametrize(
    ("ids", "code", "said"),
    [
        ("2401.00001,2401.09999", 2, "arXiv has no paper 2401.09999; nothing was committed"),
        ("2401.00001,nonsense", 3, "nonsense"),
    ],
)
def test_a_name_that_stands_for_no_paper_is_told(place, lake, ids, code, said):
    done = run(place, "build", "--ids", ids)

    assert done.code == code
    assert len(done.err.splitlines()) == 1
    assert said in done.err
    assert live_manifest(lake) is None


def test_a_query_finds_what_is_built(place, lake, arxiv):
    arxiv.store.add(paper("2402.00001", categories="hep-th"), "2026-11-01")
    found = run(place, "build", "--query", "cat:hep-th")
    assert found.code == 0, found.err
    assert [name for name, _ in held(lake)] == ["2402.00001"]
    none = run(
        place, "build", "--query", "cat:hep-th", "--from", "2024-03-01", "--until", "2024-03-02"
    )
    assert none.code == 0
    assert "nothing new, nothing committed" in none.out
    days = ("--from", "2024-01-01", "--until", "2024-01-31")
    assert run(place, "build", "--query", "cat:cs.LG", *days).code == 0
    assert dict(held(lake)) == wanted(arxiv.store)
    assert run(place, "build", "--query", "cat:cs.LG", *days[:2]).code == 2


@pytest.mark.parametrize(
    "arguments",
    [(), ("--ids", "2401.00001", "--query", "cat:cs.LG"), ("-", "--ids", "2401.00001")],
)
def test_one_way_to_name_papers_and_one_alone(place, arguments):
    assert run(place, "build", *arguments).code == 2
