import json

import pytest

from tests.graphs import mirrored, theirs, written
from tests.lakes import build, lines, pith
from tests.makers import (
    BUNDLE,
    DOCUMENTS,
    NOW_SECONDS,
    OTHER_SIGNER,
    PUBLISHED_NUMBER,
    SIGNER,
    changed,
    document,
    event,
    mint,
)
from tests.timestamps import stamped

PUBLISHED = document(BUNDLE)
FIRST = event(payload={"n": 1})
RIVALS = [event(payload={"n": n}, prev_event=FIRST["event_id"]) for n in (2, 3)]
OURS = json.loads(mint().bundle.document)


def key_of(signer, place):
    place.write_text(json.dumps(signer.public_key.to_json_object()))
    return place


@pytest.fixture
def ours(tmp_path):
    """The public key that signs what the makers make."""
    return key_of(SIGNER, tmp_path / "ours.json")


@pytest.fixture
def lake(tmp_path, key_file):
    """A lake of our own key's, and the settings of a run that writes to it."""
    settings = {"PITH_LAKE": tmp_path / "lake", "PITH_SIGNING_KEY_FILE": key_file}
    offered = written(tmp_path / "published.jsonl", PUBLISHED)
    assert pith("merge", offered, "--into", tmp_path / "lake", **settings).code == 0
    return settings


# --- merge --------------------------------------------------------------------------------------


def test_the_published_bundle_merges_to_its_published_state(tmp_path):
    tampered = changed(PUBLISHED, ("events", 0, "created_at"), "2026-06-01T00:00:00Z")
    tampered = changed(tampered, ("events", 1, "event_id"), "sha256:" + "0" * 64)
    reverse = {**PUBLISHED, "events": PUBLISHED["events"][::-1]}
    whole = written(tmp_path / "whole.jsonl", PUBLISHED, reverse, PUBLISHED["events"])

    run = pith("merge", DOCUMENTS / BUNDLE, whole)
    bad = pith("merge", DOCUMENTS / BUNDLE, written(tmp_path / "bad.json", tampered))
    again = pith("merge", DOCUMENTS / BUNDLE, tmp_path / "bad.json", "--json")

    state = PUBLISHED["state"]["state_sha256"]
    assert (run.code, run.err) == (0, "")
    assert run.out == (
        f"{PUBLISHED['pith_number']}  state {state}: 2 events, 2 valid, 0 invalid, "
        "0 equivocations\n"
    )
    assert bad.code == again.code == 4
    assert f"invalid: sha256:{'0' * 64}: digest_mismatch" in bad.out
    assert f"bad.json line 1: {PUBLISHED['pith_number']}" in bad.out
    (found,) = again.json()["states"]
    assert found["current"] == PUBLISHED["state"]["current"]
    assert {one["reason"] for one in again.json()["refused"]} == {"digest_mismatch"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 0),
        ("\n", 0),
        ("{no json", 3),
        ('{"x": 1}\n{"y": 2}\n', 3),
        ("[7]", 3),
        ('{"event_id": "x"}', 4),
    ],
)
def test_exit_codes_of_what_is_refused(text, code):
    run = pith("merge", "-", stdin=text.encode())
    assert (run.code, run.err) == (code, "")
    assert ("refused: -" in run.out) == bool(code)


def test_a_pretty_printed_document_and_an_array_are_read(tmp_path):
    pretty = tmp_path / "pretty.json"
    pretty.write_text(json.dumps([PUBLISHED, *PUBLISHED["events"]], indent=2))
    run = pith("merge", pretty)
    assert (run.code, run.out.count("2 valid")) == (0, 1)


def test_a_state_alone_carries_nothing_to_merge(tmp_path):
    run = pith("merge", written(tmp_path / "state.json", PUBLISHED["state"]))
    assert run.code == 4
    assert "no_signature: this state carries no signed events" in run.out


def test_a_proof_is_written_and_holds_by_the_signers_key_alone(tmp_path, ours):
    proof = tmp_path / "proof.json"
    offered = written(tmp_path / "events.jsonl", OURS, FIRST, *RIVALS)

    run = pith("merge", offered, "--proof", proof, "--trust", ours)
    verified = pith("verify", proof, "--trust", ours)
    distrusted = pith("verify", proof)

    assert (run.code, verified.code, distrusted.code) == (0, 0, 4)
    assert "equivocation: mirror.example, author_attestation after " + FIRST["event_id"] in run.out
    assert f"wrote {proof}: {PUBLISHED_NUMBER}" in run.err
    assert verified.out == f"ok  {proof}: equivocation_proof {PUBLISHED_NUMBER}\n"
    assert "unknown_key" in distrusted.out


