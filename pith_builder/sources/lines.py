"""Lines of a file, plain or packed, read in constant memory and in blocks of whole lines."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeAlias, cast

import orjson
import zstandard

from pith_builder.errors import SourceError

READ_BYTES = 1 << 20
MAX_LINE_BYTES = 1 << 26
"""A line of 64 MiB is no paper; it would have to be held in memory whole."""

SNIFFED_LINES = 1000
"""Of a file none of whose first lines is a JSON object, nothing is taken."""

SNIFFED_BYTES = 1 << 22
"""Nor of one that has no such line in its first 4 MiB."""

_ZSTD_BYTES = 1 << 10
_GZIP_WINDOW = 16 + zlib.MAX_WBITS  # of zlib's: a gzip header and its checksum
_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_ZIP_MAGIC = b"PK\x03\x04"
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,  # a member's name that is no UTF-8
)
_PACKED = {".gz": _GZIP_MAGIC, ".zst": _ZSTD_MAGIC, ".zip": _ZIP_MAGIC}


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of one source.

    Attributes:
        source_name: The file's name, `-` for standard input; a packed member follows its archive.
        first_line: The number of the first line, from 1.
        data: The bytes, each line but a file's last ending in a newline.
    """

    source_name: str
    first_line: int
    data: bytes

    @property
    def size(self) -> int:
        """How many bytes they are."""
        return len(self.data)

    def cut(self, end: int) -> tuple[Block, Block]:
        """Cut them after so many bytes, with which a line ends."""
        head, tail = self.data[:end], self.data[end:]
        after = self.first_line + line_ends(head)
        return Block(self.source_name, self.first_line, head), Block(self.source_name, after, tail)


