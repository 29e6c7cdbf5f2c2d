"""The commands of the open graph: merge and import."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pith_builder.console import (
    json_option,
    lake_option,
    now_option,
    print_json,
    progress_shown,
    say,
    standard_input,
    target_of,
    trust_option,
    wait_option,
    workers_option,
)
from pith_builder.errors import UsageError
from pith_builder.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pith_builder.operations.merging import Merged
    from pith_builder.operations.offers import Offer, Refused
    from pith_builder.operations.taking_in import TakenIn
    from pith_builder.sources.lines import PlacedBlock

files_argument = click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)


@click.command()
@files_argument
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="Store what is new in this lake instead of printing states.",
)
@click.option(
    "--proof",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a proof of what contradicts itself to this file; of a second record to FILE-2.",
)
@trust_option
@now_option
@workers_option
@wait_option
@json_option
def merge(
    files: tuple[Path, ...],
    into: Path | None,
    proof: Path | None,
    trust: tuple[Path, ...],
    now: datetime | None,
    workers: int,
    wait: float,
    as_json: bool,
) -> None:
    """Merge bundles and events, from any number of mirrors, to the states of their records.

    FILE is a bundle, a record document, an event, an array or JSON lines of them, plain or packed,
    - being standard input. Trust comes from the keys this command is given. With --into the lake
    gets the events that it does not hold; only the bundles and states that they touch are built
    and signed anew. Exit code 0: all was taken; 4: something does not hold, which was left out;
    3: something is no Pith document.

    \b
    pith merge ours.json theirs.jsonl --trust their-key.json
    """
    settings = Settings.of(os.environ, trust)
    if into is not None:
        if proof is not None:
            raise UsageError("--proof goes without --into: merge the same files for the proof")
        from pith_builder.operations.offers import read_in_stretches

        offers = read_in_stretches(files, standard_input())
        _take("merge", files, offers, into, settings, now, workers, wait, as_json)
        return
    from pith_builder.operations.merging import Merged, exit_code, merge_files

    keyring = settings.keyring()
    reasons: list[str] = []
    states: list[Any] = []
    refused: list[Refused] = []
    proved: list[Merged] = []
    for found in merge_files(files, standard_input(), keyring):
        if isinstance(found, Merged):
            refused += found.refused
            proved += [found] if found.equivocations else []
            if as_json and found.state is not None:
                states.append(json.loads(found.state.document))
            elif not as_json:
                _show_merged(found)
        else:
            refused.append(found)
    reasons += (one.reason for one in refused)
    if as_json:
        print_json({"refused": [one.to_json_object() for one in refused], "states": states})
    else:
        show_refused(refused)
    if proof is not None:
        _write_proofs(proof, proved)
    sys.exit(exit_code(reasons))


def _show_merged(found: Merged) -> None:
    state = found.state
    if state is None:
        return
    say(
        f"{found.number}  state {state.state_sha256}: {state.event_count} events, "
        f"{state.valid_event_count} valid, {state.invalid_event_count} invalid, "
        f"{state.equivocation_count} equivocations"
    )
    for one in found.invalid:
        say(f"  invalid: {one.event_id}: {one.reason}")
    for equivocation in found.equivocations:
        after = f" after {equivocation.prev_event}" if equivocation.prev_event else ""
        say(f"  equivocation: {equivocation.signer_id}, {equivocation.event_type}{after}:")
        for event in equivocation.events:
            say(f"    {event.event_id} of {event.created_at}")


def show_refused(refused: list[Refused]) -> None:
    """Print what was not taken, and why."""
    for one in refused:
        place = f"{one.source} line {one.line}" if one.line else one.source
        named = " ".join(name for name in (one.number, one.event_id) if name)
        parts = ("refused", place, named, one.reason, one.message)
        say(": ".join(part for part in parts if part))


def _write_proofs(proof: Path, proved: list[Merged]) -> None:
    from pith_builder.core.proof import proof_document
    from pith_builder.disk import Disk, write_whole

    for index, found in enumerate(proved, 1):
        place = proof if index == 1 else proof.with_name(f"{proof.stem}-{index}{proof.suffix}")
        write_whole(Disk(), place, proof_document(found.number, found.equivocations))
        click.echo(f"wrote {place}: {found.number}", err=True)
    if not proved:
        click.echo("nothing contradicts itself: no proof was written", err=True)


@click.command("import")
@click.argument(
    "places",
    nargs=-1,
    required=True,
    metavar="DIR|FILE...",
    type=click.Path(path_type=Path, allow_dash=True),
)
@lake_option
@trust_option
@now_option
@workers_option
@wait_option
@json_option
def import_(
    places: tuple[Path, ...],
    lake: Path | None,
    trust: tuple[Path, ...],
    now: datetime | None,
    workers: int,
    wait: float,
    as_json: bool,
) -> None:
    """Import a release dump, a mirror's tree, or published documents, as what they are.

    DIR is a dump as `pith export parquet` writes it, or any lake; a tree as `pith export mirror`
    writes it; or a folder of documents. FILE is as with `pith merge`. Receipts and signatures stay
    their signers'; a bundle stays as it was published unless something is added to it.
    Importing again adds nothing.

    \b
    pith import mirror/ --trust their-key.json
    """
    from pith_builder.operations.importing import read_imports

    settings = Settings.of(os.environ, trust)
    offers = read_imports(places, standard_input(), settings.keyring())
    _take("import", places, offers, lake, settings, now, workers, wait, as_json)


def _take(
    operation: str,
    places: tuple[Path, ...],
    offers: Iterable[Offer | PlacedBlock | Refused],
    lake: Path | None,
    settings: Settings,
    now: datetime | None,
    workers: int,
    wait: float,
    as_json: bool,
) -> None:
    """Take in what these places offer, and say what came of it.

    What is offered may be large: what hashing it takes is done beside the rest.
    """
    from concurrent.futures import ThreadPoolExecutor

    from pith_builder.operations.offers import is_shared
    from pith_builder.operations.processes import begin_server

    target = target_of(settings, lake, now, workers, wait)
    if workers > 1 and any(map(is_shared, places)):
        begin_server("pith_builder.operations.taking_in", huge_pages=True)
    from pith_builder.operations.run_facts import files_read
    from pith_builder.operations.taking_in import take_in

    with ThreadPoolExecutor(1) as beside, progress_shown("records") as progress:
        read = beside.submit(files_read, places)
        taken = take_in(
            target,
            settings.keyring(),
            offers,
            operation=operation,
            sources=read.result,
            is_import=operation == "import",
            progress=progress,
        )
    _show_taken(taken, as_json)


def _show_taken(taken: TakenIn, as_json: bool) -> None:
    from pith_builder.operations.merging import exit_code

    result = taken.result
    if as_json:
        print_json(
            {
                "build_id": result.build_id,
                "committed": result.committed,
                "events": {
                    "known": taken.known,
                    "new": taken.new,
                    "refused": taken.refused,
                    "refused_by_reason": dict(taken.refused_by_reason),
                    "seen": taken.seen,
                },
                "manifest_sha256": result.manifest_sha256,
                "records": {
                    "added": result.minted,
                    "changed": taken.changed,
                    "listed": taken.numbers,
                    "rejected": result.rejected,
                    "seen": result.seen,
                    "unchanged": result.unchanged - taken.changed,
                },
                "refused": [one.to_json_object() for one in taken.listed],
                "sequence": result.sequence,
            }
        )
    else:
        click.echo(
            f"{taken.seen} events seen: {taken.new} new, {taken.known} known, "
            f"{taken.refused} refused"
        )
        click.echo(
            f"{result.seen} records: {result.minted} added, {taken.changed} changed, "
            f"{result.unchanged - taken.changed} unchanged, {result.rejected} rejected"
        )
        show_refused(taken.listed)
        if taken.refused > len(taken.listed):
            click.echo(f"and {taken.refused - len(taken.listed)} more refused")
        click.echo(
            f"committed manifest {result.sequence}"
            if result.committed
            else "nothing new, nothing committed"
        )
    sys.exit(exit_code(taken.refused_by_reason))
