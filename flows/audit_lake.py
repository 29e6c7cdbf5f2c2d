"""Auditing: the lake by its keys alone, then against what arXiv lists."""

from __future__ import annotations

import os
import time

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.artifacts import reported, show_table
from flows.reports import Report, Stage
from flows.running import DEFAULTS, Options, may_pass, own_processes
from pith_builder.errors import UsageError
from pith_builder.operations.audit import AuditReport, audit
from pith_builder.operations.harvest import opened_source
from pith_builder.operations.source_audit import SourceAudit, audit_source
from pith_builder.settings import Settings


@task(task_run_name="verify the lake", cache_policy=NO_CACHE, persist_result=False)
def verify_lake(*, roots_only: bool, options: Options) -> AuditReport:
    """Verify chain, files, roots and rows by the trusted keys and the run's own; offline."""
    if not options.place.is_dir():
        raise UsageError(f"there is no lake in {options.place}")
    keys = [key for key, _ in Settings.of(os.environ).trusted()]
    own = options.signer().public_key
    with own_processes():
        return audit(options.place, [*keys, own], roots_only=roots_only, workers=options.processes)


@task(
    task_run_name="compare with what arXiv lists",
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def compare_with_source(set_spec: str, options: Options) -> SourceAudit:
    """List identifiers alone; what the lake never read goes to the ledger as gaps."""
    with opened_source(Settings.of(os.environ).source()) as source:
        return audit_source(options.target(), source, set_spec)


@flow(flow_run_name="audit of the lake")
def audit_lake(
    *,
    roots_only: bool = False,
    of_source: bool = True,
    set_spec: str = "",
    options: Options = DEFAULTS,
) -> Report:
    """Prove the lake row by row, then find what it lacks; a finding fails the run.

    Args:
        roots_only: Only manifests, files and content roots, no rows.
        of_source: Compare with what arXiv lists, too; what is missing the next nightly reads.
        set_spec: Compare one OAI-PMH set only. Empty: all of arXiv.
        options: Where and how it runs.
    """
    with reported("Audit of the lake", "audit", options.place) as report:
        started = time.monotonic()
        audited = verify_lake(roots_only=roots_only, options=options)
        report.stages.append(Stage("verify", time.monotonic() - started))
        rows = ", ".join(f"{count} {name}" for name, count in audited.rows.items() if count)
        report.notes.append(
            f"Manifest {audited.sequence}, {audited.manifests} manifests, {audited.files} files; "
            f"{rows or 'no rows'}; {len(audited.findings)} findings"
        )
        findings = [
            {"place": each.place, "row": each.row, "code": each.code, "message": each.message}
            for each in audited.findings
        ]
        show_table("audit-findings", "What does not hold", findings)
        audited.verified()
        if of_source:
            started = time.monotonic()
            found = compare_with_source.with_options(**options.tries())(set_spec, options)
            report.stages.append(Stage("compare", time.monotonic() - started))
            report.notes.append(
                f"{found.listed} listed: {found.present} present, {found.explained} explained, "
                f"{len(found.missing)} missing"
            )
            report.notes += [f"To read again, by the next nightly: {days}" for days in found.gaps]
    return report
