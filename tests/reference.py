"""The reference page of the manual, made of the code: commands, settings, tables, documents.

Run `python -m tests.reference > docs/reference.md` after a change.
"""

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

import click

from pith_builder import errors
from pith_builder.cli import pith
from pith_builder.core.schemas import schema_documents
from pith_builder.lake.catalogue import columns, tables
from pith_builder.lake.query import connect
from pith_builder.lake.tables import TABLES
from pith_builder.settings import VARIABLES
from tests.lakes import build, line

MANY = 7
"""How many commands have an option that is told once for all of them."""

HEAD = """\
# Reference

Made from the code by `python -m tests.reference`; a test holds that it is what the code says.
[Commands](#commands) · [Settings](#settings) · [Exit codes](#exit-codes) ·
[The lake's files](#the-lakes-files) · [Tables](#tables) · [Views and macros](#views-and-macros) ·
[Documents](#documents)
"""

EXIT_CODES = """
## Exit codes

Results go to standard output, everything else to standard error; our errors are one line.

"""

FILES = """
## The lake's files

```diagram
lake/
  CURRENT                   names the live manifest; replaced by one atomic rename: the commit
  manifests/00000042.json   what the lake holds as of one commit, signed, naming the one before
  tables/records/….parquet  immutable parts, named by table, sequence and content
  pith.sql                  views and macros over the live manifest, rewritten at each commit
  .lock                     held by the one writer
```

Parts are Parquet with zstd and page checksums, their rows sorted by the table's key. `row_sha256`,
the last column of every table, is a leaf of the table's content root: a Merkle root after RFC 6962
over the sorted digests of its rows, which depends on the rows alone. Columns marked ✓ enter the
digest; the others follow from one that does, or say where and when a row was observed, which
differs between lakes of one content.
"""

DOCUMENTS = """
## Documents

Canonical JSON; a mirror serves their schemas. A dot stands for an object within, `[]` for each of
a list.
"""


def page():
    """Return the page."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Path(folder) / "lake"
        build(lake, line() + b"\n")
        derived = _derived(connect(lake))
    made = (HEAD, _commands(), _settings(), _exit_codes(), FILES, _tables(), derived, _documents())
    return "".join(made)


def _cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def _table(*rows):
    head, *rest = [" | ".join(map(_cell, row)) for row in rows]
    rule = "|".join("---" for _ in rows[0])
    return "\n".join([f"| {head} |", f"|{rule}|", *(f"| {row} |" for row in rest)]) + "\n"


def _commands():
    shared = _shared_options()
    rows = ((f"`{name}`", text) for name, text in shared)
    found = ["\n## Commands\n\nMany take these options:\n\n" + _table(("option", ""), *rows)]
    for path, command in commands(pith):
        context = _context(command)
        usage = " ".join(command.collect_usage_pieces(context))
        about, example = _help(command)
        found.append(
            f"\n### pith {' '.join(path)}\n\n`pith {' '.join(path)} {usage}`\n\n{about}\n\n"
        )
        options = [option for option in command.params if isinstance(option, click.Option)]
        rows = [option.get_help_record(context) for option in options]
        own = [(f"`{name}`", text) for name, text in rows if (name, text) not in shared]
        others = [f"`{name}`" for name, text in rows if (name, text) in shared]
        if own:
            found.append(_table(("option", ""), *own) + "\n")
        found.append(f"And {', '.join(others)}.\n")
        found.append("\n" + "".join(f"    {each}\n" for each in example))
    return "".join(found)


def _shared_options():
    """Return the options, as help shows them, that five commands or more have."""
    shown = Counter(
        option.get_help_record(_context(command))
        for _, command in commands(pith)
        for option in command.params
        if isinstance(option, click.Option)
    )
    return [record for record, count in shown.items() if count >= MANY]


def _context(command):
    """Return a context as `pith` makes it: a command keeps the help option it is first given."""
    return click.Context(command, **pith.context_settings)


def commands(group, path=()):
    """Yield every command with its path, in the order that help lists them in."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(None, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def _help(command):
    """Return a command's help in paragraphs, and the lines to paste that it ends in."""
    text, _, example = command.help.partition("\b\n")
    return " ".join(text.split()), example.strip().splitlines()


