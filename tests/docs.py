"""The guides under test: each command runs as a reader would paste it, and prints what is printed.

`python -m tests.docs [PAGE…]` compares; with `--write` it writes the answers anew.

A block is known by its language: `sh`, `python`, `sql` and `pycon` are run in the order of the
page, in one folder that looks like a fresh clone; a `text` block right below one is its whole
answer, standard error included; `diagram` is drawn for people. There are no others.
"""

import difflib
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.lakes import ROOT

GUIDES = (
    "README.md",
    "docs/cookbook.md",
    "docs/operators.md",
    "docs/verifying.md",
    "docs/open-graph.md",
    "docs/python.md",
    "docs/development.md",
)
"""The pages that people write, each run by itself; the others are made from the code."""

RUN = ("sh", "python", "sql", "pycon")
_FENCE = re.compile(r"^```(?P<language>.*)\n(?P<body>(?:(?!```).*\n)*)```$", re.MULTILINE)
ELLIPSIS = "…"
"""A line of an answer that stands for any lines."""

_PROGRESS = re.compile(r"\d+ (?:papers|records|rows)")
"""A line that tells how far a run is: it comes every ten seconds, so only on a slow machine."""

MASKS = (
    (r"\b[0-9a-f]{64}\b", "DIGEST"),
    (r"\b[0-9a-f]{16}(?=\.parquet\b)", "DIGEST"),
    (r"\b[0-9a-f]{32}\b", "FINGERPRINT"),
    (r"\bprocess \d+", "process NUMBER"),
    (r"\bPython 3\.\d+\.\d+, \d+ libraries", "Python and libraries"),
    (r"\b\d+ MiB free", "ROOM free"),
    (r"(?<= records, )\d+ bytes", "SIZE"),
    (r"(?<= files, )\d+ bytes", "SIZE"),
    (r"\bpith-builder-\d{4}-\d\d\b", "KEY-MADE-THIS-MONTH"),
    (r"\b20(?:2[6-9]|[3-9]\d)-\d\d-\d\d(?:\b|(?=T))", "DAY"),
    (r"(?:\b|(?<=T))\d\d:\d\d:\d\d(?:\.\d+)?(?:\b|(?=Z))", "TIME"),
    (r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UUID"),
)
"""What is not the same in two runs: what hangs on a fresh key, the day, the time, the machine."""


@dataclass(frozen=True)
class Block:
    """A block of a page, and the answer that is printed below it.

    `end` is where the block ends in the page, `answer_at` where its answer stands, if it has one.
    """

    language: str
    body: str
    end: int
    answer: str | None = None
    answer_at: tuple[int, int] | None = None


def blocks(text):
    """Return the blocks of a page, each `text` with the block it answers."""
    found = []
    for fence in _FENCE.finditer(text):
        before = found[-1] if found else None
        is_answer = (
            fence["language"] == "text"
            and before is not None
            and before.language in RUN
            and before.answer is None
            and text[before.end : fence.start()] == "\n\n"
        )
        if is_answer:
            place = (fence.start("body"), fence.end("body"))
            found[-1] = Block(before.language, before.body, before.end, fence["body"], place)
        else:
            found.append(Block(fence["language"], fence["body"], fence.end()))
    return found


def masked(text):
    """Return an answer without what is not the same in two runs, nor white space at line ends."""
    for pattern, name in MASKS:
        text = re.sub(pattern, name, text)
    lines = (line.rstrip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if not _PROGRESS.fullmatch(line))


def agrees(printed, found):
    """Tell whether an answer is what is printed."""
    pieces = masked(printed).split(f"{ELLIPSIS}\n")
    pattern = "(?:.*\n)*?".join(map(re.escape, pieces))
    return re.fullmatch(pattern, masked(found)) is not None


def changed_answers(page, folder):
    """Run a page in a folder; return its blocks that print something else, each with that."""
    from tests.reader import Reader  # noqa: PLC0415 - what it wants comes with the extras

    with Reader(folder) as reader:
        found = [(block, reader.run(block)) for block in blocks(_text(page))]
    return [(block, answer) for block, answer in found if not agrees(block.answer or "", answer)]


def told(block, answer):
    """Return in which lines an answer is not what is printed, what always differs left out."""
    sides = (masked(each).splitlines() for each in (block.answer or "", answer))
    return "\n".join([block.body, *difflib.unified_diff(*sides, "printed", "found", lineterm="")])


def written(text, block, answer):
    """Return a page with another answer to one of its blocks."""
    answer = "".join(line.rstrip() + "\n" for line in answer.splitlines())
    if block.answer_at is None:
        return f"{text[: block.end]}\n\n```text\n{answer}```{text[block.end :]}"
    start, end = block.answer_at
    return f"{text[:start]}{answer}{text[end:]}"


def _text(page):
    return (ROOT / page).read_text(encoding="utf-8")


def main(arguments):
    """Compare or write; return the exit code."""
    pages = [each for each in arguments if not each.startswith("--")] or GUIDES
    changes = 0
    for page in pages:
        with tempfile.TemporaryDirectory() as folder:
            changed = changed_answers(page, Path(folder))
        changes += len(changed)
        text = _text(page)
        for block, answer in reversed(changed):
            sys.stdout.write(f"{page}:\n{told(block, answer)}\n\n")
            text = written(text, block, answer)
        if "--write" in arguments:
            (ROOT / page).write_text(text, encoding="utf-8")
    return 1 if changes and "--write" not in arguments else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
