import csv
import gzip
import io
import json
import re
import shlex
import shutil
import stat
import subprocess
import time
from pathlib import Path

import pytest

from tests.lakes import (
    AWKWARD,
    COLLIDING,
    PITH,
    SAMPLE,
    bare_environment,
    build,
    copied,
    files,
    flip,
    line,
    lines,
    part_of,
    pith,
    rows,
    untouched,
    versions,
)
from tests.makers import OTHER_SIGNER, SIGNER

NUMBER = "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST"


@pytest.fixture(scope="module")
def key(key_file):
    return {"PITH_SIGNING_KEY_FILE": key_file}


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """The public-key object of the session's lakes."""
    path = tmp_path_factory.mktemp("trust") / "ours.json"
    path.write_text(json.dumps(SIGNER.public_key.to_json_object()))
    return path


@pytest.fixture(scope="module")
def bundle(sample_lake, tmp_path_factory):
    """The bundle of the published paper as a file."""
    path = tmp_path_factory.mktemp("bundle") / "bundle.json"
    path.write_text(pith("show", NUMBER, "--as", "bundle", "--lake", sample_lake).out)
    return path


# --- Asked for nothing, or wrongly --------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["build"],
        ["build", "/no/such/file"],
        ["build", "."],
        ["build", "-", "--workers", "0"],
        ["build", "-", "--now", "yesterday"],
        ["build", "-", "--now", "2026-11-20T14:17:09"],
        ["build", "-", "--now", "2026-11-20T14:17:09+01:00"],
        ["build", "-", "--lake", "/etc/passwd"],
        ["resolve"],
        ["resolve", NUMBER, "--lake", "/no/such/lake"],
        ["show", NUMBER, "--as", "nonsense"],
        ["verify"],
        ["verify", "/no/such/file"],
        ["verify", "/"],
        ["verify", "/dev/null", "--trust", "/no/such/key"],
        ["audit", "--lake", "/no/such/lake"],
        ["sql", "select 1", "--lake", "/no/such/lake"],
        ["sql", "select 1", "--format", "xml"],
        ["keys"],
        ["keys", "show", "nobody"],
        ["maintain", "--lake", "/no/such/lake"],
    ],
    ids=" ".join,
)
def test_a_call_that_cannot_be_done_as_asked_ends_with_2_and_one_line_of_why(arguments, key):
    run = pith(*arguments, **key)

    assert (run.code, run.out) == (2, "")
    assert run.err.strip()
    assert "Traceback" not in run.err


def test_without_a_command_the_commands_are_listed():
    run = pith()

    for command in ("build", "sql", "audit"):
        assert f" {command} " in run.out + run.err
    assert "Traceback" not in run.err


def test_settings_in_a_wrong_form_are_told():
    run = pith("keys", "list", PITH_BASE_URL="nowhere")

    assert (run.code, run.out) == (3, "")
    assert "not a base URL: 'nowhere'" in run.err


# --- Keys ---------------------------------------------------------------------------------------


def test_a_key_is_made_listed_and_shown_and_its_private_half_never(tmp_path):
    path = tmp_path / "keys" / "key.json"
    made = pith("keys", "new", "--key-id", "ours-1", PITH_SIGNING_KEY_FILE=path)
    listed = pith("keys", "list", PITH_SIGNING_KEY_FILE=path)
    shown = pith("keys", "show", PITH_SIGNING_KEY_FILE=path)
    again = pith("keys", "new", PITH_SIGNING_KEY_FILE=path)

    assert [made.code, listed.code, shown.code, again.code] == [0, 0, 0, 2]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert str(path) in made.out
    assert str(path.with_name("key.pub.json")) in made.out
    assert "pith-v1-2026-05" in listed.out
    assert "ours-1" in listed.out
    assert shown.json() == json.loads(path.with_name("key.pub.json").read_bytes())
    seed = json.loads(path.read_bytes())["seed_b64"]
    assert not [run for run in (made, listed, shown, again) if seed in run.out + run.err]