class Stamp(NamedTuple):
    """What tells that a file is still as it was."""

    inode: int
    size_bytes: int
    written_at: int

    @classmethod
    def of(cls, path: Path) -> Stamp:
        """Return a file's.

        Raises:
            OSError: It is not there, or not to be seen.
        """
        said = path.stat()
        return cls(said.st_ino, said.st_size, said.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class PlacedBlock:
    """Whole lines of a plain file, left where they stand: any process can read them there.

    Attributes:
        source_name: The file's name.
        first_line: The number of the first line, from 1.
        path: The file.
        start: Where they begin, in bytes.
        size: How many bytes they are.
        stamp: What the file was when its lines were found.
    """

    source_name: str
    first_line: int
    path: Path
    start: int
    size: int
    stamp: Stamp

    @property
    def data(self) -> bytes:
        """Their bytes, read now.

        Raises:
            SourceError: The file cannot be read any longer, or changed.
        """
        with self._reading(), self.path.open("rb") as file:
            file.seek(self.start)
            data = file.read(self.size)
        self.see_that_it_holds()
        return data

    def see_that_it_holds(self) -> None:
        """See that the file is still as it was.

        Raises:
            SourceError: It cannot be read any longer, or changed.
        """
        with self._reading():
            found = Stamp.of(self.path)
        if found != self.stamp:
            raise SourceError(f"{self.source_name} changed while it was read; give it again, whole")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SourceError(
                f"{self.source_name} can no longer be read at line {self.first_line}: "
                f"{error.strerror}"
            ) from error

    def cut(self, end: int) -> tuple[PlacedBlock, PlacedBlock]:
        """Cut them after so many bytes, with which a line ends."""
        after = self.first_line + self.data.count(b"\n", 0, end)
        return (
            replace(self, size=end),
            replace(self, first_line=after, start=self.start + end, size=self.size - end),
        )


Lines: TypeAlias = Block | PlacedBlock
"""Whole lines of one source."""


def line_ends(data: bytes) -> int:
    """Count the ends of lines, each searched for: `bytes.count` takes three times as long.

    It compares byte by byte, where a search leaps from one long line's end to the next.
    """
    count, place = 0, data.find(b"\n")
    while place >= 0:
        count += 1
        place = data.find(b"\n", place + 1)
    return count


def blocks(path: Path, standard_input: BinaryIO) -> Iterator[Lines]:
    """Read the lines of a file, `-` being standard input; how it is packed is told by its bytes.

    Of a plain file only where they stand is kept.

    Raises:
        SourceError: The file is not what it says: truncated, damaged, wrongly named, or not
            JSON lines. What is yielded before is sound.
    """
    name = "-" if str(path) == "-" else path.name
    with ExitStack() as stack:
        file = _buffered(standard_input if name == "-" else stack.enter_context(path.open("rb")))
        magic = file.peek(4)[:4]
        wanted = _PACKED.get(path.suffix.lower())
        if wanted is not None and not magic.startswith(wanted):
            raise SourceError(
                f"{name} is named {path.suffix} but does not begin as such a file does; "
                "fetch it again, or rename it to what it is"
            )
        if magic.startswith(_ZIP_MAGIC):
            if name == "-":
                raise SourceError("a zip file cannot be read from standard input; name the file")
            yield from _zip_blocks(name, path)
        elif magic.startswith(_GZIP_MAGIC):
            yield from _line_blocks(name, _gzip_pieces(name, file))
        elif magic.startswith(_ZSTD_MAGIC):
            yield from _line_blocks(name, _zstd_pieces(name, file))
        else:
            is_plain = name != "-" and path.is_file()  # and no pipe, which is read once
            stamp = Stamp.of(path) if is_plain else None
            found = _line_blocks(name, iter(lambda: file.read(READ_BYTES), b""))
            yield from found if stamp is None else _placed(found, path.absolute(), stamp)


def _placed(found: Iterator[Block], path: Path, stamp: Stamp) -> Iterator[PlacedBlock]:
    start = 0
    for block in found:
        yield PlacedBlock(block.source_name, block.first_line, path, start, block.size, stamp)
        start += block.size


def unpacked(path: Path, standard_input: BinaryIO) -> Iterator[bytes]:
    """Read the bytes of one file, `-` being standard input; gzip and zstd are unpacked.

    Raises:
        SourceError: The file is truncated or damaged.
    """
    name = "-" if str(path) == "-" else path.name
    with ExitStack() as stack:
        file = _buffered(standard_input if name == "-" else stack.enter_context(path.open("rb")))
        magic = file.peek(4)[:4]
        if magic.startswith(_GZIP_MAGIC):
            yield from _gzip_pieces(name, file)
        elif magic.startswith(_ZSTD_MAGIC):
            yield from _zstd_pieces(name, file)
        else:
            yield from iter(lambda: file.read(READ_BYTES), b"")


def _buffered(file: BinaryIO) -> io.BufferedReader:
    return file if isinstance(file, io.BufferedReader) else io.BufferedReader(cast("Any", file))


def _gzip_pieces(name: str, file: BinaryIO) -> Iterator[bytes]:
    """Unpack gzip members (RFC 1952), giving all that precedes a failure, which `gzip` does not."""
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        while piece := file.read(READ_BYTES):
            while piece:
                if unpacker.eof:
                    # Zeros after the last member are padding.
                    piece = piece.lstrip(b"\0")
                    if not piece:
                        break
                    unpacker = zlib.decompressobj(_GZIP_WINDOW)
                yield unpacker.decompress(piece, READ_BYTES)
                piece = unpacker.unconsumed_tail or unpacker.unused_data
        yield unpacker.flush()
    except zlib.error as error:
        raise SourceError(f"{name} is a damaged gzip file ({error}); fetch it again") from error
    if not unpacker.eof:
        raise SourceError(f"{name} is a truncated gzip file; fetch it again")


def _zstd_pieces(name: str, file: BinaryIO) -> Iterator[bytes]:
    """Unpack zstd frames (RFC 8878), giving all that precedes a failure.

    Little is unpacked at once, because it may unpack to thirty thousand times as much.
    """
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    gathered = bytearray()
    failure: SourceError | None = None
    try:
        while piece := file.read(_ZSTD_BYTES):
            while piece:
                if unpacker.eof:
                    unpacker = zstandard.ZstdDecompressor().decompressobj()
                gathered += unpacker.decompress(piece)
                piece = unpacker.unused_data
            if len(gathered) >= READ_BYTES:
                yield bytes(gathered)
                gathered.clear()
    except zstandard.ZstdError as error:
        failure = SourceError(f"{name} is a damaged zstd file ({error}); fetch it again")
    yield bytes(gathered)
    if failure is not None:
        raise failure
    if not unpacker.eof:
        raise SourceError(f"{name} is a truncated zstd file; fetch it again")


def _zip_blocks(name: str, path: Path) -> Iterator[Block]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [
                member
                for member in archive.infolist()
                if member.filename.lower().endswith((".json", ".jsonl", ".ndjson"))
            ]
            if not members:
                raise SourceError(f"{name} holds no .json or .jsonl file")
            for member in members:
                with archive.open(member) as file:
                    pieces = iter(lambda: file.read(READ_BYTES), b"")
                    yield from _line_blocks(f"{name}/{member.filename}", pieces)
    except _ZIP_ERRORS as error:
        raise SourceError(
            f"{name} is a damaged or unreadable zip file ({error}); fetch it again"
        ) from error


def _line_blocks(name: str, pieces: Iterator[bytes]) -> Iterator[Block]:
    """Cut pieces at the ends of lines, once the first lines are shown to hold a JSON object.

    What precedes a failure of `pieces` is yielded before the failure is raised.
    """
    pieces = filter(None, pieces)
    rest = b""
    line = 1
    sniffed = False
    failure: SourceError | None = None
    while True:
        try:
            piece = next(pieces, b"")
        except SourceError as error:
            failure, piece = error, b""
        end = len(rest) + piece.rfind(b"\n") + 1 if b"\n" in piece else 0
        data = rest + piece
        if not piece:
            end = len(data) if failure is None else data.rfind(b"\n") + 1
        if end:
            block = Block(name, line, data[:end])
            if not sniffed:
                sniffed = _sniff(block, is_whole=not piece)
            if sniffed:
                yield block
                line += line_ends(block.data)
                rest = data[end:]
            else:
                rest = data
        else:
            rest = data
            if len(rest) > MAX_LINE_BYTES:
                raise SourceError(
                    f"line {line} of {name} is longer than {MAX_LINE_BYTES >> 20} MiB: "
                    "wanted one paper a line"
                )
        if not piece:
            break
    if failure is not None:
        raise failure


def _sniff(block: Block, *, is_whole: bool) -> bool:
    """Tell whether a first line is a JSON object; a file without any is refused."""
    lines = block.data.split(b"\n", SNIFFED_LINES)
    if any(_is_object(line) for line in lines[:SNIFFED_LINES]):
        return True
    if is_whole or len(lines) > SNIFFED_LINES or len(block.data) > SNIFFED_BYTES:
        if not block.data.strip():
            return True
        start = block.data.lstrip()[:60]
        raise SourceError(
            f"{block.source_name} is not a bulk snapshot: none of its first lines is a JSON "
            f"object, it begins {start!r}; nothing of it was taken"
        )
    return False


def _is_object(line: bytes) -> bool:
    if not line.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False
