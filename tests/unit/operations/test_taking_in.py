import gzip
import json

import pytest

from pith_builder.core.canonical import RecordDigest, canonical_json
from pith_builder.core.keys import TrustedKey
from pith_builder.core.number import PithNumber
from pith_builder.core.record_document import record_document
from pith_builder.core.statements import STATEMENTS
from pith_builder.core.verification import verify
from pith_builder.errors import SourceError, UsageError, VerificationError
from pith_builder.lake.store import open_lake
from pith_builder.operations import offers, taking_in
from pith_builder.operations.attesting import Subject, attested
from pith_builder.operations.audit import audit
from pith_builder.operations.offers import read_in_stretches, read_offers
from pith_builder.operations.transaction import Target
from pith_builder.signing.ed25519 import TrustedKeys
from tests.graphs import EARLIER, TRUSTED, imported_into, merged_into, mirrored, theirs, written
from tests.lakes import LATER, build, content_roots, copied, files, line, lines, rows, untouched
from tests.makers import (
    BUNDLE,
    CREATED,
    DOCUMENTS,
    INVALID_EVENTS,
    NOW,
    OTHER_SIGNER,
    PUBLISHED_NUMBER,
    REGISTRY,
    SIGNER,
    STRANGER,
    changed,
    document,
    event,
    mint,
)

OURS = json.loads(mint().bundle.document)


def sound(lake):
    """Return a lake's audit, once it is shown to have found nothing."""
    report = audit(lake, TRUSTED)
    assert report.findings == []
    return report


@pytest.fixture
def lake(tmp_path):
    """A lake that holds the published record, as our registry minted it, and two others."""
    place = tmp_path / "lake"
    merged_into(place, written(tmp_path / "ours.jsonl", OURS))
    build(place, lines(2), now=LATER)
    return place


def bundle_of(lake, number=PUBLISHED_NUMBER):
    (row,) = [row for row in rows(lake, "bundles") if row["pith_number"] == number]
    return json.loads(row["document"])


def test_a_bundle_of_another_registry_joins_ours(lake, tmp_path):
    taken = merged_into(lake, written(tmp_path / "theirs.jsonl", theirs()), now=LATER)

    assert (taken.seen, taken.new, taken.known, taken.refused) == (2, 2, 0, 0)
    assert (taken.changed, taken.result.minted, taken.result.sequence) == (1, 0, 3)
    bundle = bundle_of(lake)
    assert bundle["events"] == [*theirs()["events"], *OURS["events"]]
    assert {key["key_id"] for key in bundle["public_keys"]} == {"ours-2026-11", "theirs-2026-11"}
    assert bundle["bundle_signature"]["key_id"] == "ours-2026-11"
    assert bundle["state"]["current"]["record_created"]["signer"]["signer_id"] == "other.example"
    (row,) = [row for row in rows(lake, "records") if row["pith_number"] == PUBLISHED_NUMBER]
    assert row["key_id"] == "ours-2026-11"
    assert {row["key_id"] for row in rows(lake, "keys")} == {"ours-2026-11", "theirs-2026-11"}
    sound(lake)


def test_what_is_not_touched_stays_as_it_is(lake, tmp_path):
    before = {row["pith_number"]: row for row in rows(lake, "bundles")}
    parts = [part.path for part in open_lake(lake).table("bundles").parts]

    merged_into(lake, written(tmp_path / "theirs.jsonl", theirs()), now=LATER)

    after = {row["pith_number"]: row for row in rows(lake, "bundles")}
    assert [number for number in after if after[number] != before[number]] == [PUBLISHED_NUMBER]
    kept = [part.path for part in open_lake(lake).table("bundles").parts]
    assert kept[1:] == parts[1:]
    assert kept[0] != parts[0]
    assert (lake / parts[0]).exists()


def test_merging_again_commits_nothing(lake, tmp_path):
    offered = written(tmp_path / "theirs.jsonl", theirs())
    merged_into(lake, offered, now=LATER)
    before = untouched(lake)

    taken = merged_into(lake, offered, offered, now=LATER)

    assert (taken.new, taken.known, taken.changed, taken.result.committed) == (0, 4, 0, False)
    assert untouched(lake) == before


