import json
from itertools import islice
from statistics import mean

import pytest
import zstandard

from pith_builder.sources.snapshot import read_line
from tests.bench.months import months
from tests.bench.papers import paper_lines, write_changes, write_papers
from tests.bench.shapes import Shape, read_shapes, real_papers
from tests.makers import SHARED, needs_shared

PAPERS = 2_360  # each shape twice

REAL_MEAN_BYTES = 1_597
"""Of the lines of the real snapshot files, written compactly."""

REAL_PACKED_SHARE = 0.353
"""Of the bytes of the real abstracts, one to a line, what `zstd -3` leaves."""


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Papers of the generator."""
    path = tmp_path_factory.mktemp("papers") / "papers.jsonl"
    write_papers(path, PAPERS)
    return path


@pytest.fixture(scope="module")
def papers(source):
    return list(real_papers([source]).values())


def test_the_same_seed_gives_the_same_bytes(source, tmp_path):
    write_papers(tmp_path / "same.jsonl", PAPERS)
    write_papers(tmp_path / "other.jsonl", PAPERS, seed=2)

    assert (tmp_path / "same.jsonl").read_bytes() == source.read_bytes()
    assert (tmp_path / "other.jsonl").read_bytes() != source.read_bytes()


def test_lines_are_as_long_as_real_ones(source):
    assert source.stat().st_size / PAPERS == pytest.approx(REAL_MEAN_BYTES, rel=0.02)


def test_every_line_makes_a_paper(source):
    read = [read_line(line) for line in source.read_bytes().splitlines()]

    assert len({paper.arxiv_id for paper in read}) == PAPERS
    assert [paper.submitted_at.year for paper in read] == sorted(
        paper.submitted_at.year for paper in read
    )
    assert (read[0].submitted_at.year, read[-1].submitted_at.year) == (1992, 2026)


@pytest.mark.parametrize(
    ("field", "within"),
    [("title", 0.02), ("abstract", 0.02), ("authors", 0.05), ("comments", 0.03), ("doi", 0.05)],
)
def test_fields_are_as_long_as_real_ones(papers, field, within):
    made = [getattr(Shape.of(paper), field) for paper in papers]
    real = [getattr(shape, field) for shape in read_shapes()]

    assert mean(made) == pytest.approx(mean(real), rel=within)
    assert made.count(0) == 2 * real.count(0)


@pytest.mark.parametrize("field", ["categories", "license", "versions", "authors_count"])
def test_codes_and_counts_are_spread_as_in_real_papers(papers, field):
    made = sorted(getattr(Shape.of(paper), field) for paper in papers)
    real = sorted(max(getattr(shape, field), type(made[0])()) for shape in read_shapes() * 2)

    assert made == real


def test_abstracts_pack_as_real_ones(papers):
    text = "\n".join(paper["abstract"] for paper in papers[: PAPERS // 2]).encode()

    assert len(zstandard.compress(text, 3)) / len(text) == pytest.approx(
        REAL_PACKED_SHARE, rel=0.05
    )


def test_some_abstracts_have_tex_and_some_names_accents(papers):
    assert 0.1 < mean("$" in paper["abstract"] for paper in papers) < 0.4
    assert 0.01 < mean(not str(paper["authors_parsed"]).isascii() for paper in papers) < 0.1


@pytest.mark.parametrize("count", [1, 1_000, 3_000_000])
def test_months_hold_all_papers(count):
    assert sum(month.papers for month in months(count)) == count


def test_more_papers_than_identifiers_are_refused():
    with pytest.raises(ValueError, match="identifiers are for"):
        months(10**9)


def test_identifiers_stay_distinct_where_an_archive_is_full():
    old = next(month for month in months(3_000_000) if month.year == 2006)
    ids = old.arxiv_ids(["astro-ph"] * old.papers)

    assert old.papers > 999
    assert len(set(ids)) == old.papers


def test_a_night_changes_half_and_adds_half(source, tmp_path):
    write_changes(tmp_path / "night.jsonl", source, 100)
    before = {read_line(line).arxiv_id: line for line in source.read_bytes().splitlines()}
    after = [read_line(line) for line in (tmp_path / "night.jsonl").read_bytes().splitlines()]
    revised = [paper for paper in after if paper.arxiv_id in before]

    assert len({paper.arxiv_id for paper in after}) == 100
    assert len(revised) == 50
    assert all(paper.version == read_line(before[paper.arxiv_id]).version + 1 for paper in revised)


def test_papers_are_made_as_they_are_read():
    assert len(list(islice(paper_lines(months(3_000_000), 1), 3))) == 3


@needs_shared
def test_the_table_of_shapes_is_measured_from_the_real_snapshot():
    files = sorted((SHARED / "arxiv" / "snapshot").glob("*.jsonl"))
    real = real_papers(files)
    lines = [
        json.dumps(paper, ensure_ascii=False, separators=(",", ":")) for paper in real.values()
    ]
    text = "\n".join(paper["abstract"] for paper in real.values()).encode()

    assert sorted(map(Shape.of, real.values())) == read_shapes()
    assert mean(len(line.encode()) + 1 for line in lines) == pytest.approx(
        REAL_MEAN_BYTES, rel=0.01
    )
    assert len(zstandard.compress(text, 3)) / len(text) == pytest.approx(
        REAL_PACKED_SHARE, rel=0.01
    )
