import json
import shutil
from dataclasses import replace

import duckdb
import polars as pl
import pytest

from pith_builder.disk import Disk
from pith_builder.errors import UsageError, VerificationError
from pith_builder.lake import selecting
from pith_builder.lake.history import lake_as_of
from pith_builder.lake.minted_parts import families
from pith_builder.lake.store import open_lake
from pith_builder.lake.tables import TABLES
from pith_builder.operations.audit import audit
from pith_builder.operations.audit_parts import PartCheck
from pith_builder.operations.compaction import compact
from pith_builder.operations.export_parquet import Dump, export_parquet
from pith_builder.operations.listing import Selection
from pith_builder.operations.transaction import Target
from tests.graphs import EARLIER, TRUSTED, imported_into, merged_into, theirs, written
from tests.lakes import (
    CONTENT,
    LATER,
    build,
    content_roots,
    copied,
    files,
    flip,
    lines,
    part_of,
    rows,
)
from tests.makers import (
    KEYRING,
    NOW,
    OTHER_SIGNER,
    REGISTRY,
    SIGNER,
    TrustedKeys,
    mint_one,
    paper,
)


def exported(source, folder, *, as_of=None, since=None, selection=None, **changes):
    """Export a dump, as `pith export parquet` does."""
    target = {"lake": folder, "registry": REGISTRY, "signer": SIGNER, "now": LATER, **changes}
    return export_parquet(
        Dump(
            source=open_lake(source) if as_of is None else lake_as_of(source, as_of),
            target=Target(**target),
            selection=selection or Selection(),
            earlier=None if since is None else lake_as_of(source, since).manifest,
        )
    )


def numbers(lake, table="records"):
    return {row["pith_number"] for row in rows(lake, table)}


def findings(lake):
    return audit(lake, TRUSTED).findings


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """A lake of three commits: the second changes a record, the third adds some."""
    folder = tmp_path_factory.mktemp("grown")
    lake = folder / "lake"
    imported_into(lake, written(folder / "theirs.jsonl", theirs()), now=EARLIER)
    build(lake, lines(3), now=NOW)
    ours = json.loads(mint_one(paper()).bundle.document)
    merged_into(lake, written(folder / "ours.jsonl", ours))
    build(lake, lines(5), now=LATER)
    return lake


def test_a_dump_of_a_whole_lake_has_its_content_roots_and_holds(lake_of_two, tmp_path):
    done = exported(lake_of_two, tmp_path / "dump", workers=2)

    assert (done.records, done.files) == (5, 7)
    assert content_roots(tmp_path / "dump") == content_roots(lake_of_two)
    assert open_lake(tmp_path / "dump").manifest.manifest_sha256 == done.manifest_sha256
    assert findings(tmp_path / "dump") == []


def test_the_same_export_gives_the_same_bytes_by_any_number_of_workers(lake_of_two, tmp_path):
    for workers in (1, 3):
        exported(lake_of_two, tmp_path / str(workers), workers=workers)

    one, three = (files(tmp_path / name) for name in ("1", "3"))
    assert one.keys() == three.keys()
    assert {name for name in one if one[name] != three[name]} <= {".lock"}


def test_what_was_done_to_gather_the_records_stays_home(lake_of_two, tmp_path):
    exported(lake_of_two, tmp_path / "dump")
    [run] = rows(tmp_path / "dump", "builds")
    facts = json.loads(run["run_facts"])

    for name in ("windows", "sightings", "rejects"):
        assert rows(tmp_path / "dump", name) == []
    assert (run["operation"], run["seen"], run["minted"], run["rejected"]) == ("export", 5, 5, 0)
    assert (run["minted_without_license"], run["minted_withdrawn"]) == (4, 1)
    [source] = facts["inputs"]
    live = open_lake(lake_of_two).manifest
    assert source["facets"]["version"]["datasetVersion"] == (f"sha256:{live.manifest_sha256}")
    for name in CONTENT:
        assert {row["build_id"] for row in rows(tmp_path / "dump", name)} == {run["build_id"]}


def test_records_of_several_mints_are_audited_by_minting_them_again(
    lake_of_two, tmp_path, monkeypatch
):
    exported(lake_of_two, tmp_path / "dump")
    assert len({row["signed_at"] for row in rows(tmp_path / "dump", "records")}) == 2
    examined = []
    examine = PartCheck.examine

    def noted(check, found):
        examined.append(check.table.name)
        examine(check, found)

    monkeypatch.setattr(PartCheck, "examine", noted)
    assert findings(tmp_path / "dump") == []
    assert not {"records", "events", "states", "bundles"} & {*examined}


