from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.errors import SourceError
from pith_builder.operations.chunks import (
    CHUNK_BYTES,
    LARGEST_CHUNK_BYTES,
    LARGEST_HELD_BYTES,
    SnapshotChunk,
    snapshot_chunks,
)
from pith_builder.sources.lines import Block, PlacedBlock, Stamp
from tests.lakes import line
from tests.makers import law

some_lines = st.lists(st.sampled_from([b"a", b"bb", b"", b"long" * 9, b"\xff"]), max_size=40)
files = st.lists(some_lines.map(lambda found: b"".join(part + b"\n" for part in found)), max_size=4)


def read_in_blocks(data, name, cuts):
    """Return a file's whole lines as blocks that end at some of its lines' ends."""
    ends = [place + 1 for place in range(len(data)) if data[place : place + 1] == b"\n"]
    chosen = sorted({*(ends[cut % len(ends)] for cut in cuts if ends), len(data)})
    return [
        Block(name, data[:start].count(b"\n") + 1, data[start:end])
        for start, end in pairwise([0, *chosen])
        if end > start
    ]


def said(chunks):
    """Return, by chunk, the lines of each file with their numbers."""
    return [
        [
            (block.source_name, block.first_line + number, text)
            for block in chunk.blocks
            for number, text in enumerate(block.data.splitlines(keepends=True))
        ]
        for chunk in chunks
    ]


@given(
    files,
    st.integers(1, 40),
    st.lists(st.integers(0, 4_000)),
    st.lists(st.integers(0, 4_000)),
    st.integers(1, 200),
)
@law
def test_chunks_are_cut_by_the_lines_alone_however_they_were_read(
    contents, times, one, two, chunk_bytes
):
    contents = [data * times for data in contents]
    first, second = (
        said(
            snapshot_chunks(
                [
                    block
                    for name, data in enumerate(contents)
                    for block in read_in_blocks(data, str(name), cuts)
                ],
                chunk_bytes,
            )
        )
        for cuts in (one, two)
    )

    assert first == second


