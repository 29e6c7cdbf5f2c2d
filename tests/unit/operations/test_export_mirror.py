import gzip
import json
import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest

from pith_builder.core.canonical import canonical_json
from pith_builder.core.metadata import METADATA
from pith_builder.core.mirror import KEY_PATH, MIRRORS_PATH, MirrorFile
from pith_builder.core.schemas import schema_documents
from pith_builder.core.verification import verify_bytes
from pith_builder.errors import LakeBusyError, UsageError, VerificationError
from pith_builder.lake.lock import lake_lock
from pith_builder.lake.store import open_lake
from pith_builder.operations import listing
from pith_builder.operations.export_mirror import Export, export_mirror, numbers_named
from pith_builder.operations.listing import Selection
from pith_builder.pages.render import ASSETS
from tests.lakes import (
    AWKWARD,
    LATER,
    THIRD_PAPER_AGAIN,
    build,
    files,
    flip,
    line,
    part_of,
    rows,
    untouched,
)
from tests.makers import KEYRING, REGISTRY, SIGNER

SITE = {
    KEY_PATH,
    MIRRORS_PATH,
    "index.html",
    *schema_documents(""),
    *(f"assets/{name}" for name in ASSETS),
}


def export(lake, folder, *, workers=1, progress=lambda _: None, **options):
    opened = open_lake(lake)
    if "ids" in options:
        options["selection"] = Selection(numbers=numbers_named(opened, options.pop("ids")))
    wanted = {"lake": opened, "folder": folder, "registry": REGISTRY, "selection": Selection()}
    return export_mirror(Export(**{**wanted, **options}), workers, progress)


def tally(exported):
    counts = exported.counts
    return exported.records, counts.written, counts.unchanged, counts.removed


def tree(folder):
    return {name: data for name, data in files(folder).items() if name != ".lock"}


def suffixes(lake, category=None):
    return {
        row["pith_number"][10:]
        for row in rows(lake, "records")
        if category is None or category in row["categories"]
    }


def paths(of, months):
    records = {file.path(suffix) for suffix in of for file in MirrorFile}
    return records | SITE | {f"browse/{month}.html" for month in months}


@pytest.fixture(scope="module")
def mirror(lake_of_two, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mirror") / "public"
    export(lake_of_two, folder)
    return folder


def test_the_tree_is_that_of_the_format_and_no_more(lake_of_two, mirror):
    assert set(tree(mirror)) == paths(suffixes(lake_of_two), ["2007-04"])


def test_every_document_in_it_is_verified(lake_of_two, mirror):
    for suffix in suffixes(lake_of_two):
        for file in (MirrorFile.RECORD, MirrorFile.BUNDLE, MirrorFile.STATE):
            report = verify_bytes((mirror / file.path(suffix)).read_bytes(), KEYRING)
            assert (report.verified()[10:], report.failures) == (suffix, ())
        bundle = (mirror / MirrorFile.BUNDLE.path(suffix)).read_bytes()
        assert (mirror / MirrorFile.WELL_KNOWN_BUNDLE.path(suffix)).read_bytes() == bundle


def test_the_raw_metadata_of_a_row_can_be_told_from_its_mirror(lake_of_two, mirror):
    for row in rows(lake_of_two, "records"):
        path = mirror / MirrorFile.METADATA.path(row["pith_number"][10:])
        said = json.loads(path.read_bytes())
        assert canonical_json(said) == path.read_bytes()
        assert set(said) == set(METADATA.fields)
        for name in set(said) - {"version_submitted_at", "updated_on"}:
            assert said[name] == row[name]


class Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, _tag, attrs):
        self.found += [value for name, value in attrs if name in {"href", "src"}]


def test_every_link_within_the_mirror_leads_somewhere(mirror):
    names = set(tree(mirror))
    pages = [name for name in names if name.endswith(".html")]
    assert len(pages) == 7
    for page in pages:
        for link in Links((mirror / page).read_text()).found:
            place = urlsplit(urljoin(f"http://here/{page}", link))
            if place.netloc == "here":
                assert place.path[1:] in names, (page, link)


def test_another_export_changes_nothing(lake_of_two, mirror):
    before = untouched(mirror)

    assert tally(export(lake_of_two, mirror)) == (5, 0, len(before), 0)
    assert untouched(mirror) == before


def test_the_number_of_workers_changes_no_byte(lake_of_two, mirror, tmp_path):
    seen = []
    export(lake_of_two, tmp_path / "public", workers=2, progress=seen.append)

    assert tree(tmp_path / "public") == tree(mirror)
    assert seen == [4, 5]


def test_after_a_commit_only_what_changed_is_written(tmp_path):
    lake, folder = tmp_path / "lake", tmp_path / "public"
    build(lake, AWKWARD)
    export(lake, folder)
    before = untouched(folder)
    build(lake, THIRD_PAPER_AGAIN, now=LATER)
    records, written, unchanged, removed = tally(export(lake, folder))
    after = untouched(folder)

    new = {path for path in after if path not in before}
    rewritten = {path for path in before if after[path] != before[path]}
    assert len(new) == len(MirrorFile)
    assert {str(path.relative_to(folder)) for path in rewritten} == {
        "index.html",
        "browse/2007-04.html",
        MIRRORS_PATH,
    }
    assert (records, written, removed) == (5, len(new) + len(rewritten), 0)
    assert unchanged == len(before) - len(rewritten)


