"""The page of the manual that lists what can be attested, made of its one definition.

Run `python -m tests.statements_page > docs/statements.md` after a change.
"""

import sys

from pith_builder.core.form import Text
from pith_builder.core.statements import STATEMENTS

HEAD = """\
# What can be attested

`pith attest KIND REF …` makes one event of these types. FORMAT.md 7 leaves their payloads open:
these fields are what Pith Builder writes; another's payload is any object, carried untouched. What
is not given is null. Fields marked *derived* follow from the record or the proof.
"""


def page():
    """Return the page."""
    return HEAD + "".join(map(_section, STATEMENTS))


def _section(statement):
    rows = "".join(map(_row, statement.fields))
    return (
        f"\n## {statement.name}: `{statement.event_type}`, target `{statement.target}`\n\n"
        f"{statement.about}\n\n| field | | |\n|---|---|---|\n{rows}\n"
        f"`pith attest {statement.name} 1804.01852 {statement.example}`\n"
    )


def _row(field):
    kind = "derived" if not field.is_given else "optional" if field.is_optional else ""
    if field.otherwise is not None:
        kind = f"otherwise {field.otherwise}"
    about = field.about
    if isinstance(field.form, Text) and field.form.wanted.startswith("one of"):
        about = f"{about[:-1]}: {field.form.wanted}."
    return f"| `{field.name}` | {kind} | {about} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