def _settings():
    rows = ((f"`{each.name}`", each.about, each.otherwise) for each in VARIABLES)
    return "\n## Settings\n\nEnvironment variables:\n\n" + _table(
        ("variable", "what", "otherwise"), *rows
    )


def _exit_codes():
    by_code = {}
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    for kind in kinds:
        if issubclass(kind, errors.PithError) and kind is not errors.PithError:
            by_code.setdefault(kind.exit_code, []).append(kind.__doc__.splitlines()[0])
    by_code = {0: ["All is well."], **by_code, 130: ["Interrupted; what was committed stands."]}
    rows = ((code, " ".join(said)) for code, said in sorted(by_code.items()))
    return EXIT_CODES + _table(("code", ""), *rows)


def _tables():
    found = ["\n## Tables\n"]
    for table in TABLES.values():
        key = ", ".join(f"`{name}`" for name in table.key)
        found.append(f"\n### {table.name}\n\n{table.about} Sorted by, and unique in, {key}.\n\n")
        rows = (
            (f"`{each.name}`", each.kind, "✓" if each.is_hashed else "", each.about)
            for each in table.columns
        )
        found.append(_table(("column", "type", "✓", ""), *rows))
    return "".join(found)


def _derived(connection):
    """Return the views and macros, with the columns of each."""
    found = ["\n## Views and macros\n"]
    for signature, kind, about in tables(connection).rows:
        name = signature.partition("(")[0]
        if kind == "table":
            continue
        found.append(f"\n### {signature}\n\n*{kind.capitalize()}.* {about}\n")
        if kind != "macro":
            rows = columns(connection, name)[1].rows
            found.append(
                "\n" + _table(("column", "type", ""), *((f"`{c}`", t, a) for c, t, a in rows))
            )
    return "".join(found)


def _documents():
    found = [DOCUMENTS]
    shared = {}
    for path, schema in schema_documents("").items():
        found.append(f"\n### {schema['title']}\n\n{schema['description']} Schema: `{path}`.\n\n")
        found.append(_table(("field", "form"), *_fields(schema, "")))
        shared |= schema.get("$defs", {})
    for name, schema in sorted(shared.items()):
        if "properties" in schema:
            found.append(f"\n### {name}\n\n*Part of documents.*\n\n")
            found.append(_table(("field", "form"), *_fields(schema, "")))
    return "".join(found)


def _fields(schema, before):
    """Yield the fields of an object, those of objects within it after their place."""
    for name, inner in schema.get("properties", {}).items():
        place = f"{before}{name}"
        is_optional = name not in schema.get("required", ())
        yield f"`{place}`", _form(inner) + (", or absent" if is_optional else "")
        element = (
            inner.get("items", inner) if isinstance(inner.get("items", inner), dict) else inner
        )
        mark = "[]." if "items" in inner else "."
        yield from _fields(element, f"{place}{mark}")


def _form(schema):
    """Say in words what a schema takes."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})"
    if "const" in schema:
        return "null" if schema["const"] is None else f"`{schema['const']}`"
    if "anyOf" in schema:
        return " or ".join(map(_form, schema["anyOf"]))
    kind = schema.get("type", "any value")
    kinds = kind if isinstance(kind, list) else [kind]
    return " or ".join(_plain_form(schema, each) for each in kinds)


def _plain_form(schema, kind):
    """Say what a schema takes that names one type."""
    said = "text" if kind == "string" else kind
    if kind == "array":
        said = f"list of {_form(schema.get('items', {}))}"
    elif kind == "string" and "pattern" in schema:
        said = f"text, `{schema['pattern']}`"
    elif kind == "integer" and "minimum" in schema:
        said = f"integer from {schema['minimum']}"
    elif kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        said = f"object, each value {_form(schema['additionalProperties'])}"
    return said


if __name__ == "__main__":
    os.environ["COLUMNS"] = "100"
    sys.stdout.write(page())