@pytest.mark.parametrize(
    "invalid",
    [one for some in INVALID_EVENTS.values() for one in some if isinstance(one, dict) and one],
)
def test_what_does_not_hold_is_refused_and_changes_nothing(tmp_path, invalid):
    place = tmp_path / "lake"
    merged_into(place, written(tmp_path / "ours.jsonl", OURS))
    before = untouched(place)

    taken = merged_into(place, written(tmp_path / "bad.jsonl", invalid))

    assert (taken.new, taken.known, taken.refused) == (0, 0, 1)
    assert sum(taken.refused_by_reason.values()) == len(taken.listed) == 1
    assert taken.listed[0].message
    assert untouched(place) == before


def test_counts_add_up_and_every_refusal_says_where_it_stands(lake, tmp_path):
    stranger = event("correction", key=STRANGER)
    tampered = changed(CREATED, ("created_at",), "2026-11-20T14:17:08Z")
    offered = tmp_path / "mixed.jsonl"
    documents = [theirs(), [stranger, tampered], {"x": 1}, document(BUNDLE)]
    offered.write_bytes(b"\n".join(map(canonical_json, documents)) + b"\n{no json\n\n")

    taken = merged_into(lake, offered)

    assert (taken.new, taken.known, taken.refused) == (4, 0, 4)
    assert taken.seen == 8
    assert taken.refused_by_reason == {
        "digest_mismatch": 1,
        "not_json": 1,
        "unknown_key": 1,
        "unknown_kind": 1,
    }
    assert sorted((one.line, one.reason) for one in taken.listed) == [
        (2, "digest_mismatch"),
        (2, "unknown_key"),
        (3, "unknown_kind"),
        (5, "not_json"),
    ]
    sound(lake)


def test_any_order_of_merging_comes_to_the_same_state(tmp_path):
    attestation = event("author_attestation", payload={"n": 1})
    offered = [
        written(tmp_path / f"{name}.jsonl", one)
        for name, one in (
            ("a", theirs()),
            ("b", attestation),
            ("c", document(BUNDLE)),
            ("d", OURS),
        )
    ]
    roots = set()
    for index, order in enumerate(([0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [3, 1, 0, 2])):
        lake = tmp_path / f"lake{index}"
        for step in order:
            merged_into(lake, offered[step])
        again = merged_into(lake, offered[1])
        roots.add(tuple(content_roots(lake, ["states"]).values()))
        assert again.new == (1 if again.result.committed else 0)
        sound(lake)
    together = tmp_path / "together"
    merged_into(together, *offered)
    roots.add(tuple(content_roots(together, ["states"]).values()))
    assert len(roots) == 1


def test_events_of_a_record_that_nobody_created_are_refused(tmp_path):
    taken = merged_into(tmp_path / "lake", written(tmp_path / "e.jsonl", event("correction")))

    assert (taken.new, taken.refused, taken.result.rejected) == (0, 1, 1)
    assert taken.refused_by_reason == {"no_record_created": 1}
    assert not taken.result.committed


def test_many_processes_write_the_same_bytes_as_one(tmp_path, monkeypatch):
    monkeypatch.setattr(taking_in, "RECORDS_A_CHUNK", 50)
    monkeypatch.setattr(offers, "STRETCH_BYTES", 1 << 20)
    ours, others = tmp_path / "ours", tmp_path / "others"
    build(ours, lines(300))
    build(others, lines(600, first=150), signer=OTHER_SIGNER, now=EARLIER)
    offered = written(
        tmp_path / "theirs.jsonl",
        *(json.loads(row["document"]) for row in rows(others, "bundles")),
        *(json.loads(row["document"]) for row in rows(others, "events")),
    )
    one, many = copied(ours, tmp_path / "one"), copied(ours, tmp_path / "many")

    taken = merged_into(one, offered)
    again = merged_into(many, offered, workers=2)

    assert (taken.new, taken.known, taken.changed) == (1200, 1200, 151)
    assert (again.new, again.known, again.changed) == (1200, 1200, 151)
    same = {name: data for name, data in files(one).items() if name != "pith.sql"}
    assert same == {name: data for name, data in files(many).items() if name != "pith.sql"}
    sound(one)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda place: place.write_bytes(place.read_bytes()), "changed while it was read"),
        (lambda place: place.write_bytes(place.read_bytes()[:-5]), "changed while it was read"),
        (lambda place: place.unlink(), "cannot read|can no longer be read"),
    ],
    ids=["written again", "shorter", "gone"],
)
@pytest.mark.parametrize("stage", ["_hold", "_take_chunks"])
def test_of_a_file_that_changes_while_it_is_merged_nothing_is_committed(
    lake, tmp_path, monkeypatch, change, wanted, stage
):
    monkeypatch.setattr(offers, "STRETCH_BYTES", 100)
    place = written(tmp_path / "theirs.jsonl", theirs(), theirs())
    before, taking = untouched(lake), getattr(taking_in, stage)

    def changing(*arguments):
        change(place)
        return taking(*arguments)

    monkeypatch.setattr(taking_in, stage, changing)
    with pytest.raises((SourceError, UsageError), match=wanted):
        taking_in.take_in(
            Target(lake=lake, registry=REGISTRY, signer=SIGNER, now=LATER),
            TRUSTED,
            read_in_stretches([place], None),
            operation="merge",
            sources=list,
        )
    assert untouched(lake) == before


