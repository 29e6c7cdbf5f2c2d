"""Answers kept as they came, in a folder, and given again to whoever asks the same."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from pathlib import Path

from pith_builder.core.canonical import sha256_hex
from pith_builder.errors import SourceError, StorageError
from pith_builder.sources.fetching import Get, Request

INDEX = "requests.jsonl"
"""One line for each answer, in order: what was asked, and the file that holds the answer."""


def kept(get: Get, folder: Path) -> Get:
    """Return a `get` that keeps each answer of `get` in `folder`, after those that are there.

    A file is named by the request's place in the order and its bytes' SHA-256:
    `000042-5f70bf18a0860070.xml`.

    Raises:
        StorageError: The folder cannot be made; the `get` returned raises it when a file cannot
            be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        place = len(_index(folder)) if (folder / INDEX).exists() else 0
    except OSError as error:
        raise StorageError(f"cannot keep answers in {folder} ({error})") from error

    def get_and_keep(request: Request) -> bytes:
        nonlocal place
        answer = get(request)
        place += 1
        name = f"{place:06d}-{sha256_hex(answer)[:16]}.xml"
        line = json.dumps({"file": name, "request": request.arguments}) + "\n"
        try:
            (folder / name).write_bytes(answer)
            with (folder / INDEX).open("a", encoding="utf-8") as index:
                index.write(line)
        except OSError as error:
            raise StorageError(f"cannot keep an answer in {folder} ({error})") from error
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


def _index(folder: Path) -> list[tuple[str, Request]]:
    try:
        lines = (folder / INDEX).read_text(encoding="utf-8").splitlines()
        entries = [json.loads(line) for line in lines]
        return [
            (
                str(entry["file"]),
                Request(tuple((str(name), str(value)) for name, value in entry["request"])),
            )
            for entry in entries
        ]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SourceError(f"{folder} holds no kept answers ({error})") from error
