"""Auditing what tables say of each other, each row named by what it says.

A bundle says all that other tables say of its record, the builds say how many rows they added,
and the manifests who built; so each of these is looked for on the other side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from pith_builder.lake.tables import BUILDS, KEYS, NOTED, RECORDS, REJECTS, TABLES
from pith_builder.operations.audit_files import Chain
from pith_builder.operations.audit_parts import Finding, PartAudit

LINKS = {
    "record": ("records", "bundles"),
    "paper": ("records", "bundles"),
    "receipt": ("records", "bundles"),
    "state": ("states", "bundles"),
    "event": ("events", "bundles"),
}
"""What is said in two tables, and in which."""

ONE_WAY = frozenset({"paper", "receipt"})
"""Of these the second table may say more: of what several registries state, a row holds one."""

OF_REISSUED = ("computed", "signature")
"""What rows of records say besides whose receipt was signed again, and bundles of every receipt."""

COUNTED = {RECORDS.name: "minted", REJECTS.name: "rejects_added"}
"""Tables whose rows a build counts, and the column of `builds` that says how many it added."""

Place: TypeAlias = tuple[str, int, str]
"""A part, the row in it, and the row's key."""

_Sides: TypeAlias = dict[tuple[str, str], dict[bytes, Place]]
"""By kind of link and table: the links, and of which row each is."""


def audit_links(
    audits: Iterable[PartAudit], chain: Chain, whole: set[str], progress: Callable[[int], None]
) -> Iterator[Finding]:
    """Gather what parts say, and compare it between those tables that can be read whole.

    What a damaged part would have said is not told as missing of every row that relies on it.
    """
    sides: _Sides = {(kind, table): {} for kind, tables in LINKS.items() for table in tables}
    sides |= {(kind, table): {} for kind in OF_REISSUED for table in LINKS["receipt"]}
    used: dict[str, dict[bytes, Place]] = {name: {} for name in TABLES}
    builds: dict[str, Counter[str]] = {name: Counter() for name in TABLES}
    noted: dict[str, Counter[str]] = {name: Counter() for name in NOTED}
    runs: dict[str, dict[str, Any]] = {}
    first_uses: list[tuple[str, str, int, int, str]] = []
    done = 0
    for audited in audits:
        yield from audited.findings
        if any(finding.code == "unreadable_part" for finding in audited.findings):
            whole.discard(audited.table)
        for kind, links in audited.links.items():
            for link, row, key in links:
                if kind == "key":
                    used[audited.table].setdefault(link, (audited.place, row, key))
                else:
                    side = sides[kind, audited.table]
                    if link in side:
                        yield _again(side[link], (audited.place, row, key), audited.table)
                    side[link] = audited.place, row, key
        builds[audited.table] += audited.builds
        for name, counted in audited.noted.items():
            noted[name] += counted
        runs |= audited.runs
        first_uses += [(audited.place, *first_use) for first_use in audited.first_uses]
        done += audited.rows
        progress(done)
    yield from _differences(sides, whole)
    if BUILDS.name in whole:
        counts = {name: counted for name, counted in builds.items() if name in whole}
        yield from _build_findings(chain, runs)
        yield from _count_findings(counts, noted, runs)
        yield from _first_use_findings(first_uses, runs)
    if KEYS.name in whole:
        yield from _unlisted(used)


def _unlisted(used: Mapping[str, Mapping[bytes, Place]]) -> Iterator[Finding]:
    for table, links in used.items():
        for link, (place, row, key) in links.items():
            if link not in used[KEYS.name]:
                message = "a key that signed is not in table keys"
                yield Finding("unlisted_key", place, message, table, row, key)


def _build_findings(chain: Chain, runs: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """Yield where the builds and the manifests that name them disagree."""
    named = chain.builds
    for build_id in sorted(named.keys() - runs.keys()):
        yield _mismatch(BUILDS.name, build_id, f"table builds does not have {build_id}")
    for build_id in sorted(runs.keys() - named.keys()) if chain.is_whole else ():
        yield _mismatch(BUILDS.name, build_id, f"the manifests do not have {build_id}")
    for build_id in runs.keys() & named.keys():
        for column, said in named[build_id].items():
            if (found := runs[build_id][column]) != said:
                message = f"{column} is {found!r}, by its manifest {said!r}"
                yield _mismatch(BUILDS.name, build_id, message)


def _count_findings(
    counts: Mapping[str, Counter[str]],
    noted: Mapping[str, Counter[str]],
    runs: Mapping[str, Mapping[str, Any]],
) -> Iterator[Finding]:
    """Yield where the builds and the rows they added disagree."""
    for name, counted in counts.items():
        for build_id in sorted(counted.keys() - runs.keys()):
            message = f"{counted[build_id]} rows name {build_id}, which table builds has not"
            yield _mismatch(name, build_id, message)
    columns = [(name, column, counts[name]) for name, column in COUNTED.items() if name in counts]
    if RECORDS.name in counts:
        columns += [(RECORDS.name, column, noted[column]) for column in NOTED]
    for name, column, counted in columns:
        for build_id, run in runs.items():
            if counted[build_id] != run[column]:
                message = f"{column} of {build_id} is {run[column]}, found {counted[build_id]} rows"
                yield _mismatch(name, build_id, message)


def _mismatch(table: str, build_id: str, message: str) -> Finding:
    return Finding("build_mismatch", table, message, table, key=build_id)


def _first_use_findings(
    first_uses: Iterable[tuple[str, str, int, int, str]], runs: Mapping[str, Mapping[str, Any]]
) -> Iterator[Finding]:
    for place, build_id, first_used_at, row, key in first_uses:
        if build_id in runs and runs[build_id]["started_at"] != first_used_at:
            message = f"first_used_at is not when {build_id} was"
            yield Finding("column_mismatch", place, message, KEYS.name, row, key)


def _again(first: Place, second: Place, table: str) -> Finding:
    place, row, key = second
    message = f"says again what row {first[1]} of {first[0]} says"
    return Finding("duplicate", place, message, table, row, key)


def _reissued(sides: _Sides) -> set[Place]:
    """Return the rows of records whose receipt was signed again, so that no event states it.

    Such a receipt says that the record was first computed when an event says, and its signature,
    which was verified with the row, is none that an event states.
    """
    found: dict[str, set[Place]] = {}
    for kind in OF_REISSUED:
        told = sides[kind, "bundles"]
        found[kind] = {place for link, place in sides[kind, "records"].items() if link in told}
    return found["computed"] - found["signature"]


def _differences(sides: _Sides, whole: set[str]) -> Iterator[Finding]:
    reissued = _reissued(sides)
    for kind, (left, right) in LINKS.items():
        directions = ((left, right),) if kind in ONE_WAY else ((left, right), (right, left))
        for table, other in directions:
            if other not in whole:
                continue
            side = sides[kind, table]
            for link in side.keys() - sides[kind, other].keys():
                place, row, key = side[link]
                if kind == "receipt" and side[link] in reissued:
                    continue
                message = f"no row of {other} says the same {kind}"
                yield Finding(f"{kind}_link", place, message, table, row, key)