def test_a_packed_file_is_read(lake, tmp_path):
    offered = tmp_path / "theirs.jsonl.gz"
    offered.write_bytes(gzip.compress(canonical_json(theirs())))
    assert merged_into(lake, offered).new == 2


def test_what_no_trusted_key_signed_in_the_lake_is_not_built_upon(lake, tmp_path):
    merged_into(lake, written(tmp_path / "theirs.jsonl", theirs()))
    before = untouched(lake)
    later = event("correction", created_at="2026-11-20T14:17:30Z")

    with pytest.raises(VerificationError, match="which is not trusted: trust it with --trust"):
        trusting(lake, [SIGNER.public_key], written(tmp_path / "later.jsonl", later))

    assert untouched(lake) == before


def trusting(lake, keys, *files):
    """Merge files into a lake, trusting some keys alone."""
    target = Target(lake=lake, registry=REGISTRY, signer=SIGNER, now=LATER)
    return taking_in.take_in(
        target, TrustedKeys(keys), read_offers(files, None), operation="merge", sources=list
    )


def test_an_event_nested_too_deep_for_a_bundle_is_refused(lake, tmp_path):
    nested = {}
    for _ in range(59):
        nested = {"x": nested}
    deep = event("correction", payload=nested)
    shallow = event("correction", payload=nested["x"]["x"])

    taken = merged_into(lake, written(tmp_path / "deep.jsonl", deep, shallow))

    assert (taken.new, dict(taken.refused_by_reason)) == (1, {"malformed": 1})
    sound(lake)


@pytest.mark.parametrize(
    ("event_type", "target"),
    [("pith.integrity.v1", "integrity"), ("timestamp_anchor", "timestamp"), ("other", "any")],
)
def test_a_float_that_a_stranger_stated_is_kept_merged_and_audited(
    lake, tmp_path, event_type, target
):
    stated = event(event_type, target=target, payload={"weight": 1e16, "small": 1e-7})

    taken = merged_into(lake, written(tmp_path / "float.jsonl", stated))
    again = merged_into(lake, written(tmp_path / "theirs.jsonl", theirs()), now=LATER)

    assert (taken.new, again.new, taken.listed) == (1, 2, [])
    kept = [row for row in rows(lake, "events") if row["event_id"] == stated["event_id"]]
    assert [row["document"] for row in kept] == [canonical_json(stated).decode()]
    assert '{"small":1e-07,"weight":1e+16}' in kept[0]["document"]
    bundle = bundle_of(lake)
    assert stated in bundle["events"]
    assert verify(bundle, TRUSTED).failures == ()
    sound(lake)


# --- Importing ----------------------------------------------------------------------------------


