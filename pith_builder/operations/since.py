"""Showing that a later lake only adds to an earlier one, to whoever kept the earlier's manifest.

1. The earlier manifest holds, and the chain of the later lake contains it.
2. The files: each part of the later lake, and each that only the earlier names and is kept, has the
   bytes that its manifest says.
3. The rows: those of the earlier lake are in the later, by their digests (`lake.additions`).

What "only adds" means is ruled in `lake.additions.MAY_CHANGE`. That the digests are those of the
rows, the audit proves: `pith audit`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pith_builder.core.canonical import JsonValue, parse_json
from pith_builder.core.manifest import MANIFEST, Manifest, Part
from pith_builder.core.verification import verify
from pith_builder.errors import MalformedError, UsageError
from pith_builder.lake.additions import missed, root_as_of
from pith_builder.lake.reading import file_problem
from pith_builder.lake.store import Lake, open_lake, read_manifest
from pith_builder.lake.tables import BUNDLES, STATES, TABLES
from pith_builder.operations.audit_files import audit_chain
from pith_builder.operations.audit_parts import Finding
from pith_builder.signing.ed25519 import TrustedKeys

MADE_ANEW = frozenset({STATES.name, BUNDLES.name})
"""The tables whose rows follow from others': where the earlier ones are gone, nothing is lost."""


@dataclass(frozen=True, slots=True)
class TableSince:
    """What became of one table.

    Attributes:
        rows_then: Its rows in the earlier lake.
        rows_now: Its rows in the later.
        made_anew: Rows of the earlier lake that say something else now that may change.
        is_compared: Whether the rows could be compared; they cannot where the earlier parts are
            gone and rows were made anew.
    """

    rows_then: int
    rows_now: int
    made_anew: int = 0
    is_compared: bool = True


@dataclass(slots=True)
class Since:
    """What became of an earlier lake. One with findings does more than add.

    Attributes:
        then: The earlier manifest's number.
        now: The later's.
        tables: What became of each table.
        findings: What was changed or removed, or cannot be shown.
    """

    then: int
    now: int = 0
    tables: dict[str, TableSince] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def to_json_object(self) -> dict[str, JsonValue]:
        """Return the answer for machines."""
        return {
            "findings": [finding.to_json_object() for finding in self.findings],
            "now": self.now,
            "ok": not self.findings,
            "tables": {
                name: {
                    "is_compared": table.is_compared,
                    "made_anew": table.made_anew,
                    "rows_now": table.rows_now,
                    "rows_then": table.rows_then,
                }
                for name, table in self.tables.items()
            },
            "then": self.then,
        }


def read_earlier(data: bytes) -> Manifest:
    """Read the manifest that somebody kept.

    Raises:
        MalformedError: The bytes are no manifest.
    """
    value = parse_json(data)
    failure = next(MANIFEST.failures(value, ""), None)
    if failure is not None:
        raise MalformedError(f"this is no manifest: {failure.path}: {failure.message}")
    if not value["tables"].keys() <= TABLES.keys():
        raise MalformedError("this is no manifest of a lake as this version knows it")
    return Manifest.from_json_object(value)


def since(lake: Path, earlier: Manifest, keyring: TrustedKeys, workers: int = 1) -> Since:
    """Compare a lake with what an earlier manifest says of it.

    Raises:
        UsageError: There is no lake.
    """
    found = Since(earlier.sequence)
    for failure in verify(parse_json(earlier.document), keyring).failures:
        message = f"{failure.path}: {failure.message}"
        found.findings.append(Finding(str(failure.code), "the earlier manifest", message))
    chain = audit_chain(lake, keyring)
    found.findings += chain.findings
    if chain.live is None:
        if any(finding.code == "no_lake" for finding in chain.findings):
            raise UsageError(f"there is no lake in {lake}")
        return found
    found.now = chain.live.sequence
    found.findings += _chain_findings(lake, earlier, chain.live)
    if found.findings:
        return found
    opened = open_lake(lake)
    with ThreadPoolExecutor(workers) as threads:
        parts = _parts(opened, earlier)
        problems = threads.map(partial(file_problem, lake), [part for _, part in parts])
        for (name, part), problem in zip(parts, problems, strict=True):
            if problem is not None:
                found.findings.append(Finding(problem.code, part.path, problem.message, name))
        if not found.findings:
            names = list(earlier.tables)
            for name, (table, findings) in zip(
                names, threads.map(partial(_table_since, opened, earlier), names), strict=True
            ):
                found.tables[name] = table
                found.findings += findings
    return found


