"""The publish gate: a run unlike the recent ones is not committed without a person's word.

Ruling: bounds are taken from the last runs of the same operation that saw at least a hundred
papers, once there are five of them, and bind runs that see a hundred papers themselves:

1. The share of rejects is at most 2 %, or thrice the largest recent share.
2. Of a hundred records minted or more, the share without a licence, and that of withdrawn papers,
   is within 25 points of the recent median.
3. A nightly sees between a twentieth and twenty times the recent median; here fewer papers than
   a hundred count too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from pith_builder.core.manifest import Manifest
from pith_builder.errors import VerificationError
from pith_builder.lake.reading import read_rows
from pith_builder.lake.tables import BUILDS
from pith_builder.operations.transaction import BuildResult

RECENT_RUNS = 20
RUNS_NEEDED = 5
PAPERS_NEEDED = 100
REJECTED_SHARE = 0.02
REJECTED_FACTOR = 3
SHARE_POINTS = 0.25
COUNT_FACTOR = 20


class GateError(VerificationError):
    """A run's counts are outside the bounds of recent runs; it was not committed."""


def check_gate(lake: Path, manifest: Manifest | None, operation: str, result: BuildResult) -> None:
    """Let a run pass whose counts are like those of recent runs.

    Raises:
        GateError: They are not; the message says which, and what would be.
    """
    recent = _recent(lake, manifest, operation)
    if len(recent) < RUNS_NEEDED:
        return
    problems = list(_problems(recent, operation, result))
    if problems:
        raise GateError(
            f"not committed, because this {operation} is unlike the {len(recent)} before it: "
            f"{'; '.join(problems)}. Look into it; `--force` commits all the same, and says so"
        )


def _recent(lake: Path, manifest: Manifest | None, operation: str) -> list[dict[str, Any]]:
    if manifest is None:
        return []
    names = [column.name for column in BUILDS.all_columns()]
    runs = [
        dict(zip(names, row, strict=True))
        for part in manifest.tables[BUILDS.name].parts
        for row in read_rows(lake, BUILDS, part)
    ]
    alike = [run for run in runs if run["operation"] == operation and run["seen"] >= PAPERS_NEEDED]
    return sorted(alike, key=lambda run: str(run["build_id"]))[-RECENT_RUNS:]


def _problems(recent: list[dict[str, Any]], operation: str, result: BuildResult) -> Iterator[str]:
    usual = median(run["seen"] for run in recent)
    if operation == "nightly" and not usual / COUNT_FACTOR <= result.seen <= usual * COUNT_FACTOR:
        yield f"{result.seen} papers seen, usual are {usual:.0f}"
    if result.seen < PAPERS_NEEDED:
        return
    share = result.rejected / result.seen
    most = max(run["rejected"] / run["seen"] for run in recent)
    bound = max(REJECTED_SHARE, REJECTED_FACTOR * most)
    if share > bound:
        yield f"{share:.1%} rejected, the bound is {bound:.1%}"
    minting = [run for run in recent if run["minted"] >= PAPERS_NEEDED]
    if result.minted < PAPERS_NEEDED or not minting:
        return
    for name, found in (
        ("minted_without_license", result.minted_without_license),
        ("minted_withdrawn", result.minted_withdrawn),
    ):
        usual_share = median(run[name] / run["minted"] for run in minting)
        if abs(found / result.minted - usual_share) > SHARE_POINTS:
            what = name.removeprefix("minted_").replace("_", " ")
            yield f"{found / result.minted:.0%} {what}, usual are {usual_share:.0%}"
