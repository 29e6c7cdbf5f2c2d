import bz2
import gzip
import io
import json
import lzma
import os
import tracemalloc
import zipfile
from itertools import pairwise
from pathlib import Path
from random import Random
from threading import Thread

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.errors import SourceError
from pith_builder.sources import lines as module
from pith_builder.sources.lines import Block, PlacedBlock, Stamp, blocks
from tests.lakes import PAPER, lines
from tests.makers import law

NOTHING = io.BytesIO()


def zstd(*frames):
    packer = zstandard.ZstdCompressor(write_checksum=True)
    return b"".join(packer.compress(frame) for frame in frames)


def zipped(*members, kind=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", kind) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def halves(data):
    return data[: len(data) // 3], data[len(data) // 3 :]


PACKINGS = {
    "papers.jsonl": lambda data: data,
    "papers": lambda data: data,
    "papers.jsonl.gz": gzip.compress,
    "two-members.gz": lambda data: b"".join(map(gzip.compress, halves(data))),
    "PAPERS.JSONL.GZ": gzip.compress,
    "papers.jsonl.zst": zstd,
    "two-frames.zst": lambda data: zstd(*halves(data)),
    "empty-frames.zst": lambda data: zstd(b"", *halves(data)[:1], b"", b"", *halves(data)[1:], b""),
    "many-frames.zst": lambda data: zstd(*(data[i : i + 99] for i in range(0, len(data), 99))),
    "papers.zip": lambda data: zipped(("papers.jsonl", data)),
    "stored.zip": lambda data: zipped(("papers.json", data), kind=zipfile.ZIP_STORED),
    "unnamed-gzip": gzip.compress,
    "unnamed-zstd.json": zstd,
    "unnamed-zip": lambda data: zipped(("papers.NDJSON", data)),
}


def taken(path, standard_input=NOTHING):
    """Return what is yielded of a file, and the error that ended it, or None."""
    found = []
    try:
        found += blocks(path, standard_input)
    except SourceError as error:
        return found, error
    return found, None


def until_failure(path):
    """Return the bytes that are yielded before the failure, and the failure."""
    found = []
    with pytest.raises(SourceError) as caught:
        found.extend(iter(blocks(path, NOTHING)))
    return b"".join(block.data for block in found), str(caught.value)


def written(folder, name, data):
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("pack", PACKINGS.items(), ids=PACKINGS)
@pytest.mark.parametrize("ending", [b"\n", b""], ids=["newline", "no newline at the end"])
def test_every_line_is_read_once_however_the_file_is_packed(tmp_path, pack, ending):
    name, packed = pack
    data = lines(40).rstrip(b"\n") + ending

    found, error = taken(written(tmp_path, name, packed(data)))

    assert error is None
    assert b"".join(block.data for block in found) == data
    assert {block.source_name.split("/")[0] for block in found} == {name}
    assert [block.first_line for block in found] == first_lines(found)


def first_lines(found):
    """Return where each block begins, by the newlines before it."""
    return [
        1 + sum(block.data.count(b"\n") for block in found[:index]) for index in range(len(found))
    ]


def test_lines_of_a_plain_file_are_left_where_they_stand(tmp_path):
    plain, packed = (
        taken(written(tmp_path, name, data))[0]
        for name, data in (("a.jsonl", lines(3)), ("a.gz", gzip.compress(lines(3))))
    )

    path = tmp_path / "a.jsonl"
    assert plain == [PlacedBlock("a.jsonl", 1, path, 0, len(lines(3)), Stamp.of(path))]
    assert packed == [Block("a.gz", 1, lines(3))]


@given(st.lists(st.binary(max_size=9).map(lambda text: text + b"\n"), min_size=1), st.data())
@law
def test_placed_lines_are_cut_as_held_ones_are(tmp_path_factory, texts, data):
    before, found = b"before\n", b"".join(texts)
    path = written(tmp_path_factory.mktemp("cut"), "a", before + found)
    ends = [place + 1 for place in range(len(found)) if found[place : place + 1] == b"\n"]
    end = data.draw(st.sampled_from(ends))

    placed = PlacedBlock("a", 2, path, len(before), len(found), Stamp.of(path)).cut(end)
    held = Block("a", 2, found).cut(end)

    assert [(block.first_line, block.size, block.data) for block in placed] == [
        (block.first_line, block.size, block.data) for block in held
    ]


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda path: path.write_bytes(lines(2)), "a changed while it was read; give it again"),
        (lambda path: path.write_bytes(lines(4)), "a changed while it was read; give it again"),
        (lambda path: path.write_bytes(lines(3)), "a changed while it was read; give it again"),
        (Path.unlink, "a can no longer be read at line 1: No such file or directory"),
    ],
    ids=["shorter", "longer", "written again", "gone"],
)
def test_lines_that_stand_there_no_longer_are_a_failure(tmp_path, change, wanted):
    path = written(tmp_path, "a", lines(3))
    found, _ = taken(path)
    change(path)

    with pytest.raises(SourceError, match=wanted):
        _ = found[0].data