def test_keys_are_told_to_machines(tmp_path, ours):
    path = tmp_path / "key.json"
    made = pith("keys", "new", "--json", PITH_SIGNING_KEY_FILE=path).json()
    listed = pith("keys", "list", "--trust", ours, "--json", PITH_SIGNING_KEY_FILE=path).json()
    named = pith("keys", "show", "ours-2026-11", "--trust", ours, PITH_SIGNING_KEY_FILE=path)

    assert re.fullmatch(r"pith-builder-\d{4}-\d{2}", made["key_id"])
    assert [entry["key_id"] for entry in listed] == [
        "pith-v1-2026-05",
        made["key_id"],
        "ours-2026-11",
    ]
    assert [entry["trusted_by"] for entry in listed][2] == str(ours)
    assert named.json() == SIGNER.public_key.to_json_object()


def test_without_a_key_a_build_says_how_to_make_one(tmp_path):
    run = pith("build", SAMPLE, "--lake", tmp_path / "lake", cwd=tmp_path)

    assert (run.code, run.out) == (2, "")
    assert "there is no signing key in data/keys/signing-key.json" in run.err
    assert "make one with `pith keys new`" in run.err
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_others_can_read_is_refused(tmp_path, key_file):
    copy = tmp_path / "key.json"
    copy.write_bytes(key_file.read_bytes())
    copy.chmod(0o644)
    run = pith("build", SAMPLE, "--lake", tmp_path / "lake", PITH_SIGNING_KEY_FILE=copy)

    assert (run.code, run.out) == (2, "")
    assert f"chmod 600 {copy}" in run.err
    assert not (tmp_path / "lake").exists()


# --- Building -----------------------------------------------------------------------------------


def test_the_way_of_a_newcomer_works_with_nothing_set(tmp_path):
    for arguments in (["keys", "new"], ["build", SAMPLE], ["audit"], ["resolve", "1804.01852"]):
        run = pith(*arguments, cwd=tmp_path)
        assert run.code == 0, run
    assert NUMBER in run.out
    assert (tmp_path / "data" / "lake" / "CURRENT").exists()


def test_a_build_tells_what_it_came_to(tmp_path, key):
    arguments = ["build", "-", "--lake", tmp_path / "lake", "--now", "2026-11-20T14:17:09Z"]
    first = pith(*arguments, stdin=AWKWARD, **key)
    again = pith(*arguments, stdin=AWKWARD, **key)

    assert (first.code, first.err) == (0, "")
    *told, committed = first.out.splitlines()
    assert told == [
        "6 papers seen: 4 minted, 0 unchanged, 2 rejected",
        "  1 rejected: missing_field",
        "  1 rejected: not_json",
    ]
    assert committed.startswith("committed manifest 1")
    assert (again.code, again.err) == (0, "")
    assert again.out.splitlines()[0] == "6 papers seen: 0 minted, 4 unchanged, 2 rejected"
    assert again.out.splitlines()[-1] == "nothing new, nothing committed"


def test_a_build_is_told_to_machines(tmp_path, key):
    lake = tmp_path / "lake"
    run = pith(
        "build",
        "-",
        "--lake",
        lake,
        "--now",
        "2026-11-20T14:17:09Z",
        "--json",
        stdin=AWKWARD,
        **key,
    )

    told = run.json()
    manifest = json.loads((lake / "manifests" / "00000001.json").read_bytes())
    assert run.err == ""
    assert (
        told.items()
        >= {
            "build_id": "00000001-20261120T141709Z",
            "committed": True,
            "manifest_sha256": manifest["manifest_signature"]["manifest_sha256"],
            "minted": 4,
            "rejected": 2,
            "rejected_by_reason": {"missing_field": 1, "not_json": 1},
            "seen": 6,
            "sequence": 1,
            "unchanged": 0,
        }.items()
    )