def test_the_published_documents_enter_as_what_they_are(tmp_path):
    lake = tmp_path / "lake"

    taken = imported_into(lake, DOCUMENTS)

    assert (taken.refused, taken.result.minted) == (0, 5)
    assert bundle_of(lake) == document(BUNDLE)
    found = rows(lake, "records")
    assert {row["key_id"] for row in found} == {"pith-v1-2026-05"}
    assert {row["source_kind"] for row in found} == {"import"}
    assert all(row["title"] and row["authors"] for row in found)
    assert {row["categories"] for row in found if row["categories"] is None} == {None}
    sound(lake)
    before = untouched(lake)
    assert not imported_into(lake, DOCUMENTS).result.committed
    assert untouched(lake) == before


def test_a_record_document_that_does_not_hold_is_refused(tmp_path):
    name = "4FP6Z27B6DFNJRYZBSXH3XON27.record.json"
    broken = changed(document(name), ("paper", "title"), "Another")

    taken = imported_into(tmp_path / "lake", written(tmp_path / "broken.json", broken))

    assert (taken.new, taken.refused, taken.result.committed) == (0, 1, False)
    assert taken.listed[0].reason == "does_not_hold"
    assert "/paper/title: disagreement" in taken.listed[0].message


def test_a_signed_event_comes_before_our_word_whatever_the_order(tmp_path):
    bundle = document(BUNDLE)
    bare = written(tmp_path / "a-state.jsonl", bundle["state"], bundle)

    taken = imported_into(tmp_path / "lake", bare)

    assert (taken.new, taken.known, taken.refused) == (2, 1, 0)
    assert bundle_of(tmp_path / "lake") == bundle


@pytest.mark.parametrize("with_more", [False, True])
def test_a_mirror_imported_into_an_empty_lake_has_the_same_roots(lake, tmp_path, with_more):
    if with_more:
        foreign = theirs(title="Theirs alone")
        offered = written(tmp_path / "theirs.jsonl", theirs(), foreign)
        merged_into(lake, offered, now=LATER)
        imported_into(lake, DOCUMENTS, now=LATER)
        said = tmp_path / "said.jsonl"
        said.write_bytes(
            b"\n".join(one.document for one in [*stated(SIGNER), *stated(OTHER_SIGNER)])
        )
        assert merged_into(lake, said, now=LATER).new == 2 * len(STATEMENTS)
        subject = Subject(
            number=PithNumber.parse(foreign["pith_number"]),
            digest=RecordDigest(bytes.fromhex(foreign["canonical_sha256"])),
        )
        ours_of_theirs = stated(SIGNER, subject)
        said.write_bytes(b"\n".join(one.document for one in ours_of_theirs))
        assert merged_into(lake, said, now=LATER).new == len(STATEMENTS)
    tree = mirrored(lake, tmp_path / "mirror")
    other = tmp_path / "other"

    taken = imported_into(other, tree, now=LATER)

    assert taken.refused == 0
    assert content_roots(other) == content_roots(lake)
    sound(other)
    assert not imported_into(other, tree).result.committed


def test_without_metadata_the_raw_columns_are_null_and_the_lake_holds(lake, tmp_path):
    tree = mirrored(lake, tmp_path / "mirror", with_metadata=False)
    other = tmp_path / "other"

    imported_into(other, tree)

    roots, ours = content_roots(other), content_roots(lake)
    assert roots.pop("records") != ours.pop("records")
    assert roots == ours
    for row in rows(other, "records"):
        assert (row["categories"], row["comments"], row["is_withdrawn"]) == (None, None, None)
        assert row["title"] == " ".join(row["title"].split())
        assert row["source_name"] == f"pith/{row['pith_number'][-26:]}/bundle.json"
    sound(other)


def test_metadata_that_the_record_was_not_minted_of_is_refused(lake, tmp_path):
    tree = mirrored(lake, tmp_path / "mirror")
    place = tree / "pith" / PUBLISHED_NUMBER[-26:] / "metadata.json"
    said = json.loads(place.read_bytes())
    place.write_bytes(canonical_json({**said, "title": "Another title"}))

    taken = imported_into(tmp_path / "other", tree)

    assert dict(taken.refused_by_reason) == {"metadata_mismatch": 1}
    assert taken.result.minted == 3
    sound(tmp_path / "other")


