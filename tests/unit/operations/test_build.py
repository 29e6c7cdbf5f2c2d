import gzip
import hashlib
import io
import json
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith_builder.core.lineage import rows_added
from pith_builder.disk import Disk
from pith_builder.errors import SourceError, StorageError, VerificationError
from pith_builder.lake.store import open_lake, read_manifest
from pith_builder.operations import transaction
from pith_builder.operations.audit import audit
from pith_builder.operations.build import build as run_build
from pith_builder.operations.chunks import snapshot_chunks
from pith_builder.operations.transaction import Target
from pith_builder.sources import lines as module
from tests.lakes import (
    AWKWARD,
    LATER,
    SAMPLE,
    build,
    content_roots,
    files,
    line,
    lines,
    part_of,
    rows,
    untouched,
    versions,
)
from tests.makers import NOW, OTHER_SIGNER, REGISTRY, SIGNER


@contextmanager
def small_chunks(chunk_bytes):
    """Cut the input into chunks of so many bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot_chunks, "__defaults__", (chunk_bytes,))
        yield


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def counts(result):
    return result.seen, result.minted, result.unchanged, result.rejected


def findings(lake):
    return audit(lake, [SIGNER.public_key, OTHER_SIGNER.public_key]).findings


def test_what_is_seen_is_minted_unchanged_or_rejected(tmp_path):
    result = build(tmp_path, AWKWARD + line(license="http://creativecommons.org/licenses/by/4.0/"))

    assert counts(result) == (7, 4, 1, 2)
    assert result.rejected_by_reason == {"missing_field": 1, "not_json": 1}
    assert result.minted_by_category == {"hep-ph": 3, "math.GT": 1}
    assert result.minted_without_license == 3
    assert result.minted_withdrawn == 1
    assert result.committed
    assert result.sequence == 1
    assert result.manifest_sha256 == open_lake(tmp_path).manifest.manifest_sha256
    assert {name: len(rows(tmp_path, name)) for name in ("records", "states", "bundles")} == {
        "records": 4,
        "states": 4,
        "bundles": 4,
    }
    assert len(rows(tmp_path, "events")) == 8
    assert len(rows(tmp_path, "aliases")) == 24
    assert findings(tmp_path) == []


class Journal(Disk):
    """A disk that notes what is brought to it, and what is given its name."""

    def __init__(self):
        self.steps = []

    def sync(self, file):
        super().sync(file)
        self.steps.append(("sync", Path(file.name).name))

    def sync_written(self, path):
        super().sync_written(path)
        self.steps.append(("sync_written", str(path)))

    def sync_directory(self, path):
        super().sync_directory(path)
        self.steps.append(("sync_directory", str(path)))

    def replace(self, partial, final):
        super().replace(partial, final)
        self.steps.append(("replace", str(final)))


def test_every_part_and_its_name_are_on_the_disk_before_the_commit(tmp_path):
    disk = Journal()
    with small_chunks(400):
        build(tmp_path, lines(7), disk=disk)

    before = disk.steps[: disk.steps.index(("replace", str(tmp_path / "CURRENT")))]
    manifest = open_lake(tmp_path).manifest
    handed_over = ("records", "events", "states", "bundles", "aliases")
    assert all(len(manifest.tables[name].parts) > 1 for name in handed_over)
    for name in handed_over:
        for part in manifest.tables[name].parts:
            path = tmp_path / part.path
            assert [what for what, where in before if where == str(path)] == [
                "replace",
                "sync_written",
            ]
            synced = before.index(("sync_written", str(path)))
            assert ("sync_directory", str(path.parent)) in before[synced:]


def test_a_build_leaves_a_row_that_adds_up(lake_of_two):
    first, second = rows(lake_of_two, "builds")

    assert first["build_id"] == "00000001-20261120T141709Z"
    assert first["operation"] == "build"
    assert first["outcome"] == "complete"
    assert first["sources"] == ["-"]
    assert first["builder_version"] == REGISTRY.builder_version
    assert first["is_forced"] is False
    names = ("seen", "minted", "unchanged", "rejected")
    assert [first[name] for name in names] == [6, 4, 0, 2]
    assert (first["minted_without_license"], first["minted_withdrawn"]) == (3, 1)
    assert [second[name] for name in names] == [1, 1, 0, 0]
    assert rows_added(json.loads(first["run_facts"])) == {
        **dict.fromkeys(("records", "states", "bundles"), 4),
        "events": 8,
        "aliases": 24,
        "keys": 1,
        "rejects": 2,
    }
    for table in ("records", "events", "states", "bundles", "aliases", "keys", "rejects"):
        built = {row["build_id"] for row in rows(lake_of_two, table)}
        assert built <= {first["build_id"], second["build_id"]}


def test_a_record_keeps_arxivs_own_words_and_where_they_stood(tmp_path):
    build(tmp_path, b"\n\n" + line(more={"é": 1}))
    row = rows(tmp_path, "records")[0]

    assert row["title"] == "Calculation of prompt diphoton production\n  cross sections"
    assert row["abstract"].startswith("  A fully differential calculation in perturbative\nq")
    assert row["authors"] == "C. Bal\\'azs, E. L. Berger"
    assert row["submitter"] == "Pavel Nadolsky"
    assert row["comments"] == "37 pages; 15 figures"
    assert row["journal_ref"] == "Phys.Rev.D76:013009,2007"
    assert row["doi"] == "10.1103/PhysRevD.76.013009"
    assert row["report_no"] == "ANL-HEP-PR-07-12"
    assert row["categories"] == ["hep-ph", "hep-ex"]
    assert (row["license"], row["is_withdrawn"]) == ("", False)
    assert row["other_metadata"] == '{"more":{"é":1}}'
    assert (row["source_kind"], row["source_name"], row["source_line"]) == ("snapshot", "-", 3)
    assert row["first_computed_at"] == row["last_reissued_at"] == row["observed_at"]
    assert (row["msc_class"], row["acm_class"]) == (None, None)


def test_the_same_input_again_commits_nothing_and_changes_no_file(tmp_path):
    build(tmp_path, AWKWARD)
    before = untouched(tmp_path)

    again = build(tmp_path, AWKWARD, now=LATER)

    assert counts(again) == (6, 0, 4, 2)
    assert not again.committed
    assert again.sequence == 1
    assert again.manifest_sha256 == open_lake(tmp_path).manifest.manifest_sha256
    assert untouched(tmp_path) == before


@pytest.mark.parametrize("empty", [b"", b"\n\n"])
def test_nothing_at_all_commits_nothing(tmp_path, empty):
    result = build(tmp_path / "lake", empty)

    assert counts(result) == (0, 0, 0, 0)
    assert (result.committed, result.sequence, result.manifest_sha256) == (False, 0, None)
    assert list(files(tmp_path / "lake")) == [".lock"]


@pytest.mark.parametrize(
    "changes",
    [
        {"versions": versions(3)},
        {"license": "http://creativecommons.org/licenses/by/4.0/"},
        {"categories": "hep-ex hep-ph"},
        {"categories": "hep-ph hep-ex hep-th"},
        {"title": "Another title"},
        {"abstract": "Another abstract."},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_is_hashed_mints_a_new_record_beside_the_old(tmp_path, changes):
    build(tmp_path, line())
    old = rows(tmp_path, "records")
    old_parts = files(tmp_path / "tables")

    result = build(tmp_path, line(**changes), now=LATER)

    assert counts(result) == (1, 1, 0, 0)
    assert result.sequence == 2
    new = rows(tmp_path, "records")
    assert len({row["pith_number"] for row in new}) == 2
    assert new[0] == old[0]
    assert files(tmp_path / "tables").items() >= old_parts.items()
    assert findings(tmp_path) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "CALCULATION of  prompt diphoton production cross sections "},
        {"abstract": "A fully\n differential calculation in perturbative quantum Chromodynamics."},
        {"categories": "hep-ph  hep-ex hep-ex hep-ph"},
        {"comments": "withdrawn"},
        {"authors": "Somebody Else"},
        {"update_date": "2020-01-01"},
        {"doi": None},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_is_not_hashed_mints_nothing(tmp_path, changes):
    build(tmp_path, line())

    assert counts(build(tmp_path, line(**changes), now=LATER)) == (1, 0, 1, 0)


@pytest.mark.parametrize("chunk_bytes", [1, 1000, 3000, 1 << 20])
def test_a_paper_that_stands_twice_is_minted_once_wherever_it_stands(tmp_path, chunk_bytes):
    data = lines(4) + lines(4) + lines(6, first=2) + b"no JSON\n" * 2

    with small_chunks(chunk_bytes):
        result = build(tmp_path, data)

    assert counts(result) == (16, 7, 7, 2)
    records = rows(tmp_path, "records")
    assert sorted(row["source_line"] for row in records) == [1, 2, 3, 4, 12, 13, 14]
    assert len(rows(tmp_path, "rejects")) == 2
    named = {part.path for t in open_lake(tmp_path).manifest.tables.values() for part in t.parts}
    assert named == {name for name in files(tmp_path) if name.endswith(".parquet")}
    assert findings(tmp_path) == []


@given(
    st.lists(st.integers(1, 9), max_size=15),
    st.lists(st.integers(1, 9), max_size=15),
    st.sampled_from([1, 700, 1500, 4000]),
)
@settings(max_examples=10, deadline=None)
def test_a_build_in_two_has_the_content_of_a_build_in_one(tmp_path_factory, one, two, chunk_bytes):
    folder = tmp_path_factory.mktemp("cut")
    before, after = (b"".join(lines(1, first=number) for number in part) for part in (one, two))

    with small_chunks(chunk_bytes):
        cut = [build(folder / "cut", part) for part in (before, after)]
    whole = build(folder / "whole", before + after)

    assert sum(result.minted for result in cut) == whole.minted == len({*one, *two})
    if whole.committed:
        assert content_roots(folder / "cut") == content_roots(folder / "whole")


def test_one_and_two_workers_write_the_same_bytes(tmp_path):
    repeated = SAMPLE.read_bytes() + SAMPLE.read_bytes()[:100_000] + b"\n" + AWKWARD

    with small_chunks(100_000):
        results = [build(tmp_path / str(n), repeated, workers=n) for n in (1, 2)]

    assert results[0] == results[1]
    assert results[0].unchanged > 50
    one, two = (files(tmp_path / str(n)) for n in (1, 2))
    for lake in (one, two):
        del lake["pith.sql"], lake[".lock"]
    assert len(one) > 15
    assert one == two


@pytest.mark.parametrize("workers", [1, 2])
def test_many_parts_of_names_are_joined_before_the_commit(tmp_path, monkeypatch, workers):
    plain, joined = tmp_path / "plain", tmp_path / "joined"
    with small_chunks(400):
        build(plain, lines(9), workers=workers)
        monkeypatch.setattr(transaction, "MOST_NAME_PARTS", 8)
        build(joined, lines(9), workers=workers)

    before, after = (open_lake(lake).table("aliases") for lake in (plain, joined))
    assert (len(before.parts), len(after.parts)) == (9, 1)
    assert len(open_lake(joined).table("records").parts) == 9
    assert (after.content_root, after.rows) == (before.content_root, before.rows)
    names = [row["alias_value"] for row in rows(joined, "aliases")]
    assert names == sorted(row["alias_value"] for row in rows(plain, "aliases"))
    assert [name for name in files(joined) if "/aliases/" in name] == [after.parts[0].path]
    assert findings(joined) == []


def test_two_workers_find_what_the_lake_holds(tmp_path):
    with small_chunks(1000):
        build(tmp_path, lines(5))
        result = build(tmp_path, lines(9), workers=2, now=LATER)

    assert counts(result) == (9, 4, 5, 0)
    assert findings(tmp_path) == []


def test_a_different_order_of_the_input_has_the_same_content(tmp_path):
    shuffled = b"".join(reversed(lines(9).splitlines(keepends=True)))
    build(tmp_path / "one", lines(9))
    with small_chunks(1000):
        build(tmp_path / "two", shuffled)

    assert content_roots(tmp_path / "one") == content_roots(tmp_path / "two")


def test_another_instant_or_another_key_is_another_lake(tmp_path):
    build(tmp_path / "one", lines(2))
    build(tmp_path / "two", lines(2), now=NOW + timedelta(microseconds=1))
    build(tmp_path / "three", lines(2), signer=OTHER_SIGNER)

    roots = [content_roots(tmp_path / name) for name in ("one", "two", "three")]
    assert len({root["records"] for root in roots}) == 3
    assert (
        len(
            {
                tuple(row["pith_number"] for row in rows(tmp_path / name, "records"))
                for name in ("one", "two", "three")
            }
        )
        == 1
    )


def test_a_new_key_is_listed_beside_the_old(tmp_path):
    build(tmp_path, lines(2))
    build(tmp_path, lines(3), signer=OTHER_SIGNER, now=LATER)

    assert [row["key_id"] for row in rows(tmp_path, "keys")] == ["ours-2026-11", "theirs-2026-11"]
    assert findings(tmp_path) == []
    assert audit(tmp_path, [SIGNER.public_key]).findings
    assert json.loads(rows(tmp_path, "keys")[0]["document"]) == SIGNER.public_key.to_json_object()


def test_several_files_are_read_in_order_and_named(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(lines(2).rstrip())
    (tmp_path / "b.gz").write_bytes(gzip.compress(b"no JSON\n" + lines(3)))

    result = build(tmp_path / "lake", tmp_path / "a.jsonl", tmp_path / "b.gz", workers=1)

    assert counts(result) == (6, 3, 2, 1)
    built = rows(tmp_path / "lake", "builds")[0]
    assert built["sources"] == ["a.jsonl", "b.gz"]
    inputs = json.loads(built["run_facts"])["inputs"]
    assert [
        (
            one["name"],
            one["facets"]["version"]["datasetVersion"],
            one["inputFacets"]["inputStatistics"]["size"],
        )
        for one in inputs
    ] == [
        (file.name, f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}", file.stat().st_size)
        for file in (tmp_path / "a.jsonl", tmp_path / "b.gz")
    ]
    assert {
        (row["source_name"], row["source_line"]) for row in rows(tmp_path / "lake", "records")
    } == {
        ("a.jsonl", 1),
        ("a.jsonl", 2),
        ("b.gz", 4),
    }
    reject = rows(tmp_path / "lake", "rejects")[0]
    assert (reject["source_name"], reject["source_line"]) == ("b.gz", 1)


def test_rejects_are_kept_whole_with_line_number_and_reason(tmp_path):
    bad = [b"\xff\x00no JSON", b'{"id": 7}', b"[]", line(id="x"), line(title=" ")]
    build(tmp_path, lines(1) + b"\n".join(bad))

    kept = rows(tmp_path, "rejects")
    assert [row["source_line"] for row in kept] == [2, 3, 4, 5, 6]
    assert [row["raw"] for row in kept] == bad
    assert [row["reason"] for row in kept] == [
        "not_json",
        "missing_field",
        "not_an_object",
        "bad_id",
        "empty_text",
    ]
    assert all(row["message"] for row in kept)
    assert [row["raw_sha256"] for row in kept] == [hashlib.sha256(raw).hexdigest() for raw in bad]


def test_the_same_rejects_are_not_stored_twice_but_new_ones_are(tmp_path):
    build(tmp_path, lines(1) + b"no JSON\n")
    again = build(tmp_path, lines(1) + b"no JSON\nno more\n", now=LATER)

    assert counts(again) == (3, 0, 1, 2)
    assert (again.committed, again.sequence) == (True, 2)
    assert [row["raw"] for row in rows(tmp_path, "rejects")] == [b"no JSON", b"no more"]
    assert [part.rows for part in open_lake(tmp_path).table("rejects").parts] == [1, 1]
    assert findings(tmp_path) == []


LONG = b"".join(
    line(id=f"0704.{number:04d}", title=hashlib.sha512(b"%d" % number).hexdigest() * 9) + b"\n"
    for number in range(1, 200)
)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_sound_of_a_truncated_file_is_committed(tmp_path, monkeypatch, workers):
    (tmp_path / "cut.gz").write_bytes(gzip.compress(LONG)[:-2000])
    monkeypatch.setattr(module, "READ_BYTES", 4096)

    with small_chunks(50_000), pytest.raises(SourceError) as caught:
        build(tmp_path / "lake", tmp_path / "cut.gz", SAMPLE, workers=workers)

    assert "cut.gz is a truncated gzip file" in str(caught.value)
    minted = len(rows(tmp_path / "lake", "records"))
    assert 150 < minted < 199
    assert f"(before it: {minted} seen, {minted} minted, 0 unchanged" in str(caught.value)
    built = rows(tmp_path / "lake", "builds")[0]
    assert "truncated gzip file" in built["outcome"]
    assert (built["seen"], built["minted"]) == (minted, minted)
    assert json.loads(built["run_facts"])["eventType"] == "FAIL"
    assert findings(tmp_path / "lake") == []


@pytest.mark.parametrize("chunk_bytes", [2000, 6000, 1 << 20])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_of_the_wrong_form_commits_what_precedes_it(tmp_path, chunk_bytes, workers):
    (tmp_path / "good").write_bytes(lines(9))
    (tmp_path / "bad").write_bytes(b"id,title\n")

    with (
        small_chunks(chunk_bytes),
        pytest.raises(SourceError, match=r"bad is not a bulk .* 9 minted"),
    ):
        build(tmp_path / "lake", tmp_path / "good", tmp_path / "bad", workers=workers)

    assert len(rows(tmp_path / "lake", "records")) == 9


def test_of_a_file_that_is_replaced_meanwhile_only_what_was_read_is_committed(tmp_path):
    source, other = tmp_path / "source", tmp_path / "other"
    source.write_bytes(lines(30))
    other.write_bytes(lines(30, first=100))

    def replaced(_seen):
        if other.exists():
            other.replace(source)

    target = Target(lake=tmp_path / "lake", registry=REGISTRY, signer=SIGNER, now=NOW)
    wanted = "source changed while it was read; give it again, whole"
    with small_chunks(len(lines(9))), pytest.raises(SourceError, match=wanted):
        run_build(target, [source], io.BytesIO(), replaced)

    minted = [row["source_line"] for row in rows(tmp_path / "lake", "records")]
    assert 0 < len(minted) < 30
    assert sorted(minted) == [*range(1, len(minted) + 1)]
    assert wanted in rows(tmp_path / "lake", "builds")[0]["outcome"]
    assert findings(tmp_path / "lake") == []


def test_a_file_of_the_wrong_form_alone_leaves_no_lake(tmp_path):
    with pytest.raises(SourceError, match="nothing of it was taken"):
        build(tmp_path / "lake", b"<html>")

    assert list(files(tmp_path / "lake")) == [".lock"]


def test_a_commit_stands_though_what_follows_it_fails(tmp_path):
    (tmp_path / "pith.sql").mkdir()

    with pytest.raises(StorageError, match=r"pith\.sql"):
        build(tmp_path, lines(3))

    named = [part.path for t in open_lake(tmp_path).manifest.tables.values() for part in t.parts]
    assert len(named) == 7
    assert all((tmp_path / path).exists() for path in named)
    (tmp_path / "pith.sql").rmdir()
    assert build(tmp_path, lines(4), now=LATER).minted == 1
    assert findings(tmp_path) == []


def test_a_lake_whose_current_was_moved_back_is_not_written_on(harmed):
    (harmed / "CURRENT").write_text("manifests/00000001.json\n")
    before = untouched(harmed)

    with pytest.raises(VerificationError, match=r"CURRENT names: .*00000002.json"):
        build(harmed, lines(1, first=50), now=LATER)

    assert untouched(harmed) == before


def test_a_lake_whose_current_is_lost_is_not_begun_again(harmed):
    (harmed / "CURRENT").unlink()
    before = untouched(harmed)

    with pytest.raises(VerificationError, match="CURRENT"):
        build(harmed, lines(1, first=50), now=LATER)

    assert untouched(harmed) == before


@pytest.mark.parametrize("table", ["records", "keys", "rejects"])
@pytest.mark.parametrize("harm", [cut, Path.unlink], ids=["cut", "missing"])
def test_on_a_damaged_part_nothing_is_built(harmed, table, harm):
    harm(part_of(harmed, table))
    before = untouched(harmed)

    with pytest.raises(VerificationError, match=r"tables/.*run `pith audit`"):
        build(harmed, AWKWARD + lines(1, first=50) + b"no more", now=LATER)

    assert untouched(harmed) == before


def test_a_killed_build_leaves_no_trace_in_the_next(tmp_path):
    def die(seen):
        if seen > 5:
            raise KeyboardInterrupt

    with small_chunks(1000), pytest.raises(KeyboardInterrupt):
        _build_with_progress(tmp_path / "killed", lines(9), die)
    build(tmp_path / "killed", lines(9))
    build(tmp_path / "whole", lines(9))

    assert content_roots(tmp_path / "killed") == content_roots(tmp_path / "whole")
    assert findings(tmp_path / "killed") == []


def _build_with_progress(lake, data, progress):
    target = Target(lake=lake, registry=REGISTRY, signer=SIGNER, now=NOW)
    return run_build(target, [Path("-")], io.BytesIO(data), progress)


def test_progress_is_told_how_many_papers_were_seen(tmp_path):
    told = []
    with small_chunks(1000):
        _build_with_progress(tmp_path / "lake", lines(9) + b"no JSON\n", told.append)

    assert told == sorted(told)
    assert told[-1] == 10
    assert len(told) > 3


def test_manifests_form_a_chain(lake_of_two):
    first, second = (read_manifest(lake_of_two, number) for number in (1, 2))

    assert first.previous is None
    assert second.previous == first.manifest_sha256