def test_the_same_input_and_instant_make_the_same_lake(tmp_path, key):
    for name, workers in (("one", 1), ("two", 2)):
        run = pith(
            "build",
            SAMPLE,
            "--lake",
            tmp_path / name,
            "--workers",
            workers,
            "--now",
            "2026-11-20T14:17:09.598220Z",
            **key,
        )
        assert run.code == 0, run.err

    one, two = (files(tmp_path / name) for name in ("one", "two"))
    different = {name for name in one.keys() | two.keys() if one.get(name) != two.get(name)}
    assert different == {"pith.sql"}


def test_the_environment_names_the_lake_and_who_builds(tmp_path, key):
    environ = {
        **key,
        "PITH_LAKE": tmp_path / "lake",
        "PITH_SIGNER_ID": "mirror.example",
        "PITH_BASE_URL": "https://mirror.example/",
        "PITH_BUILDER_VERSION": "another-builder-7",
    }
    assert pith("build", "-", stdin=lines(1), **environ).code == 0

    bundle = pith("show", "0704.0001", "--as", "bundle", **environ).json()
    assert bundle["events"][0]["signer"]["signer_id"] == "mirror.example"
    assert bundle["links"]["resolver"].startswith("https://mirror.example/pith/")
    receipt = bundle["events"][0]["payload"]["receipt"]
    assert receipt["builder_version"] == "another-builder-7"


def test_a_truncated_file_ends_with_5_and_a_clear_line(tmp_path, key):
    (tmp_path / "cut.gz").write_bytes(gzip.compress(lines(50))[:-20])
    run = pith("build", tmp_path / "cut.gz", "--lake", tmp_path / "lake", **key)

    assert (run.code, run.out) == (5, "")
    assert "cut.gz is a truncated gzip file" in run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize("data", [b"<html>503</html>", b"id,title\n", b"\x00\x01\x02", b"[1]\n"])
def test_a_file_that_is_no_snapshot_ends_with_5_and_leaves_nothing(tmp_path, key, data):
    run = pith("build", "-", "--lake", tmp_path / "lake", stdin=data, **key)

    assert (run.code, run.out) == (5, "")
    assert "is not a bulk snapshot" in run.err
    assert list(files(tmp_path / "lake")) == [".lock"]


def test_a_damaged_current_ends_a_build_with_4_and_changes_nothing(harmed, key):
    (harmed / "CURRENT").write_text("nonsense")
    before = untouched(harmed)
    run = pith("build", "-", "--lake", harmed, stdin=lines(1), **key)

    assert (run.code, run.out) == (4, "")
    assert "names no manifest" in run.err
    assert untouched(harmed) == before


@pytest.mark.parametrize(
    "harm", [Path.unlink, lambda path: path.write_bytes(b"hello")], ids=["missing", "garbage"]
)
@pytest.mark.parametrize(
    "arguments",
    [["build", "-"], ["resolve", "0704.0001"], ["show", "0704.0001"], ["sql", "from records"]],
    ids=" ".join,
)
def test_on_a_damaged_lake_every_command_ends_with_4(harmed, key, harm, arguments):
    harm(part_of(harmed, "records"))
    run = pith(*arguments, "--lake", harmed, stdin=lines(1, first=9), **key)

    assert (run.code, run.out) == (4, "")
    assert "pith audit" in run.err
    assert "Traceback" not in run.err