def test_a_pipe_is_read_once(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = Thread(target=path.write_bytes, args=[lines(3)])
    writer.start()
    found, error = taken(path)
    writer.join()

    assert error is None
    assert found == [Block("pipe", 1, lines(3))]


@pytest.mark.parametrize("packed", [bytes, gzip.compress, zstd], ids=["plain", "gzip", "zstd"])
def test_standard_input_is_read_as_a_file_is(packed):
    found, error = taken(Path("-"), io.BytesIO(packed(lines(3))))

    assert error is None
    assert b"".join(block.data for block in found) == lines(3)
    assert {block.source_name for block in found} == {"-"}


def test_a_zip_file_cannot_come_from_standard_input():
    _, error = taken(Path("-"), io.BytesIO(zipped(("a.json", lines(1)))))

    assert "name the file" in str(error)


def test_every_json_member_of_a_zip_is_read_and_named(tmp_path):
    members = [("a.json", lines(2)), ("read.me", b"no JSON"), ("d/b.jsonl", lines(1, first=3))]

    found, error = taken(written(tmp_path, "all.zip", zipped(*members)))

    assert error is None
    assert [(block.source_name, block.first_line) for block in found] == [
        ("all.zip/a.json", 1),
        ("all.zip/d/b.jsonl", 1),
    ]
    assert b"".join(block.data for block in found) == lines(3)


def test_a_zip_whose_member_is_named_in_no_utf8_is_refused(tmp_path):
    packed = zipped(("é.json", lines(1)))
    found, error = taken(written(tmp_path, "a.zip", packed.replace("é".encode(), b"\xff\xff")))

    assert found == []
    assert "damaged or unreadable zip file" in str(error)


@given(
    st.lists(st.sampled_from([b"", b'{"id": "x"}', b"{}", b"no JSON", b'{"a": "\xc3\xa9"}'])),
    st.sampled_from([b"\n", b"\r\n"]),
    st.booleans(),
    st.integers(1, 50),
    st.sampled_from([bytes, gzip.compress, zstd]),
)
@law
def test_blocks_are_whole_lines_whatever_the_reads(found, newline, is_ended, read_bytes, packed):
    data = b'{"first": 1}' + newline + newline.join(found) + newline * is_ended

    read = read_with(packed(data), read_bytes)

    assert b"".join(block.data for block in read) == data
    assert all(block.data.endswith(b"\n") for block, _ in pairwise(read))
    assert [block.first_line for block in read] == first_lines(read)


def read_with(data, read_bytes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "READ_BYTES", read_bytes)
        return list(blocks(Path("-"), io.BytesIO(data)))


@pytest.mark.parametrize("data", [b"", b"\n", b" \n\t\r\n\n"], ids=["empty", "newline", "blank"])
def test_a_file_without_a_line_is_no_failure(tmp_path, data):
    found, error = taken(written(tmp_path, "papers.jsonl", data))

    assert error is None
    assert b"".join(block.data for block in found) == data


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("csv", b"id,title,abstract\n0704.0001,a,b\n"),
        ("xml", b"<?xml version='1.0'?>\n<OAI-PMH/>\n"),
        ("html", b"<!DOCTYPE html><html>503</html>"),
        ("one array", json.dumps([PAPER, PAPER]).encode()),
        ("indented", json.dumps(PAPER, indent=2).encode()),
        ("strings", b'"a"\n"b"\n'),
        ("half an object", b'{"id": "0704.0001", "title'),
        ("byte order mark and one line", b"\xef\xbb\xbf" + lines(1)),
        ("utf-16", lines(3).decode().encode("utf-16")),
        ("binary", bytes(range(256)) * 8),
        ("zeros", bytes(4096)),
        ("the wrong form for 1,000 lines", b"no JSON\n" * 1000 + lines(1)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_of_a_file_that_is_no_json_lines_nothing_is_taken(tmp_path, name, data):
    found, error = taken(written(tmp_path, "papers.jsonl", data))

    assert found == [], name
    assert "papers.jsonl is not a bulk snapshot" in str(error)
    assert "nothing of it was taken" in str(error)


@pytest.mark.parametrize("before", [b"\n\n", b"# a comment\n", b"\xef\xbb\xbf{}\n", b"x\n" * 999])
def test_a_file_with_some_object_among_its_first_lines_is_taken_whole(tmp_path, before):
    found, error = taken(written(tmp_path, "papers.jsonl", before + lines(2)))

    assert error is None
    assert b"".join(block.data for block in found) == before + lines(2)


@pytest.mark.parametrize("name", ["a.gz", "a.zst", "a.zip", "a.jsonl.GZ"])
@pytest.mark.parametrize(
    "data", [lines(1), b"", b"<html>", bz2.compress(lines(1)), lzma.compress(lines(1))]
)
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path, name, data):
    assert "does not begin as such a file does" in until_failure(written(tmp_path, name, data))[1]


MANY = b"".join(
    json.dumps({**PAPER, "title": Random(number).randbytes(800).hex()}).encode() + b"\n"  # noqa: S311
    for number in range(5000)
)
"""Some 12 MB that take 5 MB packed: more than is read at once."""


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.99])
@pytest.mark.parametrize(
    ("name", "packed"), [("a.gz", gzip.compress(MANY, 1)), ("a.zst", zstd(MANY))]
)
def test_what_precedes_the_end_of_a_truncated_file_is_taken(tmp_path, name, packed, part):
    found, said = until_failure(written(tmp_path, name, packed[: int(part * len(packed))]))

    assert found.endswith(b"\n")
    assert MANY.startswith(found)
    assert len(found) > (part - 0.25) * len(MANY)
    assert f"{name} is a " in said
    assert "truncated" in said
    assert "fetch it again" in said


