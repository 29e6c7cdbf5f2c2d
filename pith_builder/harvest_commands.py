"""The commands that harvest arXiv: nightly, backfill, gaps."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pith_builder.console import (
    clock,
    counts,
    day_option,
    force_option,
    json_option,
    keep_raw_option,
    lake_option,
    month_option,
    now_option,
    print_json,
    progress_shown,
    replay_option,
    show_counts,
    standard_input,
    target_of,
    wait_option,
    workers_option,
)
from pith_builder.errors import UsageError
from pith_builder.settings import Settings

if TYPE_CHECKING:
    from pith_builder.operations.backfill import BackfillPlan
    from pith_builder.operations.harvest import Stretch
    from pith_builder.operations.transaction import BuildResult


@click.command()
@day_option("since", "The first day of datestamps to read; the first nightly wants it.")
@click.option("--set", "set_spec", default="", help="One OAI-PMH set; otherwise all of arXiv.")
@click.option("--dry-run", is_flag=True, help="Say what would be read, and read nothing.")
@force_option
@keep_raw_option
@replay_option
@lake_option
@now_option
@workers_option
@wait_option
@json_option
def nightly(
    since_on: date | None,
    set_spec: str,
    dry_run: bool,
    is_forced: bool,
    keep_raw: Path | None,
    replay: Path | None,
    lake: Path | None,
    now: datetime | None,
    workers: int,
    wait: float,
    as_json: bool,
) -> None:
    """Harvest what arXiv has changed since the last day that was read.

    Gaps that an audit found or an outage left are read first. Windows overlap by a day; papers
    that did not change cost nothing. Each window is one commit, rows and ledger together.

    \b
    pith nightly --since 2026-11-01
    """
    from pith_builder.operations.harvest import opened_source
    from pith_builder.operations.nightly import nightly as run
    from pith_builder.operations.nightly import plan_nightly

    settings = Settings.of(os.environ)
    place = lake or settings.lake
    stretches = plan_nightly(place, settings.oai_url, set_spec, since_on)
    for stretch in stretches:
        click.echo(f"to read: {stretch}", err=True)
    if dry_run:
        if as_json:
            print_json([str(stretch) for stretch in stretches])
        return
    target = target_of(settings, lake, now, workers, wait)
    reaching = settings.source(keep_raw, replay)
    with opened_source(reaching) as source, progress_shown("papers") as progress:
        results = run(
            target, source, set_spec, since=since_on, is_forced=is_forced, progress=progress
        )
    _show(results, as_json)


@click.command()
@click.argument("category")
@month_option("from", "The first month of datestamps.")
@month_option("until", "The last month of datestamps.")
@click.option("--dry-run", is_flag=True, help="Show the plan, its requests and time; read nothing.")
@click.option(
    "--snapshot",
    type=click.Path(path_type=Path),
    help="Take the papers from a bulk-snapshot file instead of OAI-PMH.",
)
@force_option
@keep_raw_option
@replay_option
@lake_option
@now_option
@workers_option
@wait_option
@json_option
def backfill(
    category: str,
    from_month: date,
    until_month: date,
    dry_run: bool,
    snapshot: Path | None,
    is_forced: bool,
    keep_raw: Path | None,
    replay: Path | None,
    lake: Path | None,
    now: datetime | None,
    workers: int,
    wait: float,
    as_json: bool,
) -> None:
    """Harvest a category month by month, skipping what was read before.

    CATEGORY is one of arXiv's, such as cs.LG. Months are of datestamps, the day of a paper's last
    change, as OAI-PMH selects them. Each month is one commit: stopped midway, the same command
    goes on where it was.

    \b
    pith backfill cs.LG --from 2019-01 --until 2019-12 --dry-run
    """
    from pith_builder.operations.backfill import backfill as run
    from pith_builder.operations.backfill import (
        backfill_snapshot,
        check_category,
        month_days,
        plan_backfill,
    )
    from pith_builder.operations.harvest import opened_source
    from pith_builder.sources.oai import get_set_specs
    from pith_builder.sources.sets import checked_set_spec, set_spec

    settings = Settings.of(os.environ)
    wanted = month_days(from_month, until_month, (now or clock()).date())
    place = lake or settings.lake
    if snapshot is not None:
        if str(snapshot) != "-" and (snapshot.is_dir() or not snapshot.exists()):
            raise UsageError(f"there is no file {snapshot}: name a bulk snapshot, or - to read it")
        if dry_run:
            click.echo(f"one pass over {snapshot} for {category}, {wanted}: no request")
            return
        target = target_of(settings, lake, now, workers, wait)
        with progress_shown("papers") as progress:
            result = backfill_snapshot(
                target,
                snapshot,
                category,
                wanted,
                standard_input(),
                is_forced=is_forced,
                progress=progress,
            )
        if as_json:
            print_json(counts(result))
        else:
            show_counts(result)
        return
    if dry_run:
        check_category(category)
        plan = plan_backfill(
            place, settings.oai_url, set_spec(category), wanted, settings.pace_seconds
        )
        _show_plan(plan, as_json)
        return
    target = target_of(settings, lake, now, workers, wait)
    with opened_source(settings.source(keep_raw, replay)) as source:
        spec = checked_set_spec(category, get_set_specs(source.get))
        plan = plan_backfill(place, settings.oai_url, spec, wanted, settings.pace_seconds)
        results = []
        with progress_shown("papers") as progress:
            for stretch, result in run(
                target, source, plan, is_forced=is_forced, progress=progress
            ):
                results.append((stretch, result))
                click.echo(f"done: {stretch}: {result.minted} minted", err=True)
    _show(results, as_json)


@click.command()
@click.option("--set", "set_spec", default="", help="One OAI-PMH set; otherwise all of arXiv.")
@day_option("from", "From this day on; otherwise from the first day that was read.")
@day_option("until", "Until this day; otherwise until the last day that was read.")
@lake_option
@json_option
def gaps(
    set_spec: str, from_on: date | None, until_on: date | None, lake: Path | None, as_json: bool
) -> None:
    """List the days that no window covers, or that an audit found wanting.

    \b
    pith gaps --set cs:cs:LG --from 2019-01-01
    """
    from pith_builder.operations.ledger import find_gaps

    settings = Settings.of(os.environ)
    found = find_gaps(lake or settings.lake, settings.oai_url, set_spec, from_on, until_on)
    if as_json:
        print_json([[str(days.from_on), str(days.until_on)] for days in found])
        return
    for days in found:
        click.echo(str(days))
    if not found:
        click.echo("no gaps", err=True)


def _show(results: list[tuple[Stretch, BuildResult]], as_json: bool) -> None:
    if as_json:
        print_json([{"window": str(stretch), **counts(result)} for stretch, result in results])
        return
    for stretch, result in results:
        click.echo(f"{stretch}:")
        show_counts(result)
    if not results:
        click.echo("nothing to read: every window is covered")


def _show_plan(plan: BackfillPlan, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "requests_at_least": plan.requests,
                "seconds_at_least": plan.seconds,
                "skipped": [str(days) for days in plan.skipped],
                "windows": [str(stretch) for stretch in plan.stretches],
            }
        )
        return
    for days in plan.skipped:
        click.echo(f"covered: {days}")
    for stretch in plan.stretches:
        click.echo(f"to read: {stretch}")
    click.echo(f"at least {plan.requests} requests, {plan.seconds:.0f} seconds by the pace alone")
