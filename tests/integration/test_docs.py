"""Every command and query of the guides runs, and prints what is printed below it."""

import re

import pytest

from tests.docs import GUIDES, agrees, blocks, changed_answers
from tests.lakes import ROOT

COOKBOOK = (ROOT / "docs" / "cookbook.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", GUIDES)
def test_a_page_prints_what_its_commands_print(page, tmp_path):
    if "prefect" in (ROOT / page).read_text(encoding="utf-8"):
        pytest.importorskip("prefect", reason="flows need the extra `flows`")
    changed = changed_answers(page, tmp_path)

    assert [(block.body, block.answer, found) for block, found in changed] == []


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
    assert not agrees("one\n…\nlast\n", "one\ntwo\n")
    assert not agrees("301 minted\n", "300 minted\n")
    assert not agrees("", "300 minted\n")
    assert not agrees("submitted 2008-11-26\n", "submitted 2008-11-27\n")