def test_without_a_contradiction_no_proof_is_written(tmp_path, ours):
    offered = written(tmp_path / "events.jsonl", OURS, FIRST)
    run = pith("merge", offered, "--proof", tmp_path / "proof.json", "--trust", ours)
    assert (run.code, (tmp_path / "proof.json").exists()) == (0, False)
    assert "nothing contradicts itself" in run.err


def test_events_are_merged_into_a_lake(lake, tmp_path):
    other = key_of(OTHER_SIGNER, tmp_path / "theirs.json")
    offered = written(tmp_path / "theirs.jsonl", theirs(), event("correction"))

    run = pith("merge", offered, "--into", lake["PITH_LAKE"], "--trust", other, **lake)
    again = pith("merge", offered, "--into", lake["PITH_LAKE"], "--trust", other, "--json", **lake)
    audited = pith("audit", "--trust", other, **lake)
    bundle = pith("show", PUBLISHED_NUMBER, "--as", "bundle", **lake)

    assert (run.code, again.code, audited.code) == (4, 4, 0)
    assert run.out.startswith(
        "3 events seen: 2 new, 0 known, 1 refused\n"
        "1 records: 0 added, 1 changed, 0 unchanged, 0 rejected\n"
        "refused: "
    )
    assert "unknown_key" in run.out
    assert run.out.endswith("committed manifest 2\n")
    told = again.json()
    assert told["events"] == {
        "known": 2,
        "new": 0,
        "refused": 1,
        "refused_by_reason": {"unknown_key": 1},
        "seen": 3,
    }
    assert told["committed"] is False
    assert len(bundle.json()["events"]) == 4


def test_proof_and_into_do_not_go_together(lake, tmp_path):
    run = pith("merge", "-", "--into", tmp_path / "lake", "--proof", tmp_path / "p.json", **lake)
    assert (run.code, run.out) == (2, "")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"[" * 100_000 + b"]" * 100_000, "not_json: nested deeper than 64 levels"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "not_json: nested deeper than 64 levels"),
        (
            b'{"a":' + b"9" * 5_000 + b"}",
            "not_json: an integer of 5000 characters is beyond 64 bits",
        ),
        (b" " * (65 << 20) + b"1", "too_large: a document of more than 64 MiB; nothing from there"),
    ],
    ids=["deep arrays", "deep objects", "a long integer", "a large document"],
)
def test_what_nobody_could_hold_is_refused_in_one_line(lake, tmp_path, data, told):
    offered = tmp_path / "hostile.json"
    offered.write_bytes(data)
    before = pith("show", "1804.01852", **lake).out

    run = pith("merge", offered, "--into", lake["PITH_LAKE"], **lake)

    assert run.code == 3
    (line,) = [line for line in run.out.splitlines() if line.startswith("refused")]
    assert line.startswith(f"refused: {offered}: {told}")
    assert len(line) < 300
    assert pith("show", "1804.01852", **lake).out == before


# --- import -------------------------------------------------------------------------------------


def test_a_mirror_is_imported_and_holds(tmp_path, key_file, ours):
    build(tmp_path / "others", lines(3))
    tree = mirrored(tmp_path / "others", tmp_path / "mirror")
    settings = {"PITH_LAKE": tmp_path / "lake", "PITH_SIGNING_KEY_FILE": key_file}

    run = pith("import", tree, "--trust", ours, **settings)
    again = pith("import", tree, "--trust", ours, **settings)
    audited = pith("audit", "--trust", ours, **settings)

    assert (run.code, again.code, audited.code) == (0, 0, 0)
    assert "3 records: 3 added, 0 changed, 0 unchanged, 0 rejected" in run.out
    assert again.out.endswith("nothing new, nothing committed\n")


def test_a_folder_without_documents_is_told(tmp_path, key_file):
    run = pith("import", tmp_path, PITH_LAKE=tmp_path / "lake", PITH_SIGNING_KEY_FILE=key_file)
    assert (run.code, run.out) == (2, "")
    assert "is no mirror's tree, and holds no .json file" in run.err


# --- attest -------------------------------------------------------------------------------------


def test_what_is_attested_is_stored_and_shown(lake):
    run = pith(
        "attest", "citation", "1804.01852", "--relation", "supports", "--cited", "1412.6651", **lake
    )
    audited = pith("audit", **lake)
    record = pith("show", "1804.01852", **lake)

    assert (run.code, audited.code) == (0, 0)
    assert run.out.startswith(f"{PUBLISHED_NUMBER}  citation_signature  sha256:")
    assert record.json()["verification_status"]["citation_signatures"] == 1
    assert record.json()["event_summary"]["citation_signature"] == 1