def test_strangers_read_it_by_plain_paths(lake_of_two, tmp_path):
    exported(lake_of_two, tmp_path / "dump")
    place = f"{tmp_path}/dump/tables/records/*.parquet"

    by_polars = pl.scan_parquet(place).select("pith_number").collect()["pith_number"]
    by_duckdb = duckdb.read_parquet(place).project("pith_number").fetchall()

    assert by_polars.to_list() == sorted(numbers(lake_of_two))
    assert [number for (number,) in by_duckdb] == by_polars.to_list()


def test_its_readme_tells_of_every_column_and_key(lake_of_two, tmp_path):
    done = exported(lake_of_two, tmp_path / "dump")
    text = (tmp_path / "dump" / "README.md").read_text()

    for name in (*CONTENT, "keys", "builds"):
        for column in TABLES[name].all_columns():
            assert f"| `{column.name}` | {column.kind.value} | {column.about} |" in text
    assert open_lake(lake_of_two).manifest.manifest_sha256 in text
    assert SIGNER.public_key.fingerprint in text
    [key] = (tmp_path / "dump" / "keys").iterdir()
    assert json.loads(key.read_bytes()) == SIGNER.public_key.to_json_object()
    assert done.manifest_sha256 not in text  # which is signed after it was written
    assert not (tmp_path / "dump" / "pith.sql").exists()