def test_a_pipe_is_read_as_a_file_is(tmp_path, key):
    command = f"{shlex.join(PITH)} build <(cat {SAMPLE}) --lake {tmp_path / 'lake'}"
    done = subprocess.run(  # noqa: S603 - our own command
        [shutil.which("bash"), "-c", command],
        capture_output=True,
        env=bare_environment(**key),
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert b"301 papers seen: 301 minted" in done.stdout


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("sql 'from records' --lake {lake} >/dev/full", 7),
        ("show 0704.0001 --lake {lake} >/dev/full", 7),
        ("keys list >/dev/full", 7),
        ("verify - <&-", 2),
        ("build - --lake {lake}-new <&-", 2),
        ("sql - --lake {lake} <&-", 2),
    ],
)
def test_output_that_cannot_be_written_and_input_that_is_closed_are_told(
    lake_of_two, key, call, code
):
    done = subprocess.run(  # noqa: S603 - our own command
        [shutil.which("sh"), "-c", f"{shlex.join(PITH)} {call.format(lake=lake_of_two)}"],
        capture_output=True,
        env=bare_environment(**key),
        check=False,
    )

    assert (done.returncode, done.stdout) == (code, b"")
    assert done.stderr.count(b"\n") == 1, done.stderr


# --- Resolving and showing ----------------------------------------------------------------------


def test_a_name_is_resolved_to_text_and_to_json(sample_lake):
    text = pith("resolve", "arXiv:1804.01852", "--lake", sample_lake)
    told = pith("resolve", "REQM6TSZ", "--lake", sample_lake, "--json").json()

    title = "GoSGD: Distributed Optimization for Deep Learning with Gossip Exchange"
    assert (text.code, text.err) == (0, "")
    assert text.out == f"{NUMBER}  arXiv:1804.01852v2  {title}\n"
    assert told == {
        "others": [],
        "record": {
            "arxiv_id": "1804.01852",
            "arxiv_version": 2,
            "pith_number": NUMBER,
            "title": title,
        },
    }


def test_the_latest_version_comes_first_and_the_others_after_it(lake_of_two):
    out = pith("resolve", "0704.0003", "--lake", lake_of_two).out

    assert re.findall(r"arXiv:0704\.0003v(\d)", out) == ["3", "2"]


def test_an_ambiguous_name_ends_with_2_and_lists_the_candidates(tmp_path):
    lake = tmp_path / "lake"
    build(lake, b"\n".join(line(title=title) for title in COLLIDING))
    both = sorted(row["pith_number"] for row in rows(lake, "records"))

    text = pith("resolve", "TTUFGUGA", "--lake", lake)
    told = pith("resolve", "TTUFGUGA", "--lake", lake, "--json")

    assert [text.code, told.code, text.out] == [2, 2, ""]
    assert all(number in text.err for number in both)
    assert [found["pith_number"] for found in told.json()["candidates"]] == both
    assert pith("show", "TTUFGUGA", "--lake", lake).code == 2


@pytest.mark.parametrize("command", ["resolve", "show"])
@pytest.mark.parametrize(
    ("ref", "said"), [("1804.01853", "no record of this lake"), ("???", "not a name of a record")]
)
def test_a_name_of_nothing_ends_with_2(sample_lake, command, ref, said):
    run = pith(command, ref, "--lake", sample_lake)

    assert (run.code, run.out) == (2, "")
    assert said in run.err