def cut_line_by_line(sizes, chunk_bytes, largest):
    """Return how many lines each chunk has, if lines came one by one."""
    counts, before, count, size, full = [], 0, 0, 0, chunk_bytes
    for line_bytes in sizes:
        count, size = count + 1, size + line_bytes
        if size >= full:
            counts.append(count)
            before, count, size = before + size, 0, 0
            full = min(max(chunk_bytes, before // 8), largest)
    last = sizes[sum(counts[:-1]) :]
    smallest = chunk_bytes // 4 if sum(last) >= chunk_bytes else sum(last)
    return counts[:-1] + cut_by_quarters(last, smallest)


def cut_by_quarters(sizes, smallest):
    """Return how many lines each piece has, if each ends with the line that fills it.

    It is full with a quarter of what was left when it was begun, but not before it is so large.
    """
    counts, count, size, left = [], 0, 0, sum(sizes)
    for line_bytes in sizes:
        count, size = count + 1, size + line_bytes
        if size >= max(smallest, left // 4):
            counts.append(count)
            count, size, left = 0, 0, left - size
    return [*counts, count] if count else counts


@given(
    files,
    st.lists(st.integers(0, 99)),
    st.integers(1, 200),
    st.sampled_from([CHUNK_BYTES, 200, 300]),
    st.integers(1, 40),
)
@law
def test_every_line_is_in_one_chunk_and_chunks_grow_with_what_precedes_them(
    contents, cuts, chunk_bytes, largest, times
):
    contents = [data * times for data in contents]
    blocks = [
        block
        for name, data in enumerate(contents)
        for block in read_in_blocks(data, str(name), cuts)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pith_builder.operations.chunks.LARGEST_HELD_BYTES", largest)
        chunks = list(snapshot_chunks(blocks, chunk_bytes))

    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    lines = [
        (str(name), number, text)
        for name, data in enumerate(contents)
        for number, text in enumerate(data.splitlines(keepends=True), 1)
    ]
    assert [text for chunk in said(chunks) for text in chunk] == lines
    sizes = [len(text) for _, _, text in lines]
    assert list(map(len, said(chunks))) == cut_line_by_line(sizes, chunk_bytes, largest)


SOME_LINES = b"123456789\n" * 100


def held(path, count):
    """Return so many blocks of a hundred lines, read already."""
    return [Block(path.name, 1 + 100 * place, SOME_LINES) for place in range(count)]


def placed(path, count):
    """Return so many blocks of a hundred lines of a file."""
    path.write_bytes(SOME_LINES * count)
    size, stamp = len(SOME_LINES), Stamp.of(path)
    return [
        PlacedBlock(path.name, 1 + 100 * place, path, size * place, size, stamp)
        for place in range(count)
    ]


@pytest.mark.parametrize(
    ("read", "largest"), [(held, "LARGEST_HELD_BYTES"), (placed, "LARGEST_CHUNK_BYTES")]
)
def test_chunks_grow_from_the_smallest_to_the_largest(monkeypatch, tmp_path, read, largest):
    monkeypatch.setattr(f"pith_builder.operations.chunks.{largest}", 4_000)
    blocks = read(tmp_path / "a", 200)

    sizes = [
        sum(len(block.data) for block in chunk.blocks) for chunk in snapshot_chunks(blocks, 1_000)
    ]

    assert sizes[:9] == [1_000] * 9
    assert sizes[-12:] == [4_000, 1_760, 1_320, 990, 740, 550, 420, 310, 250, 250, 250, 170]
    assert sizes[:-11] == sorted(sizes[:-11])
    assert max(sizes) == 4_000
    assert sum(sizes) == 200_000
    for place, size in enumerate(sizes):
        assert size <= max(1_000, sum(sizes[:place]) // 8 + 10)


def test_lines_are_in_the_same_chunks_wherever_they_are(tmp_path):
    one, other = (said(snapshot_chunks(read(tmp_path / "a", 20), 1_500)) for read in (held, placed))

    assert one == other


@pytest.mark.parametrize("failure", [SourceError("damaged"), ValueError("other")])
def test_a_failure_comes_after_what_precedes_it(failure):
    def blocks():
        yield Block("a", 1, b"1\n2\n3\n")
        raise failure

    cut = snapshot_chunks(blocks(), 4)

    assert said([next(cut)]) == [[("a", 1, b"1\n")]]
    assert said([next(cut)]) == [[("a", 2, b"2\n")]]
    assert said([next(cut)]) == [[("a", 3, b"3\n")]]
    with pytest.raises(type(failure), match=str(failure)):
        next(cut)


def test_the_last_chunks_are_smaller_and_smaller(tmp_path):
    blocks = held(tmp_path / "a", 7)

    sizes = [
        sum(len(block.data) for block in chunk.blocks) for chunk in snapshot_chunks(blocks, 2_000)
    ]

    assert sizes == [2_000, 2_000, 750, 570, 500, 500, 500, 180]


def test_a_chunk_is_some_megabytes():
    assert 1 << 20 <= CHUNK_BYTES <= LARGEST_HELD_BYTES <= LARGEST_CHUNK_BYTES <= 128 << 20


def test_a_chunk_is_read_line_by_line_with_names_and_numbers():
    chunk = SnapshotChunk(
        0, (Block("a", 7, line() + b"\n\n \r\nno JSON\n"), Block("b", 1, line(id="0704.0002")))
    )

    paper, reject, other = chunk.observations()

    assert (paper.source_kind, paper.source_name, paper.source_line) == ("snapshot", "a", 7)
    assert (paper.paper.arxiv_id.value, paper.reason, paper.raw) == ("0704.0001", "", b"")
    assert (reject.source_kind, reject.source_name, reject.source_line) == ("snapshot", "a", 10)
    assert (reject.paper, reject.reason, reject.raw) == (None, "not_json", b"no JSON")
    assert reject.message.startswith("not JSON: ")
    assert (other.source_name, other.source_line) == ("b", 1)
    assert other.paper.arxiv_id.value == "0704.0002"