def _chain_findings(lake: Path, earlier: Manifest, live: Manifest) -> Iterator[Finding]:
    place = "the earlier manifest"
    if earlier.sequence > live.sequence:
        message = f"is number {earlier.sequence}; the lake is at {live.sequence}, before it"
        yield Finding("not_in_chain", place, message)
        return
    there = read_manifest(lake, earlier.sequence)
    if there.manifest_sha256 != earlier.manifest_sha256:
        message = (
            f"is {earlier.manifest_sha256}, number {earlier.sequence} of this lake is "
            f"{there.manifest_sha256}: the lake is another, or its past was written anew"
        )
        yield Finding("not_in_chain", place, message)


def _parts(lake: Lake, earlier: Manifest) -> list[tuple[str, Part]]:
    """Return every part that is read: those of now, and those kept that only the earlier names."""
    named = {
        part.path: (name, part)
        for name, table in earlier.tables.items()
        for part in table.parts
        if (lake.path / part.path).exists()
    }
    named |= {
        part.path: (name, part)
        for name, table in lake.manifest.tables.items()
        for part in table.parts
    }
    return list(named.values())


def _table_since(lake: Lake, earlier: Manifest, name: str) -> tuple[TableSince, list[Finding]]:
    then, now = earlier.tables[name], lake.table(name)
    if then.content_root == now.content_root:
        return TableSince(then.rows, now.rows), []
    kept = {part.path for part in now.parts}
    gone = [part for part in then.parts if part.path not in kept]
    if not gone:
        return TableSince(then.rows, now.rows), []
    if any(not (lake.path / part.path).exists() for part in gone):
        return _by_builds(lake, earlier, name)
    seen = missed(lake.path, TABLES[name], gone, now.parts)
    findings = [*_listed("row_removed", name, seen.removed, seen.removed_count)]
    findings += _listed("row_changed", name, seen.changed, seen.changed_count)
    made_anew = seen.rows - seen.removed_count - seen.changed_count
    return TableSince(then.rows, now.rows, made_anew), findings


def _listed(code: str, name: str, keys: Sequence[str], count: int) -> Iterator[Finding]:
    word = "is gone" if code == "row_removed" else "says something else that must stay"
    for key in keys:
        yield Finding(code, name, f"a row of the earlier lake {word}", name, key=key)
    if count > len(keys):
        yield Finding(code, name, f"and {count - len(keys)} more rows", name)


def _by_builds(lake: Lake, earlier: Manifest, name: str) -> tuple[TableSince, list[Finding]]:
    """Show without the earlier parts that their rows are there: those of the builds until then.

    Which build a row names no digest covers; but rows that have the earlier content root are the
    earlier rows, whatever they say besides.
    """
    then, now = earlier.tables[name], lake.table(name)
    if name in MADE_ANEW:
        return TableSince(then.rows, now.rows, is_compared=False), []
    builds = frozenset(
        read_manifest(lake.path, number).build_id for number in range(1, earlier.sequence + 1)
    )
    root = root_as_of(lake.path, TABLES[name], now.parts, builds).hex()
    if root == then.content_root:
        return TableSince(then.rows, now.rows), []
    message = (
        f"the rows of the builds until then have another content root than manifest "
        f"{earlier.sequence} states, and its parts are gone: rows were changed or removed, which "
        "cannot be told without them"
    )
    return TableSince(then.rows, now.rows, is_compared=False), [
        Finding("not_shown", name, message, name)
    ]