@pytest.mark.parametrize("view", ["record", "bundle", "state", "events", "graph", "canonical"])
def test_a_record_is_shown_as_each_of_its_documents(sample_lake, view):
    plain = pith("show", NUMBER, "--as", view, "--lake", sample_lake)
    pretty = pith("show", NUMBER, "--as", view, "--pretty", "--lake", sample_lake)
    asked = pith("show", NUMBER, "--as", view, "--json", "--lake", sample_lake)

    assert (plain.code, plain.err) == (0, "")
    assert plain.out.count("\n") == 1
    canonical = json.dumps(plain.json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert plain.out == f"{canonical}\n"
    assert pretty.json() == asked.json() == plain.json()
    assert pretty.out.count("\n") > 5


def test_a_record_document_is_what_is_shown_unless_told_otherwise(sample_lake):
    assert pith("show", NUMBER, "--lake", sample_lake).json()["record_type"] == "pith_number_record"


def test_pretty_text_keeps_what_is_not_ascii(sample_lake):
    out = pith("show", "1709.90044", "--as", "graph", "--pretty", "--lake", sample_lake).out

    assert not out.isascii()


def test_a_record_is_cited_by_its_very_number(sample_lake):
    entry = pith("show", "1804.01852", "--as", "bibtex", "--lake", sample_lake)
    asked = pith("show", NUMBER, "--as", "citation", "--json", "--lake", sample_lake)
    told = pith(
        *("show", NUMBER, "--as", "datacite", "--lake", sample_lake),
        PITH_BASE_URL="https://mirror.example",
    )

    assert (entry.code, entry.err) == (0, "")
    assert entry.out.startswith("@misc{pith:REQM6TSZ,\n  author = {Michael Blot and David")
    assert entry.out.endswith("}\n")
    assert f"2018. {NUMBER}, http://localhost:8000/pith/" in asked.json()["citation"]
    assert told.json()["url"] == f"https://mirror.example/pith/{NUMBER[-26:]}"


# --- Verifying ----------------------------------------------------------------------------------


def test_a_bundle_is_verified_by_a_key_that_is_trusted_and_by_no_other(bundle, ours, tmp_path):
    trusted = pith("verify", bundle, "--trust", ours, cwd=tmp_path)
    stranger = pith("verify", bundle, cwd=tmp_path)
    listed = pith("verify", bundle, cwd=tmp_path, PITH_TRUSTED_KEYS=ours.parent)

    assert (trusted.code, trusted.err) == (0, "")
    assert trusted.out == f"ok  {bundle}: bundle {NUMBER}\n"
    assert listed.code == 0
    assert (stranger.code, stranger.err) == (4, "")
    assert "unknown_key" in stranger.out
    assert "trust one with --trust FILE" in stranger.out


def test_verdicts_are_told_to_machines(bundle, ours, tmp_path):
    state = tmp_path / "state.json"
    state.write_text(json.dumps({**json.loads(bundle.read_bytes())["state"], "event_count": 9}))
    run = pith("verify", bundle, state, "--trust", ours, "--json")

    told = run.json()
    assert (run.code, run.err) == (4, "")
    assert told["ok"] is False
    assert [document["ok"] for document in told["documents"]] == [True, False]
    assert told["documents"][0] == {
        "failures": [],
        "file": str(bundle),
        "kind": "bundle",
        "name": NUMBER,
        "ok": True,
    }
    assert {"code", "message", "path"} == set(told["documents"][1]["failures"][0])


def test_standard_input_is_verified(bundle, ours):
    run = pith("verify", "-", "--trust", ours, stdin=bundle.read_bytes())

    assert (run.code, run.out) == (0, f"ok  -: bundle {NUMBER}\n")


def test_what_show_prints_verify_accepts(sample_lake, ours):
    for view in ("record", "bundle", "state"):
        shown = pith("show", "hep-th/9201990", "--as", view, "--lake", sample_lake)
        assert pith("verify", "-", "--trust", ours, stdin=shown.out.encode()).code == 0


def test_manifests_and_keys_are_verified(sample_lake, ours):
    manifest = sample_lake / "manifests" / "00000001.json"
    run = pith("verify", manifest, ours, "--trust", ours)

    assert run.code == 0
    assert "manifest 1" in run.out
    assert "public_key ours-2026-11" in run.out


def test_a_document_that_fails_is_told_by_place_and_code(bundle, ours):
    changed = json.loads(bundle.read_bytes())
    changed["canonical_record"]["metadata"]["license"] = "http://x/"
    run = pith("verify", "-", "--trust", ours, stdin=json.dumps(changed).encode())

    assert run.code == 4
    assert run.out.startswith(f"FAILED  -: bundle {NUMBER}\n")
    assert "canonical_digest_mismatch" in run.out
    assert "/bundle_signature/bundle_sha256: bundle_digest_mismatch" in run.out


HOSTILE = {
    "empty": (b"", 3),
    "blank": (b" \n", 3),
    "binary": (bytes(range(256)) * 99, 3),
    "zeros": (bytes(9999), 3),
    "utf-16": ('{"bundle_type": 1}'.encode("utf-16"), 3),
    "byte order mark": (b"\xef\xbb\xbf{}", 3),
    "open brackets": (b"[" * 1_000_000, 3),
    "closed brackets": (b"[" * 1_000_000 + b"]" * 1_000_000, 3),
    "deep objects": (b'{"bundle_type":' * 100_000 + b"1" + b"}" * 100_000, 3),
    "just too deep": (b'{"bundle_type":' + b"[" * 64 + b"]" * 64 + b"}", 3),
    "duplicate keys": (b'{"bundle_type":1,"bundle_type":2}', 3),
    "duplicate keys, escaped": (b'{"bundle_type":1,"bundle\\u005ftype":2}', 3),
    "NaN": (b'{"bundle_type":NaN}', 3),
    "Infinity": (b'{"bundle_type":-Infinity}', 3),
    "a float too large": (b'{"bundle_type":1e999}', 3),
    "an integer beyond 64 bits": (b'{"bundle_type":18446744073709551616}', 3),
    "an integer of a million digits": (b'{"bundle_type":' + b"9" * 1_000_000 + b"}", 3),
    "a lone surrogate": (b'{"bundle_type":"\\ud800"}', 3),
    "a lone surrogate for a key": (b'{"\\udfff":1,"bundle_type":1}', 3),
    "a string of 100 MB": (b'{"bundle_type":"' + b"x" * 100_000_000 + b'"}', 3),
    "a string of 50 MB": (b'{"bundle_type":"' + b"x" * 50_000_000 + b'"}', 4),
    "two documents": (b'{"bundle_type":1}\n{"bundle_type":1}', 3),
    "cut": (b'{"bundle_type":"pith_open_graph_bundle"', 3),
    "single quotes": (b"{'bundle_type': 1}", 3),
    "a list": (b"[]", 3),
    "a string": (b'"bundle_type"', 3),
    "null": (b"null", 3),
    "a number": (b"7", 3),
    "an empty object": (b"{}", 3),
    "an unknown kind": (b'{"bundle":1}', 3),
    "two kinds": (b'{"bundle_type":"pith_open_graph_bundle","state_type":7}', 4),
    "a kind that is a list": (b'{"bundle_type":[[[]]]}', 4),
    "events that are none": (b'{"bundle_type":1,"events":[1,null,"x",[],{},{"event_id":[]}]}', 4),
    "events that are an object": (b'{"bundle_type":1,"events":{"0":{}}}', 4),
    "a state that is a number": (b'{"bundle_type":1,"state":7,"canonical_record":{}}', 4),
    "an event that is none": (b'{"event_type":{},"event_id":[]}', 4),
    "a state that is none": (b'{"state_type":null,"current":7}', 4),
    "a record that is none": (b'{"record_type":7,"agent_actions":[]}', 4),
    "a manifest that is none": (b'{"manifest_type":7,"tables":{"x":{"parts":[1]}}}', 4),
    "a key that is none": (b'{"public_key_hex":"zz","public_key_b64":7,"key_id":[]}', 4),
    "a float where none may be": (b'{"bundle_type":1.5}', 4),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_ends_in_a_report_and_never_a_traceback(name, tmp_path):
    data, code = HOSTILE[name]
    (tmp_path / "document").write_bytes(data)

    run = pith("verify", tmp_path / "document", "--json", cwd=tmp_path)

    assert (run.code, run.err) == (code, "")
    assert run.json()["ok"] is False
    assert run.json()["documents"][0]["failures"]
    assert len(run.out) < 1_000_000


def test_many_keys_with_one_of_them_twice_take_no_time():
    keys = ",".join(f'"{number}":0' for number in range(500_000))
    start = time.monotonic()
    run = pith("verify", "-", stdin=f'{{{keys},"499999":0}}'.encode())

    assert (run.code, run.err) == (3, "")
    assert "the key '499999' stands twice" in run.out
    assert time.monotonic() - start < 30


def test_what_a_stranger_wrote_begins_no_line_and_moves_no_cursor():
    name = "\nok  other.json: bundle pith:2018\n\x1b[2J\u202e\u2028"
    hostile = json.dumps({"bundle_type": name, "pith_number": name, name: 1})
    run = pith("verify", "-", stdin=hostile.encode())

    assert run.code == 4
    assert [
        said for said in run.out.splitlines() if not said.startswith(("FAILED  -", "  /"))
    ] == []
    assert run.out.replace("\n", "").isprintable()


@pytest.mark.parametrize("value", [None, 7, 1.5, True, "x", [], {}, [{}], {"a": []}])
def test_every_field_of_a_bundle_may_hold_anything_and_is_refused(bundle, value, ours, tmp_path):
    whole = json.loads(bundle.read_bytes())
    paths = []
    for index, field in enumerate(whole):
        path = tmp_path / f"{index}.json"
        path.write_text(json.dumps({**whole, field: value}))
        if whole[field] != value:
            paths.append(path)

    run = pith("verify", *paths, "--trust", ours, "--json")

    assert (run.code, run.err) == (4, "")
    documents = run.json()["documents"]
    assert [document["ok"] for document in documents] == [False] * len(paths)


# --- Auditing and maintaining -------------------------------------------------------------------


def test_an_audit_tells_what_it_verified(lake_of_two, ours, tmp_path):
    whole = pith("audit", "--lake", lake_of_two, "--trust", ours, cwd=tmp_path)
    quick = pith("audit", "--lake", lake_of_two, "--trust", ours, "--roots", cwd=tmp_path)

    for run in (whole, quick):
        assert (run.code, run.err) == (0, "")
        assert run.out.startswith("ok: manifest 2, 2 manifests, 14 files; ")
        assert "5 records" in run.out


def test_an_audit_that_fails_ends_with_4_and_names_the_place(harmed, ours):
    flip(part_of(harmed, "records"))
    text = pith("audit", "--lake", harmed, "--trust", ours)
    told = pith("audit", "--lake", harmed, "--trust", ours, "--roots", "--json")

    place = str(part_of(harmed, "records").relative_to(harmed))
    assert [text.code, told.code, text.err, told.err] == [4, 4, "", ""]
    assert f"{place}: file_digest: found " in text.out
    assert re.search(r"^FAILED: \d+ findings: manifest 2", text.out, re.MULTILINE)
    report = told.json()
    assert report["ok"] is False
    assert [(hit["code"], hit["place"], hit["table"]) for hit in report["findings"]] == [
        ("file_digest", place, "records")
    ]


def test_an_audit_trusts_no_stranger(lake_of_two, tmp_path):
    run = pith("audit", "--lake", lake_of_two, "--json", cwd=tmp_path)

    assert run.code == 4
    assert "unknown_key" in {finding["code"] for finding in run.json()["findings"]}


def test_a_folder_that_is_no_lake_fails_its_audit(tmp_path):
    run = pith("audit", "--lake", tmp_path)

    assert run.code == 4
    assert "no_lake" in run.out


def test_maintenance_tells_what_it_removed(lake_of_two, tmp_path):
    lake = copied(lake_of_two, tmp_path)
    (lake / "tables" / "records" / "left.partial").write_bytes(b"12345")

    told = pith("maintain", "--lake", lake, "--json")
    text = pith("maintain", "--lake", lake)

    assert told.json() == {"freed_bytes": 5, "removed": ["tables/records/left.partial"]}
    assert (text.code, text.out, text.err) == (0, "0 files removed, 0 bytes freed\n", "")


# --- Asking -------------------------------------------------------------------------------------

QUERY = "select arxiv_id, arxiv_version from records order by all"
ANSWER = [
    {"arxiv_id": "0704.0001", "arxiv_version": 2},
    {"arxiv_id": "0704.0002", "arxiv_version": 2},
    {"arxiv_id": "0704.0003", "arxiv_version": 2},
    {"arxiv_id": "0704.0003", "arxiv_version": 3},
    {"arxiv_id": "math/0309136", "arxiv_version": 1},
]


@pytest.mark.parametrize(
    ("options", "read"),
    [
        (["--json"], json.loads),
        (["--format", "json"], json.loads),
        (["--format", "jsonl"], lambda out: list(map(json.loads, out.splitlines()))),
        (
            ["--format", "csv"],
            lambda out: [
                {**row, "arxiv_version": int(row["arxiv_version"])}
                for row in csv.DictReader(io.StringIO(out))
            ],
        ),
    ],
    ids=["--json", "json", "jsonl", "csv"],
)
def test_an_answer_comes_in_every_form(lake_of_two, options, read):
    run = pith("sql", QUERY, "--lake", lake_of_two, *options)

    assert (run.code, run.err) == (0, "")
    assert read(run.out) == ANSWER


def test_a_table_is_for_eyes(lake_of_two):
    run = pith("sql", QUERY, "--lake", lake_of_two)

    assert (run.code, run.err) == (0, "")
    assert run.out.split()[:2] == ["arxiv_id", "arxiv_version"]
    assert "math/0309136" in run.out


def test_a_query_is_read_from_standard_input(lake_of_two):
    run = pith("sql", "-", "--lake", lake_of_two, "--json", stdin=QUERY.encode())

    assert run.json() == ANSWER


@pytest.mark.parametrize(
    "query",
    [
        "",
        "selekt",
        "drop view records",
        "copy (select 1) to 'out.csv'",
        "select 1; select 2",
        "from read_text('/etc/passwd')",
        "select nothing from records",
    ],
)
def test_a_query_that_is_refused_ends_with_2(lake_of_two, query, tmp_path):
    run = pith("sql", query, "--lake", lake_of_two, cwd=tmp_path)

    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("pith: ")
    assert "Traceback" not in run.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["sql", "select repeat('x', 1000) as x from range(20000)", "--format", "csv"],
        ["sql", "select repeat('x', 1000) as x from range(20000)", "--json"],
        ["show", NUMBER, "--as", "bundle", "--pretty"],
        ["keys", "list"],
    ],
    ids=lambda arguments: " ".join(arguments[:1] + arguments[-1:]),
)
def test_a_reader_that_has_enough_is_no_error_worth_a_word(sample_lake, arguments):
    place = [] if arguments[0] == "keys" else ["--lake", str(sample_lake)]
    with subprocess.Popen(  # noqa: S603 - our own command
        [*PITH, *arguments, *place],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=bare_environment(),
    ) as process:
        process.stdout.close()
        said = process.stderr.read()

    assert said == b""
    assert process.returncode != 4


# --- The whole way ------------------------------------------------------------------------------


def test_a_new_version_stands_beside_the_old_in_every_answer(tmp_path, key):
    lake = ["--lake", tmp_path / "lake"]
    for count in (1, 2):
        data = line(versions=versions(count))
        assert pith("build", "-", *lake, stdin=data, **key).code == 0

    asked = pith(
        "sql",
        "select count(*) as n, count(distinct arxiv_id) as papers from records",
        *lake,
        "--json",
    ).json()
    assert asked == [{"n": 2, "papers": 1}]
    assert pith("audit", *lake, **key).code == 0


def test_two_keys_may_sign_one_lake(tmp_path, key_file, ours):
    lake = tmp_path / "lake"
    build(lake, lines(2))
    run = pith("build", "-", "--lake", lake, stdin=lines(3), PITH_SIGNING_KEY_FILE=key_file)
    assert run.code == 0, run.err

    both = pith("audit", "--lake", lake, "--trust", ours, PITH_SIGNING_KEY_FILE=key_file)
    one = pith("audit", "--lake", lake, "--trust", ours, cwd=tmp_path)

    assert (both.code, one.code) == (0, 4)
    assert OTHER_SIGNER.public_key.key_id not in both.out
