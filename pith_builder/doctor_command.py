"""The command that looks after an installation: `pith doctor`."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pith_builder.console import clock, json_option, lake_option, print_json, say, trust_option
from pith_builder.settings import Settings

if TYPE_CHECKING:
    from datetime import datetime

    from pith_builder.operations.checkup import Finding


@click.command()
@click.option("--network", is_flag=True, help="Ask arXiv's services, too: one request to each.")
@lake_option
@trust_option
@json_option
def doctor(network: bool, lake: Path | None, trust: tuple[Path, ...], as_json: bool) -> None:
    """Check installation, keys, lake, lock, disk and clock, and say what to do.

    Nothing is changed, and without --network nobody is asked. Exit code 0: all is well, or only
    warned of; otherwise that of the worst finding, by who must act.

    \b
    pith doctor --network
    """
    from pith_builder.operations.checkup import worst

    settings = Settings.of(os.environ, trust)
    findings = _findings(settings, lake or settings.lake, clock(), network=network)
    code = worst(findings)
    if as_json:
        listed = [
            {
                "check": each.check,
                "exit_code": each.exit_code,
                "found": each.found,
                "todo": each.todo,
                "verdict": each.verdict,
            }
            for each in findings
        ]
        print_json({"exit_code": code, "findings": listed})
    else:
        for each in findings:
            say(f"{each.verdict:8} {each.check}: {each.found}")
            if each.todo:
                say(f"         do: {each.todo}")
    sys.exit(code)


def _findings(settings: Settings, lake: Path, now: datetime, *, network: bool) -> list[Finding]:
    from pith_builder.operations import checkup
    from pith_builder.operations.checkup import Finding, Verdict, checked

    trusted = checked("trusted keys", lambda: checkup.look_at_trust(settings.trusted()))
    findings = [
        *checked("installation", checkup.look_at_installation),
        *checked("signing key", lambda: checkup.look_at_key(settings.signing_key_file, now)),
        *trusted,
    ]
    if all(each.verdict is not Verdict.FAILED for each in trusted):
        findings += checked("lake", lambda: checkup.look_at_lake(lake, settings.keyring()))
    findings += [
        *checked("lock", lambda: checkup.look_at_lock(lake)),
        *checked("disk", lambda: checkup.look_at_disk(lake)),
        *checked("clock", lambda: checkup.look_at_clock(lake, now)),
    ]
    if not network:
        skipped = Finding("endpoints", Verdict.SKIPPED, "nobody was asked; --network asks arXiv")
        return [*findings, skipped]
    return findings + _endpoints(settings, now)


def _endpoints(settings: Settings, now: datetime) -> list[Finding]:
    from pith_builder.operations.checkup import checked
    from pith_builder.operations.endpoints import look_at_api, look_at_oai
    from pith_builder.sources.fetching import Patience

    once = replace(settings.source(), patience=Patience(attempts=1))
    return [
        *checked("OAI-PMH", lambda: look_at_oai(once, now)),
        *checked("query API", lambda: look_at_api(settings.api_url, once)),
    ]
