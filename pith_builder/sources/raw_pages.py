"""Answers kept as they came, in a folder, and given again to whoever asks the same."""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from pathlib import Path

from pith_builder.core.canonical import JsonValue, parse_json, sha256_hex
from pith_builder.disk import Disk, storage_errors, write_whole
from pith_builder.errors import MalformedError, SourceError
from pith_builder.sources.fetching import Get, Request

INDEX = "requests.jsonl"
"""One line for each answer, in order: what was asked, and the file that holds the answer."""

_FILE_NAME = re.compile(r"\d{6}-[0-9a-f]{16}\.xml", re.ASCII)
_KEPT = "the answers kept before are as they were"


def kept(get: Get, folder: Path, disk: Disk | None = None) -> Get:
    """Return a `get` that keeps each answer of `get` in `folder`, after those that are there.

    A file is named by the request's place in the order and its bytes' SHA-256:
    `000042-5f70bf18a0860070.xml`.

    Raises:
        StorageError: The folder cannot be made; the `get` returned raises it when a file cannot
            be written.
    """
    disk = disk or Disk()
    with storage_errors(folder, _KEPT):
        disk.make_directory(folder)
    place = 0
    if (folder / INDEX).exists():
        place = len(_index(folder))
        write_whole(disk, folder / INDEX, b"".join(_lines(folder)), _KEPT)

    def get_and_keep(request: Request) -> bytes:
        nonlocal place
        answer = get(request)
        place += 1
        name = f"{place:06d}-{sha256_hex(answer)[:16]}.xml"
        line = json.dumps({"file": name, "request": request.arguments}) + "\n"
        write_whole(disk, folder / name, answer, _KEPT)
        with storage_errors(folder / INDEX, _KEPT), disk.append(folder / INDEX) as index:
            index.write(line.encode())
            disk.sync(index)
        return answer

    return get_and_keep


def replayed(folder: Path) -> Get:
    """Return a `get` that gives the answers kept in `folder`, each request's in their order.

    Raises:
        SourceError: The folder holds no kept answers. The `get` returned raises it for a request
            that was not made then, and for a file that is not what was written.
    """
    answers: defaultdict[Request, deque[str]] = defaultdict(deque)
    for name, request in _index(folder):
        answers[request].append(name)

    def get(request: Request) -> bytes:
        names = answers.get(request)
        if not names:
            raise SourceError(f"{folder} holds no further answer to {request}")
        name = names.popleft()
        try:
            answer = (folder / name).read_bytes()
        except OSError as error:
            raise SourceError(f"{folder} lacks {name} ({error})") from error
        if name != f"{name[:6]}-{sha256_hex(answer)[:16]}.xml":
            raise SourceError(f"{folder / name} was changed after it was written")
        return answer

    return get


def _lines(folder: Path) -> list[bytes]:
    """Return the lines of the index, but for a last one that a crash cut short."""
    try:
        lines = (folder / INDEX).read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise SourceError(f"{folder} holds no kept answers ({error})") from error
    return lines if not lines or lines[-1].endswith(b"\n") else lines[:-1]


def _index(folder: Path) -> list[tuple[str, Request]]:
    try:
        entries = [parse_json(line) for line in _lines(folder)]
        return [
            (
                _file_name(entry["file"]),
                Request(tuple((str(name), str(value)) for name, value in entry["request"])),
            )
            for entry in entries
        ]
    except (MalformedError, ValueError, TypeError, KeyError) as error:
        raise SourceError(f"{folder} holds no kept answers ({error})") from error


def _file_name(said: JsonValue) -> str:
    """Return the name of a file beside the index, once it is shown to be no path elsewhere."""
    if _FILE_NAME.fullmatch(said) is None:
        raise MalformedError(f"{said[:80]!r} is no name of a kept answer")
    return str(said)