def test_an_anchor_carries_its_proof_into_the_bundle(lake, tmp_path):
    proof = tmp_path / "canonical.json.ots"
    proof.write_bytes(stamped(mint().identity.digest))
    other = tmp_path / "other.ots"
    other.write_bytes(stamped(bytes(32)))

    run = pith("attest", "timestamp", "1804.01852", "--proof", proof, **lake)
    bad = pith("attest", "timestamp", "1804.01852", "--proof", other, **lake)
    bundle = pith("show", "1804.01852", "--as", "bundle", **lake).json()
    record = pith("show", "1804.01852", **lake).json()

    assert (run.code, bad.code) == (0, 4)
    assert "which is not the canonical digest" in bad.err
    (shown,) = bundle["timestamp_proofs"]
    assert shown["attestations"][0] == "bitcoin block 358391"
    assert record["verification_status"]["externally_anchored"] is True


def test_what_another_signer_stated_stays_whoever_claims_its_place(lake, tmp_path):
    other = key_of(OTHER_SIGNER, tmp_path / "other.json")
    trusted = {**lake, "PITH_TRUSTED_KEYS": other}
    offered = written(tmp_path / "theirs.jsonl", theirs())
    assert pith("merge", offered, "--into", lake["PITH_LAKE"], **trusted).code == 0
    gone = theirs()["events"][1]["event_id"]

    said = ("attest", "author", PUBLISHED_NUMBER, "--author-name", "M. Blot", "--supersedes", gone)
    run, audited = pith(*said, **trusted), pith("audit", **trusted)
    current = pith("show", "1804.01852", "--as", "state", **trusted).json()["current"]

    assert (run.code, audited.code) == (0, 0)
    assert f"note: {gone} was stated by other.example and stays" in run.err
    assert gone in [shown["event_id"] for shown in current["graph_snapshots"]]
    assert [shown["payload"]["author_name"] for shown in current["author_attestations"]]


def test_who_follows_or_supersedes_what_the_lake_does_not_hold_is_told(lake):
    said = ("attest", "author", PUBLISHED_NUMBER, "--author-name", "M. Blot", "--json")
    unknown = [f"sha256:{digit * 64}" for digit in "ab"]

    first = pith(*said, **lake).json()
    again = pith(*said, "--supersedes", first["event"]["event_id"], **lake).json()
    other = pith(*said, "--supersedes", unknown[0], "--prev-event", unknown[1], **lake).json()

    assert (first["notes"], again["notes"], other["committed"]) == ([], [], True)
    assert other["notes"] == [
        f"{name} is no event that this lake holds of the record" for name in unknown
    ]


def test_an_event_can_be_written_without_a_lake(tmp_path, key_file):
    settings = {"PITH_LAKE": tmp_path / "none", "PITH_SIGNING_KEY_FILE": key_file}
    said = ("attest", "author", PUBLISHED_NUMBER, "--author-name", "M. Blot", "--now", NOW_SECONDS)

    run = pith(*said, "--out", tmp_path / "event.json", **settings)
    out = pith(*said, "--out", "-", **settings)
    verified = pith("verify", tmp_path / "event.json", **settings)
    short = pith("attest", "author", "1804.01852", "--author-name", "x", "--out", "-", **settings)

    assert (run.code, run.out, verified.code, short.code) == (0, "", 0, 2)
    assert out.out.strip() == (tmp_path / "event.json").read_text()
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("citation", "1804.01852"),
        ("citation", "1804.01852", "--relation", "likes", "--cited", "1412.6651"),
        (
            "citation",
            "1804.01852",
            "--relation",
            "cites",
            "--cited",
            "1412.6651",
            "--prev-event",
            "y",
        ),
        ("citation", "1999.01852", "--relation", "cites", "--cited", "1412.6651"),
        ("timestamp", "1804.01852"),
        ("nothing", "1804.01852"),
    ],
    ids=" ".join,
)
def test_a_call_that_cannot_be_done_as_asked_ends_with_2(lake, arguments):
    run = pith("attest", *arguments, **lake)
    assert (run.code, run.out) == (2, "")
    assert "Traceback" not in run.err


# --- Trust --------------------------------------------------------------------------------------


def test_a_key_trusted_for_some_types_is_listed_so_and_refused_for_others(lake, tmp_path):
    scoped = tmp_path / "author.json"
    key = OTHER_SIGNER.public_key.to_json_object()
    scoped.write_text(json.dumps({**key, "event_types": ["author_attestation"]}))
    offered = written(tmp_path / "theirs.jsonl", theirs())

    listed = pith("keys", "list", "--trust", scoped, **lake)
    told = pith("keys", "list", "--trust", scoped, "--json", **lake).json()
    run = pith("merge", offered, "--into", lake["PITH_LAKE"], "--trust", scoped, **lake)

    assert "for author_attestation alone" in listed.out
    assert [one["event_types"] for one in told if "event_types" in one] == [["author_attestation"]]
    assert (run.code, run.out.count("unknown_key")) == (4, 2)
