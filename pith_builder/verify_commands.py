"""The commands that prove, and that check what others prove: verify and prove."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pith_builder.console import (
    json_option,
    lake_option,
    print_json,
    say,
    standard_input,
    trust_option,
    workers_option,
)
from pith_builder.errors import UsageError, VerificationError
from pith_builder.settings import Settings

if TYPE_CHECKING:
    from pith_builder.signing.ed25519 import TrustedKeys


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.option(
    "--since",
    "earlier",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="MANIFEST",
    help="Instead of files: show that the lake only adds to what this manifest of it stated.",
)
@lake_option
@trust_option
@workers_option
@json_option
def verify(
    files: tuple[Path, ...],
    earlier: Path | None,
    lake: Path | None,
    trust: tuple[Path, ...],
    workers: int,
    as_json: bool,
) -> None:
    """Verify bundles, states, records, events and other documents, - being standard input.

    Those are proofs, manifests, public keys, and a mirror's graph snapshots and list of mirrors.

    With --since a manifest that you kept is compared with the lake as it is now: the lake's chain
    contains it, and every row that it stated is there. What was changed or removed is told.

    Trust comes from the keys this command is given, never from a document: the public registry's
    key, your own, and those of --trust. Every failure is told, with its place. Exit code 0: all
    hold; 4: something does not; 3: something is no Pith document.

    \b
    pith verify bundle.json --trust their-key.json
    pith verify --since kept.json --lake their-lake --trust their-key.json
    """
    from pith_builder.operations.verify_files import exit_code, verify_file

    if (earlier is None) == (not files):
        raise UsageError("wanted files to verify, or --since with a manifest, and one of them")
    settings = Settings.of(os.environ, trust)
    keyring = settings.keyring()
    if earlier is not None:
        _show_since(earlier, lake or settings.lake, keyring, workers, as_json)
        return
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


def _show_since(
    earlier: Path, lake: Path, keyring: TrustedKeys, workers: int, as_json: bool
) -> None:
    from pith_builder.operations.since import read_earlier, since

    try:
        manifest = read_earlier(earlier.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {earlier}: {error.strerror}") from error
    found = since(lake, manifest, keyring, workers)
    if as_json:
        print_json(found.to_json_object())
    else:
        for name, table in found.tables.items():
            anew = f", {table.made_anew} made anew" if table.made_anew else ""
            unknown = "" if table.is_compared else "; not compared, the earlier parts are gone"
            if table.rows_now:
                say(f"{name}: {table.rows_then} rows then, {table.rows_now} now{anew}{unknown}")
        for finding in found.findings:
            key = f" ({finding.key})" if finding.key else ""
            say(f"{finding.place}{key}: {finding.code}: {finding.message}")
        verdict = f"FAILED: {len(found.findings)} findings" if found.findings else "ok"
        click.echo(f"{verdict}: manifest {found.now} since manifest {found.then}")
    sys.exit(VerificationError.exit_code if found.findings else 0)


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