@pytest.mark.parametrize("papers", [2, 3])
def test_parts_of_a_stretch_hold_the_same_papers(grown, tmp_path, monkeypatch, papers):
    monkeypatch.setattr(selecting, "PAPERS_A_PART", papers)
    exported(grown, tmp_path / "dump")
    held = open_lake(tmp_path / "dump").manifest.tables
    stretches = -(-len(numbers(grown)) // papers)

    for name in CONTENT:
        assert len(held[name].parts) == stretches
    minted = families({name: held[name].parts for name in CONTENT})
    assert len(minted) >= stretches - 1  # but the stretch with four events of one record
    keys = [(part.first_key, part.last_key) for part in held["bundles"].parts]
    assert keys == sorted(keys)
    assert content_roots(tmp_path / "dump") == content_roots(grown)
    assert findings(tmp_path / "dump") == []


def test_a_category_is_exported_with_all_that_is_said_of_it(lake_of_two, tmp_path):
    exported(lake_of_two, tmp_path / "dump", selection=Selection("math.GT"))

    wanted = {
        row["pith_number"] for row in rows(lake_of_two, "records") if "math.GT" in row["categories"]
    }
    assert len(wanted) == 1
    for name in CONTENT:
        assert numbers(tmp_path / "dump", name) == wanted
    assert findings(tmp_path / "dump") == []
    assert "category math.GT" in (tmp_path / "dump" / "README.md").read_text()


def test_records_are_exported_by_name_and_as_they_were(grown, tmp_path):
    first = sorted(numbers(grown))[:2]
    exported(grown, tmp_path / "named", selection=Selection(None, frozenset(first)))
    exported(grown, tmp_path / "old", as_of=2)

    assert numbers(tmp_path / "named") == {*first}
    assert content_roots(tmp_path / "old") == {
        name: lake_as_of(grown, 2).table(name).content_root for name in CONTENT
    }
    assert findings(tmp_path / "named") == findings(tmp_path / "old") == []


@pytest.mark.parametrize("since", [1, 2])
def test_a_diff_brings_the_earlier_dump_to_the_later_one(grown, tmp_path, since):
    exported(grown, tmp_path / "earlier", as_of=since)
    done = exported(grown, tmp_path / "diff", since=since)

    assert done.records == {1: 6, 2: 3}[since]
    assert findings(tmp_path / "diff") == []
    taken = imported_into(tmp_path / "earlier", tmp_path / "diff", now=LATER)
    assert taken.refused == 0
    assert content_roots(tmp_path / "earlier") == content_roots(grown)
    assert findings(tmp_path / "earlier") == []
    assert not imported_into(tmp_path / "earlier", tmp_path / "diff").result.committed
    [_, run] = rows(tmp_path / "earlier", "builds")
    [source] = json.loads(run["run_facts"])["inputs"]
    assert source["facets"]["version"]["datasetVersion"] == f"sha256:{done.manifest_sha256}"


def test_a_diff_does_not_tell_of_what_was_only_joined(grown, tmp_path):
    lake = copied(grown, tmp_path)
    before = open_lake(lake).manifest
    for number in range(4):
        build(lake, lines(1, first=50 + number), now=LATER)
    joined = compact(Target(lake=lake, registry=REGISTRY, signer=SIGNER, now=LATER))

    assert joined.joined > 0
    assert exported(lake, tmp_path / "diff", since=before.sequence).records == 4
    assert exported(lake, tmp_path / "none", since=joined.sequence).records == 0
    assert not (tmp_path / "none").exists()


def test_what_a_lake_knows_besides_stays_when_a_dump_is_imported(grown, tmp_path):
    lake = tmp_path / "mine"
    ours = json.loads(mint_one(paper(), signer=SIGNER, now=NOW).bundle.document)
    build(lake, lines(1, first=70))
    merged_into(lake, written(tmp_path / "ours.jsonl", ours))
    exported(grown, tmp_path / "old", as_of=1)

    taken = imported_into(lake, tmp_path / "old", now=LATER)

    assert (taken.new, taken.changed, taken.result.minted) == (2, 1, 0)
    assert findings(lake) == []
    held = {row["pith_number"]: row["event_count"] for row in rows(lake, "states")}
    assert held[ours["pith_number"]] == 4


@pytest.mark.parametrize("table", ["bundles", "aliases"])
def test_a_damaged_part_is_not_exported(lake_of_two, tmp_path, table):
    lake = copied(lake_of_two, tmp_path)
    flip(part_of(lake, table))

    with pytest.raises(VerificationError):
        exported(lake, tmp_path / "dump")

    assert not (tmp_path / "dump" / "CURRENT").exists()


def test_rows_that_are_not_those_of_the_manifest_are_not_exported(lake_of_two, tmp_path):
    source = open_lake(lake_of_two)
    wrong = replace(source.manifest.tables["events"], content_root="0" * 64)
    manifest = replace(source.manifest, tables={**source.manifest.tables, "events": wrong})
    target = Target(lake=tmp_path / "dump", registry=REGISTRY, signer=SIGNER, now=NOW)

    with pytest.raises(VerificationError, match="content root"):
        export_parquet(
            Dump(source=replace(source, manifest=manifest), target=target, selection=Selection())
        )

    assert not (tmp_path / "dump" / "CURRENT").exists()


class _Failing(Disk):
    """A disk that takes so many files, and no more."""

    def __init__(self, files):
        self._left = files

    def replace(self, partial, final):
        self._left -= 1
        if self._left < 0:
            raise OSError(28, "No space left on device")
        super().replace(partial, final)


@pytest.mark.parametrize("taken", [2, 9])
def test_an_export_that_failed_is_no_dump_and_is_not_written_over(lake_of_two, tmp_path, taken):
    folder = tmp_path / "dump"
    with pytest.raises(Exception, match="No space left"):
        exported(lake_of_two, folder, disk=_Failing(taken))

    assert not (folder / "CURRENT").exists()
    if any(entry.name != ".lock" for entry in folder.iterdir()):
        with pytest.raises(UsageError, match="holds something"):
            exported(lake_of_two, folder)
    shutil.rmtree(folder)
    exported(lake_of_two, folder)
    assert findings(folder) == []


def test_a_folder_that_holds_something_is_left_alone(lake_of_two, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    (tmp_path / "data" / "keys").mkdir(parents=True)
    (tmp_path / "data" / "keys" / "signing-key.json").touch()
    (tmp_path / "file").touch()
    exported(lake_of_two, tmp_path / "dump")
    before = files(tmp_path)

    for name, said in (
        ("mine", "holds something, such as 'thesis.tex'"),
        ("data", "holds something, such as 'keys'"),
        ("file", "is no folder"),
        ("dump", "is a lake or a dump already"),
    ):
        with pytest.raises(UsageError, match=said):
            exported(lake_of_two, tmp_path / name)
    assert files(tmp_path) == before


def test_a_dump_that_was_touched_or_that_nobody_trusted_signed_is_not_imported(
    lake_of_two, tmp_path
):
    exported(lake_of_two, tmp_path / "theirs", signer=OTHER_SIGNER)
    exported(lake_of_two, tmp_path / "touched")
    flip(part_of(tmp_path / "touched", "records"))

    with pytest.raises(VerificationError, match="touched does not hold"):
        imported_into(tmp_path / "lake", tmp_path / "touched")
    imported_into(tmp_path / "lake", tmp_path / "theirs")
    alone = audit(tmp_path / "theirs", TrustedKeys([SIGNER.public_key])).findings
    assert {finding.code for finding in alone} == {"unknown_key"}
    assert content_roots(tmp_path / "lake") == content_roots(lake_of_two)
    assert audit(tmp_path / "lake", KEYRING).findings == []