@pytest.mark.parametrize(
    ("name", "packed"), [("a.gz", gzip.compress(lines(9))), ("a.zst", zstd(lines(9)))]
)
def test_a_file_cut_anywhere_is_refused(tmp_path, name, packed):
    for kept in range(4, len(packed)):
        found, said = until_failure(written(tmp_path, name, packed[:kept]))

        assert lines(9).startswith(found)
        assert found.endswith(b"\n") or not found
        assert "truncated" in said


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("a.gz", gzip.compress(MANY, 1)),
        ("a.zst", zstd(MANY)),
        ("a.zip", zipped(("a.json", MANY))),
    ],
)
@pytest.mark.parametrize("place", [0.3, 0.6, 0.95])
def test_what_precedes_a_damaged_place_is_taken(tmp_path, name, packed, place):
    at = int(place * len(packed))
    damaged = packed[:at] + bytes(byte ^ 0xFF for byte in packed[at : at + 9]) + packed[at + 9 :]

    found, said = until_failure(written(tmp_path, name, damaged))

    assert found.endswith(b"\n")
    assert "damaged" in said
    sound = found[: int((place - 0.2) * len(MANY))]
    assert MANY.startswith(sound)
    assert len(sound) > 0


def test_what_follows_a_gzip_member_must_be_another(tmp_path):
    found, said = until_failure(written(tmp_path, "a.gz", gzip.compress(lines(2)) + b"more"))

    assert found == lines(2)
    assert "damaged" in said