def test_a_paper_that_was_imported_is_not_minted_again(tmp_path):
    others, lake = tmp_path / "others", tmp_path / "lake"
    build(others, line(), signer=OTHER_SIGNER, now=EARLIER)
    imported_into(lake, mirrored(others, tmp_path / "mirror"))

    assert build(lake, line(), now=LATER).unchanged == 1


# --- Attesting ----------------------------------------------------------------------------------

GIVEN = {
    "author": {"author_name": "M. Blot", "orcid": "0000-0001-2345-6789"},
    "timestamp": {"anchor_type": "rfc3161", "url": "https://tsa.example/1"},
    "storage": {
        "storage_type": "https",
        "location": "https://x.example",
        "content_sha256": "0" * 64,
    },
    "citation": {"relation": "supports", "cited": "arXiv:1412.6651"},
    "replication": {"outcome": "replicated", "report_url": "https://lab.example"},
    "correction": {"corrects": "abstract", "text": "The bound is 3."},
    "mirror": {"name": "Mirror", "base_url": "https://second.example"},
}
SUBJECT = Subject(number=mint().identity.number, digest=mint().identity.digest)


def stated(signer, subject=SUBJECT):
    """Return a statement of every kind, of one record."""
    by = {"signer": signer, "signer_id": f"{signer.public_key.key_id}.example"}
    return [attested(one, subject, GIVEN[one.name], now=LATER, **by) for one in STATEMENTS]


def test_what_is_attested_shows_in_status_proofs_hints_and_record(lake, tmp_path):
    events = stated(OTHER_SIGNER)
    offered = tmp_path / "events.jsonl"
    offered.write_bytes(b"\n".join(one.document for one in events))

    taken = merged_into(lake, offered)

    assert (taken.new, taken.refused) == (7, 0)
    bundle = bundle_of(lake)
    anchor = next(one for one in events if one.event_type == "timestamp_anchor")
    assert bundle["timestamp_proofs"] == [{**anchor.payload, "event_id": anchor.event_id}]
    assert [hint["base_url"] for hint in bundle["mirror_hints"]] == [
        "https://mirror.example",
        "https://second.example",
    ]
    receipt = bundle["state"]["current"]["record_created"]["payload"]["receipt"]
    record = record_document(bundle, receipt, "https://mirror.example")
    status = record["verification_status"]
    assert (status["author_attested"], status["externally_anchored"]) == (True, True)
    assert (status["storage_verified"], status["citation_signatures"]) == (True, 1)
    assert status["replication_records"] == 1
    assert verify(record, TRUSTED).failures == ()
    sound(lake)


def test_a_superseded_hint_leaves_the_bundle(lake, tmp_path):
    mirror = next(one for one in STATEMENTS if one.name == "mirror")
    by = {"signer": SIGNER, "signer_id": "mirror.example"}
    first = attested(mirror, SUBJECT, GIVEN["mirror"], now=NOW, **by)
    given = {**GIVEN["mirror"], "base_url": "https://third.example"}
    second = attested(mirror, SUBJECT, given, now=LATER, supersedes=(first.event_id,), **by)
    offered = tmp_path / "events.jsonl"
    offered.write_bytes(first.document + b"\n" + second.document)

    merged_into(lake, offered)

    hints = bundle_of(lake)["mirror_hints"]
    assert [hint["base_url"] for hint in hints] == [
        "https://mirror.example",
        "https://third.example",
    ]
    sound(lake)


def test_a_key_trusted_for_some_types_alone_signs_no_others(lake, tmp_path):
    key = OTHER_SIGNER.public_key
    scoped = TrustedKey(
        key_id=key.key_id, raw=key.raw, event_types=frozenset({"author_attestation"})
    )
    events = [
        attested(one, SUBJECT, GIVEN[one.name], signer=OTHER_SIGNER, signer_id="a", now=LATER)
        for one in STATEMENTS
        if one.name in {"author", "citation"}
    ]
    offered = written(tmp_path / "two.jsonl", *(json.loads(one.document) for one in events))

    taken = trusting(lake, [SIGNER.public_key, scoped], offered)

    assert (taken.new, dict(taken.refused_by_reason)) == (1, {"unknown_key": 1})
    assert "is trusted for author_attestation alone, not for citation_signature" in (
        taken.listed[0].message
    )
