"""Every command and query of the guides runs, and prints what is printed below it."""

import re

import click
import pytest

from pith_builder.cli import pith
from tests.docs import GUIDES, agrees, blocks, changed_answers, told
from tests.lakes import ROOT
from tests.reader import check_install

COOKBOOK = (ROOT / "docs" / "cookbook.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", GUIDES)
def test_a_page_prints_what_its_commands_print(page, tmp_path):
    if "prefect" in (ROOT / page).read_text(encoding="utf-8"):
        pytest.importorskip("prefect", reason="flows need the extra `flows`")
    changed = changed_answers(page, tmp_path)

    assert not changed, "\n".join(told(*each) for each in changed)


def test_every_page_people_write_is_run():
    written = {str(path.relative_to(ROOT)) for path in ROOT.glob("docs/*.md")}
    made = {"docs/reference.md", "docs/statements.md"}

    assert written | {"README.md"} == {*GUIDES, *made}


def test_every_question_of_the_cookbook_has_its_query_and_its_answer():
    numbers = re.findall(r"^## (\d+)\. ", COOKBOOK, re.MULTILINE)
    asked = [block for block in blocks(COOKBOOK) if block.language == "sql"]

    assert numbers == [str(number) for number in range(1, len(asked) + 1)]
    assert len(asked) >= 20
    assert all(block.answer for block in asked)


INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
PAGES = ["README.md", "SECURITY.md", *(f"docs/{path.name}" for path in ROOT.glob("docs/*.md"))]


def spans(page):
    """Return what a page says in the line as something to type, without its blocks."""
    text = re.sub(
        r"^```.*?^```$", "", (ROOT / page).read_text("utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    return [" ".join(span.split()) for span in INLINE.findall(text)]


def unknown_words(span):
    """Return the words of a `pith` line that no command or option has; placeholders pass."""
    command, wrong = pith, []
    for word in span.split()[1:]:
        if isinstance(command, click.Group) and not word.startswith("-"):
            found = [command.commands.get(name) for name in word.split("|")]
            if None in found and not word.isupper():
                return [word]
            command = found[0] if len(found) == 1 and found[0] else click.Command("")
        elif word.startswith("--"):
            options = [name for each in command.params for name in each.opts]
            known = [*options, "--help", "--version"]
            wrong += [] if word.partition("=")[0] in known or not command.params else [word]
    return wrong


@pytest.mark.parametrize("page", [page for page in PAGES if (ROOT / page).exists()])
def test_a_command_in_the_line_names_commands_options_and_targets_that_there_are(page):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    wrong = []
    for span in spans(page):
        if span.startswith("pith "):
            wrong += [(span, word) for word in unknown_words(span)]
        if made := re.match(r"make ([a-z-]+)", span):
            wrong += [] if re.search(rf"^{made[1]}:", makefile, re.MULTILINE) else [(span, "make")]
        if installed := re.match(r"pip install (.*)", span):
            check_install(installed[1])

    assert wrong == []


def test_a_command_that_there_is_not_is_found():
    assert unknown_words("pith keys borrow") == ["borrow"]
    assert unknown_words("pith audit --roots --rows") == ["--rows"]
    assert unknown_words("pith show REF --as record|bundle") == []
    assert unknown_words("pith attest author|correction") == []


PAGE = """\
```sh
pith gaps
```

```text
no gaps
```

```diagram
a ─▶ b
```

```sql
from by_year
```

Not an answer, since there are words between:

```text
year
```
"""


def test_only_a_text_right_below_is_an_answer():
    found = [(block.language, block.body, block.answer) for block in blocks(PAGE)]

    assert found == [
        ("sh", "pith gaps\n", "no gaps\n"),
        ("diagram", "a ─▶ b\n", None),
        ("sql", "from by_year\n", None),
        ("text", "year\n", None),
    ]


def test_an_answer_may_differ_in_what_is_never_the_same_and_in_nothing_else():
    digest, other = "0" * 64, "f" * 64

    assert agrees(f"made {digest} on 2026-11-26\n", f"made {other} on 2027-01-01  \n")
    assert agrees("one\n…\nlast\n", "one\ntwo\nthree\nlast\n")
    assert agrees("one\n…\n", "one\n")
    assert agrees("301 minted\n", "120 papers\n301 minted\n")
    assert not agrees("one\n…\nlast\n", "one\ntwo\n")
    assert not agrees("301 minted\n", "300 minted\n")
    assert not agrees("", "300 minted\n")
    assert not agrees("submitted 2008-11-26\n", "submitted 2008-11-27\n")