@pytest.mark.parametrize(
    ("packed", "said"),
    [
        (zipped(("a.json", lines(9)))[:-30], "damaged or unreadable zip"),
        (zipped(("a.txt", lines(1)), ("b.csv", b"")), "holds no .json or .jsonl file"),
        (zipped(("a.json", b"no JSON")), "a.zip/a.json is not a bulk snapshot"),
        (
            zipped(("a.json", lines(1)))
            .replace(b"PK\x03\x04\x14\x00\x00", b"PK\x03\x04\x14\x00\x01")
            .replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"),
            "encrypted",
        ),
    ],
    ids=["truncated", "no JSON in it", "wrong form in it", "encrypted"],
)
def test_a_zip_file_that_cannot_be_read_is_refused(tmp_path, packed, said):
    assert said in until_failure(written(tmp_path, "a.zip", packed))[1]


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_member_of_a_zip_file_is_refused_however_it_is_packed(tmp_path, kind):
    packed = bytearray(zipped(("a.json", lines(500)), kind=kind))
    packed[50:70] = bytes(byte ^ 0xFF for byte in packed[50:70])

    assert "damaged" in until_failure(written(tmp_path, "a.zip", packed))[1]


@pytest.mark.parametrize("packed", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_line_too_long_to_be_a_paper_is_refused_by_its_number(tmp_path, monkeypatch, packed):
    monkeypatch.setattr(module, "READ_BYTES", 1 << 16)
    monkeypatch.setattr(module, "MAX_LINE_BYTES", 1 << 20)
    data = lines(5) + b'{"id": "' + b"x" * (1 << 21)

    found, said = until_failure(written(tmp_path, "papers", packed(data)))

    assert found == lines(5)
    assert "line 6 of papers is longer than 1 MiB" in said


@pytest.mark.parametrize(
    "pack", [("a.jsonl", bytes), ("a.gz", gzip.compress), ("a.zst", zstd)], ids=lambda pack: pack[0]
)
def test_memory_is_flat_in_the_size_of_the_file(tmp_path, pack):
    name, packed = pack
    path = written(tmp_path, name, packed(MANY * 4))
    longest = max(map(len, MANY.splitlines()))
    size = 0

    tracemalloc.start()
    for block in blocks(path, NOTHING):
        size += len(block.data)
        assert len(block.data) < 4 * module.READ_BYTES + longest
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size == 4 * len(MANY)
    assert peak < 16 * module.READ_BYTES


@pytest.mark.parametrize("pack", [("a.gz", gzip.compress), ("a.zst", zstd)], ids=["gzip", "zstd"])
def test_a_file_that_unpacks_to_a_thousand_times_its_size_is_read_in_bounds(tmp_path, pack):
    name, packed = pack
    data = lines(1) * 50_000
    path = written(tmp_path, name, packed(data))
    assert path.stat().st_size < len(data) / 100

    sizes = [len(block.data) for block in blocks(path, NOTHING)]

    assert sum(sizes) == len(data)
    assert max(sizes) < 16 * module.READ_BYTES


def test_a_file_of_long_lines_that_are_no_json_is_refused_early(tmp_path):
    path = written(tmp_path, "a.txt", (b"x" * 1_000_000 + b"\n") * 40)

    tracemalloc.start()
    found, error = taken(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found == []
    assert "is not a bulk snapshot" in str(error)
    assert peak < 30_000_000
