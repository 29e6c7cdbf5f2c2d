"""The cookbook under test: its lake, its queries, and the answers printed below them.

`python -m tests.docs` compares; `python -m tests.docs --write` writes the answers anew.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.lakes import PITH, ROOT, bare_environment, pith

COOKBOOK = ROOT / "docs" / "cookbook.md"
WIDTH = 110
"""Columns of the answers."""

_SHELL = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_RECIPE = re.compile(
    r"^## (?P<title>[^\n]+)\n(?:(?!^## )[^`]|`(?!``))*"
    r"^```sql\n(?P<query>.*?)^```\n\n^```text\n(?P<answer>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Recipe:
    """A question of the cookbook."""

    title: str
    query: str
    answer: str


def recipes(text):
    """Return the questions of a cookbook, in its order."""
    return [Recipe(**found.groupdict()) for found in _RECIPE.finditer(text)]


def make_lake(text, folder):
    """Run the commands that make the cookbook's lake, and return it."""
    [commands] = _SHELL.findall(text)
    lake = folder / "lake"
    environment = bare_environment(PITH_LAKE=lake, PITH_SIGNING_KEY_FILE=folder / "key.json")
    bash = f'set -euo pipefail\npith() {{ {shlex.join(PITH)} "$@"; }}\n{commands}'
    subprocess.run(  # noqa: S603 - our own document
        ["/bin/bash", "-c", bash], cwd=ROOT, env=environment, check=True, capture_output=True
    )
    return lake


def asked(lake, query):
    """Return what `pith sql` prints, without the white space at its lines' ends."""
    run = pith("sql", "-", "--lake", lake, stdin=query.encode(), COLUMNS=WIDTH)
    assert (run.code, run.err) == (0, ""), run.err
    return "".join(line.rstrip() + "\n" for line in run.out.splitlines())


def answered(text, lake):
    """Return a cookbook with its answers as they are now."""
    for recipe in recipes(text):
        block = f"```sql\n{recipe.query}```\n\n```text\n"
        text = text.replace(f"{block}{recipe.answer}", f"{block}{asked(lake, recipe.query)}")
    return text


def main(arguments):
    """Compare or write; return the exit code."""
    text = COOKBOOK.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        found = answered(text, make_lake(text, Path(folder)))
    if "--write" in arguments:
        COOKBOOK.write_text(found, encoding="utf-8")
    return 0 if found == text or "--write" in arguments else 1


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