def test_a_category_is_exported_alone_and_what_is_not_of_it_removed(lake_of_two, mirror, tmp_path):
    folder = tmp_path / "public"
    export(lake_of_two, folder)
    wanted = suffixes(lake_of_two, "math.GT")
    done = export(lake_of_two, folder, selection=Selection(category="math.GT"))

    assert len(wanted) == 1
    assert set(tree(folder)) == paths(wanted, ["2007-04"])
    assert done.records == 1
    assert done.counts.removed == 4 * len(MirrorFile)
    assert not [path for path in folder.rglob("*") if path.is_dir() and not list(path.iterdir())]
    export(lake_of_two, folder)
    assert tree(folder) == tree(mirror)


def test_named_records_are_exported_alone(lake_of_two, tmp_path):
    [number] = [
        row["pith_number"] for row in rows(lake_of_two, "records") if row["arxiv_id"] == "0704.0002"
    ]
    done = export(lake_of_two, tmp_path, ids=["arXiv:0704.0002", number])

    assert done.records == 1
    assert set(tree(tmp_path)) == paths([number[10:]], ["2007-04"])


@pytest.mark.parametrize(
    ("ref", "said"), [("0704.9999", "no record of this lake"), ("what", "not a name of a record")]
)
def test_a_name_of_no_record_is_told_before_anything_is_written(lake_of_two, tmp_path, ref, said):
    with pytest.raises(UsageError, match=said):
        export(lake_of_two, tmp_path / "public", ids=[ref])
    assert not (tmp_path / "public").exists()


def test_compressed_files_go_beside_all_files(lake_of_two, mirror, tmp_path):
    export(lake_of_two, tmp_path, with_gzip=True)
    found = tree(tmp_path)

    assert {name for name in found if not name.endswith(".gz")} == set(tree(mirror))
    for name, data in tree(mirror).items():
        assert gzip.decompress(found[name + ".gz"]) == data


def test_months_of_many_records_have_several_pages(tmp_path, monkeypatch):
    monkeypatch.setattr(listing, "RECORDS_ON_A_PAGE", 2)
    build(tmp_path / "lake", AWKWARD)
    export(tmp_path / "lake", tmp_path / "public")
    pages = {
        name: re.findall(r"arXiv:(\S+)v\d", (tmp_path / "public" / "browse" / name).read_text())
        for name in ("2007-04.html", "2007-04-2.html")
    }

    assert [len(set(of)) for of in pages.values()] == [2, 2]
    assert len({name for of in pages.values() for name in of}) == 4
    index = (tmp_path / "public" / "index.html").read_text()
    assert 'href="browse/2007-04.html"' in index


def test_text_of_a_paper_becomes_neither_markup_nor_a_path(tmp_path):
    evil = "../../<script>alert(1)</script>"
    build(tmp_path / "lake", line(title=evil, authors=evil, comments=evil, doi=evil) + b"\n")
    export(tmp_path / "lake", tmp_path / "out" / "public")

    assert {path.name for path in (tmp_path / "out").iterdir()} == {"public"}
    for name, data in tree(tmp_path / "out" / "public").items():
        assert "script" not in name
        if name.endswith(".html"):
            assert data.count(b"<script") == 1
    assert evil.encode() not in (tmp_path / "out" / "public" / "index.html").read_bytes()


def test_a_folder_of_something_else_is_refused_and_left_alone(lake_of_two, tmp_path):
    (tmp_path / "thesis.tex").write_text("x")

    with pytest.raises(UsageError, match="something else than a mirror"):
        export(lake_of_two, tmp_path)
    assert files(tmp_path) == {"thesis.tex": b"x"}


def test_one_export_at_a_time_writes_to_a_folder(lake_of_two, tmp_path):
    with lake_lock(tmp_path), pytest.raises(LakeBusyError, match="is writing to"):
        export(lake_of_two, tmp_path)


def test_a_damaged_lake_is_told_and_no_index_is_written(harmed, tmp_path):
    flip(part_of(harmed, "bundles"))

    with pytest.raises(VerificationError, match="pith audit"):
        export(harmed, tmp_path / "public")
    assert not (tmp_path / "public" / "index.html").exists()


def test_an_interrupted_export_is_finished_by_the_next(lake_of_two, mirror, tmp_path):
    class StoppedError(Exception):
        pass

    def stop(_records):
        raise StoppedError

    with pytest.raises(StoppedError):
        export(lake_of_two, tmp_path, progress=stop)
    assert not (tmp_path / "index.html").exists()
    export(lake_of_two, tmp_path)
    assert tree(tmp_path) == tree(mirror)


def test_the_key_is_the_lake_s(mirror):
    assert json.loads((mirror / KEY_PATH).read_bytes()) == SIGNER.public_key.to_json_object()


def test_an_empty_selection_has_an_index_that_says_so(lake_of_two, tmp_path):
    done = export(lake_of_two, tmp_path, selection=Selection(category="q-bio.NC"))

    assert done.records == 0
    assert set(tree(tmp_path)) == SITE
    assert "<strong>0</strong> records" in (tmp_path / "index.html").read_text()
