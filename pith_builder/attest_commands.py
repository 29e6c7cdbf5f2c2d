"""The command `pith attest`: one subcommand for each kind of statement, made of its definition."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pith_builder.console import (
    clock,
    json_option,
    lake_option,
    now_option,
    print_json,
    target_of,
    trust_option,
    wait_option,
)
from pith_builder.core.form import Integer, Text
from pith_builder.core.statements import STATEMENTS, Field, Statement
from pith_builder.errors import UsageError
from pith_builder.graph_commands import show_refused
from pith_builder.settings import Settings

if TYPE_CHECKING:
    from pith_builder.operations.attesting import Subject


@click.group()
def attest() -> None:
    """State something of a record: make, sign and store one event."""


def _attesting(statement: Statement) -> click.Command:
    """Return the command that makes one kind of statement; its options are the fields."""

    @click.pass_context
    def command(context: click.Context, /, **chosen: Any) -> None:
        del context
        _attest(statement, chosen)

    command.__doc__ = (
        f"{statement.about}\n\n"
        f"It makes an event of type {statement.event_type}, signed with your key, and stores it "
        "in the lake; with --out it is only written, and REF is a whole Pith Number.\n\n"
        f"\b\npith attest {statement.name} 1804.01852 {statement.example}\n"
    )
    decorators: list[Callable[[Any], Any]] = [click.argument("ref")]
    decorators += [_field_option(field) for field in statement.fields if field.is_given]
    if statement.event_type == "timestamp_anchor":
        decorators.append(
            click.option(
                "--proof",
                type=click.Path(path_type=Path, dir_okay=False, exists=True),
                help="A detached OpenTimestamps proof of the canonical record.",
            )
        )
    decorators += [
        click.option(
            "--supersedes",
            multiple=True,
            metavar="EVENT_ID",
            help="An earlier event of yours that this one takes the place of. Repeatable.",
        ),
        click.option("--prev-event", metavar="EVENT_ID", help="The event this one follows."),
        click.option(
            "--out",
            type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
            help="Write the signed event to this file, - for standard output, and store nothing.",
        ),
        lake_option,
        trust_option,
        now_option,
        wait_option,
        json_option,
    ]
    decorated: Any = command
    for decorator in reversed(decorators):
        decorated = decorator(decorated)
    made: click.Command = click.command(statement.name)(decorated)
    return made


def _field_option(field: Field) -> Callable[[Any], Any]:
    about = field.about
    if isinstance(field.form, Text) and field.form.wanted.startswith("one of"):
        about = f"{about[:-1]}: {field.form.wanted}."
    if field.otherwise is not None:
        about = f"{about}  [default: {field.otherwise}]"
    return click.option(
        f"--{field.name.replace('_', '-')}",
        field.name,
        required=not field.is_optional and field.otherwise is None,
        type=int if isinstance(field.form, Integer) else str,
        help=about,
    )


for _statement in STATEMENTS:
    attest.add_command(_attesting(_statement))


def _attest(statement: Statement, chosen: dict[str, Any]) -> None:
    from pith_builder.core.lineage import Input
    from pith_builder.disk import Disk, write_whole
    from pith_builder.operations.attesting import attested, notes_on, offer_of
    from pith_builder.operations.taking_in import take_in

    settings = Settings.of(os.environ, chosen["trust"])
    out: Path | None = chosen["out"]
    now = chosen["now"] or clock()
    target = target_of(settings, chosen["lake"], now, 1, chosen["wait"])
    subject = _subject(chosen["ref"], target.lake, is_stored=out is None)
    proof: Path | None = chosen.get("proof")
    event = attested(
        statement,
        subject,
        {field.name: chosen[field.name] for field in statement.fields if field.is_given},
        signer=target.signer,
        signer_id=settings.registry.signer_id,
        now=now,
        supersedes=chosen["supersedes"],
        prev_event=chosen["prev_event"],
        proof=None if proof is None else proof.read_bytes(),
    )
    if out is not None:
        if str(out) == "-":
            click.echo(event.document)
        else:
            write_whole(Disk(), out, event.document)
            click.echo(f"wrote {out}: {event.event_id}", err=True)
        return
    notes = (
        notes_on(event, _stated_by(subject, target.lake))
        if chosen["supersedes"] or chosen["prev_event"]
        else []
    )
    taken = take_in(
        target,
        settings.keyring(),
        [offer_of(event, subject)],
        operation="attest",
        sources=lambda: [Input(namespace="statement", name=statement.event_type)],
    )
    if chosen["as_json"]:
        committed = taken.result.committed
        print_json({"event": json.loads(event.document), "committed": committed, "notes": notes})
    else:
        for note in notes:
            click.echo(f"note: {note}", err=True)
        show_refused(taken.listed)
        click.echo(f"{subject.number}  {event.event_type}  {event.event_id}")
    sys.exit(4 if taken.refused else 0)


def _subject(ref: str, lake: Path, *, is_stored: bool) -> Subject:
    """Return the record that is spoken of: of the lake, or, if nothing is stored, by its number."""
    from pith_builder.core.canonical import RecordDigest
    from pith_builder.core.number import PithNumber
    from pith_builder.errors import MalformedError
    from pith_builder.lake.query import connect, sought
    from pith_builder.operations.attesting import Subject
    from pith_builder.operations.resolve import resolve

    if not is_stored:
        try:
            return Subject(number=PithNumber.parse(ref))
        except MalformedError as error:
            raise UsageError(f"with --out, REF is a whole Pith Number: {error}") from error
    connection = connect(lake)
    number = resolve(connection, ref).record.pith_number
    ((digest,),) = sought(connection, "records", number, ["canonical_sha256"])
    return Subject(number=PithNumber.parse(number), digest=RecordDigest(bytes.fromhex(digest)))


def _stated_by(subject: Subject, lake: Path) -> dict[str, str]:
    """Return who stated the events that a lake holds of a record, by id."""
    from pith_builder.lake.query import connect, sought

    return dict(sought(connect(lake), "events", str(subject.number), ["event_id", "signer_id"]))
