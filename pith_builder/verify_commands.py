"""The commands that prove, and that check what others prove: verify and prove."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from pith_builder.console import (
    json_option,
    lake_option,
    print_json,
    say,
    standard_input,
    trust_option,
)
from pith_builder.settings import Settings


@click.command()
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@trust_option
@json_option
def verify(files: tuple[Path, ...], trust: tuple[Path, ...], as_json: bool) -> None:
    """Verify bundles, states, records, events, manifests and public keys, - being standard input.

    Trust comes from the keys this command is given, never from a document: the public registry's
    key, your own, and those of --trust. Every failure is told, with its place. Exit code 0: all
    hold; 4: something does not; 3: something is no Pith document.

    \b
    pith verify bundle.json --trust their-key.json
    """
    from pith_builder.operations.verify_files import exit_code, verify_file

    keyring = Settings.of(os.environ, trust).keyring()
    reports = [(file, verify_file(file, keyring, standard_input())) for file in files]
    code = exit_code([report for _, report in reports])
    if as_json:
        listed = [{"file": str(file), **report.to_json_object()} for file, report in reports]
        print_json({"documents": listed, "ok": code == 0})
    else:
        for file, report in reports:
            verdict = "FAILED" if report.failures else "ok"
            say(f"{verdict}  {file}: {report.kind} {report.name}".rstrip())
            for failure in report.failures:
                say(f"  {failure.path or '/'}: {failure.code}: {failure.message}")
    sys.exit(code)


@click.command()
@click.argument("ref")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file instead of standard output.",
)
@lake_option
@json_option
def prove(ref: str, out: Path | None, lake: Path | None, as_json: bool) -> None:
    """Prove that a record is in the lake, in one small file for those who have not the lake.

    It holds the record, its receipt, its way up to the content root, and the signed manifest.
    `pith verify` checks it by the registry's public key alone. REF is as with `pith resolve`.

    \b
    pith prove 1804.01852 --out proof.json
    """
    from pith_builder.disk import Disk, write_whole
    from pith_builder.lake.store import open_lake
    from pith_builder.operations.proving import proof_of

    del as_json  # a proof is JSON
    document = proof_of(open_lake(lake or Settings.of(os.environ).lake), ref)
    if out is None:
        click.echo(document)
    else:
        write_whole(Disk(), out, document)
