"""Auditing: proving a whole lake, offline, row by row, by a keyring alone.

1. The chain: `CURRENT` names the last manifest; each is signed by a trusted key and names the
   digest of the one before.
2. The files: each part named is there, with the bytes the manifest says.
3. The roots: the row digests that the parts hold have the content roots the manifest says.
4. The rows (not with `roots_only`): each row has its digest, is in order, and holds by itself;
   every bundle is verified as a stranger would.
5. The links (not with `roots_only`): what two tables both say is the same, row for row.

A lake whose signed manifest matches its files was written by the holder of the key; 4 and 5 prove
that what was written is right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pith_builder.core.canonical import JsonValue, Sha256, parse_json
from pith_builder.core.keys import PublicKey
from pith_builder.core.manifest import Manifest, Part, TableState
from pith_builder.core.verification import verify
from pith_builder.errors import VerificationError
from pith_builder.lake.minted_parts import written_together
from pith_builder.lake.reading import DamagedPartError, read_keys
from pith_builder.lake.roots import table_root
from pith_builder.lake.store import (
    CURRENT,
    SQL_FILE,
    Lake,
    current_sequence,
    later_manifests,
    manifest_name,
    read_manifest,
    views_follow,
)
from pith_builder.lake.tables import BUILDS, KEYS, REJECTS, TABLES, WINDOWS
from pith_builder.operations.audit_minted import audit_minted
from pith_builder.operations.audit_parts import Finding, PartAudit, audit_part
from pith_builder.operations.collecting import no_collecting
from pith_builder.operations.processes import process_pool
from pith_builder.signing.ed25519 import TrustedKeys

_HASHED_AT_ONCE = 1 << 20

LINKS = {
    "record": ("records", "bundles"),
    "paper": ("records", "bundles"),
    "receipt": ("records", "bundles"),
    "state": ("states", "bundles"),
    "event": ("events", "bundles"),
    "alias": ("aliases", "bundles"),
}
"""What is said in two tables, and in which."""

ONE_WAY = frozenset({"paper", "receipt"})
"""Of these the second table may say more: of what several registries state, a row holds one."""


@dataclass(slots=True, kw_only=True)
class AuditReport:
    """What an audit found. One with findings is no pass.

    Attributes:
        manifest_sha256: The live manifest's digest, or "".
        sequence: Its number.
        manifests: How many manifests were verified.
        files: How many parts were hashed.
        rows: How many rows there are, by table.
        findings: What does not hold.
        build_ids: The builds that the manifests name, the last one first.
    """

    manifest_sha256: str = ""
    sequence: int = 0
    manifests: int = 0
    files: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    build_ids: list[str] = field(default_factory=list)

    def verified(self) -> str:
        """Return the live manifest's digest.

        Raises:
            VerificationError: Something does not hold.
        """
        if self.findings:
            raise VerificationError(f"{len(self.findings)} findings, first: {self.findings[0]}")
        return self.manifest_sha256

    def to_json_object(self) -> dict[str, JsonValue]:
        """Return the report for machines."""
        return {
            "files": self.files,
            "findings": [finding.to_json_object() for finding in self.findings],
            "manifest_sha256": self.manifest_sha256,
            "manifests": self.manifests,
            "ok": not self.findings,
            "rows": self.rows,
            "sequence": self.sequence,
        }


def audit(
    lake: Path,
    keys: Iterable[PublicKey],
    *,
    roots_only: bool = False,
    workers: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> AuditReport:
    """Verify a lake by the trusted keys alone; every failure found is in the answer."""
    report = AuditReport()
    trusted = TrustedKeys(keys)
    manifest = _chain(lake, trusted, report)
    if manifest is None:
        return report
    report.manifest_sha256 = manifest.manifest_sha256
    report.sequence = manifest.sequence
    report.rows = {name: table.rows for name, table in manifest.tables.items()}
    _sql_file(lake, manifest, report)
    with _hands(workers, in_threads=roots_only) as spread:
        sound = _files(lake, manifest, report, spread)
        _roots(lake, manifest, sound, report, spread)
        if not roots_only:
            _twice(lake, manifest, report)
            parts = {
                name: [part for part in table.parts if part.path in sound]
                for name, table in manifest.tables.items()
            }
            _rows_and_links(_audited(lake, parts, trusted, spread), report, progress)
    return report


Spread = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]
"""Does a task for each of several things, several at a time, and gives the results in order."""


@contextmanager
def _hands(workers: int, *, in_threads: bool) -> Iterator[Spread]:
    if workers == 1:
        yield map
    elif in_threads:
        # Most of what the roots take is done by libraries that let other threads run.
        with ThreadPoolExecutor(workers) as threads:
            yield threads.map
    else:
        with process_pool(workers, __name__) as processes:
            yield processes.map


def _chain(lake: Path, trusted: TrustedKeys, report: AuditReport) -> Manifest | None:
    """Verify the manifests from the live one back to the first; return the live one."""
    try:
        sequence = current_sequence(lake)
    except VerificationError as error:
        report.findings.append(Finding("bad_current", CURRENT, str(error)))
        return None
    if sequence is None:
        report.findings.append(Finding("no_lake", CURRENT, f"there is no lake in {lake}"))
        return None
    for later in later_manifests(lake, sequence):
        message = f"manifest {later} was live after it: {CURRENT} was moved back"
        report.findings.append(Finding("rolled_back", CURRENT, message))
    live: Manifest | None = None
    wanted: str | None = None
    for number in range(sequence, 0, -1):
        place = manifest_name(number)
        try:
            manifest = read_manifest(lake, number)
        except VerificationError as error:
            report.findings.append(Finding("bad_manifest", place, str(error)))
            return live
        for failure in verify(parse_json(manifest.document), trusted).failures:
            message = f"{failure.path}: {failure.message}"
            report.findings.append(Finding(str(failure.code), place, message))
        if wanted is not None and manifest.manifest_sha256 != wanted:
            message = f"is not the manifest that number {number + 1} follows: the chain is forked"
            report.findings.append(Finding("broken_chain", place, message))
        if (manifest.previous is None) != (number == 1):
            message = f"is number {number} and follows {manifest.previous}"
            report.findings.append(Finding("broken_chain", place, message))
        report.build_ids.append(manifest.build_id)
        report.manifests += 1
        live = live or manifest
        wanted = manifest.previous
    return live


def _sql_file(lake: Path, manifest: Manifest, report: AuditReport) -> None:
    try:
        follows = views_follow(Lake(lake, manifest))
    except VerificationError:
        return  # the manifest before is damaged, which the chain has said
    if not follows:
        message = "is not what follows from the manifest; `pith maintain` writes it anew"
        report.findings.append(Finding("bad_views", SQL_FILE, message))


def _files(lake: Path, manifest: Manifest, report: AuditReport, spread: Spread) -> frozenset[str]:
    """Compare every part's bytes with the manifest; return those that are right."""
    parts = [(name, part) for name, table in manifest.tables.items() for part in table.parts]
    sound = set()
    for (name, part), problem in zip(
        parts, spread(partial(_file_problem, lake), [part for _, part in parts]), strict=True
    ):
        if problem is None:
            sound.add(part.path)
        else:
            code, place, message = problem
            report.findings.append(Finding(code, place, message, name))
        report.files += 1
    return frozenset(sound)


def _file_problem(lake: Path, part: Part) -> tuple[str, str, str] | None:
    hasher, size = Sha256(), 0
    try:
        with (lake / part.path).open("rb") as file:
            while data := file.read(_HASHED_AT_ONCE):
                hasher.update(data)
                size += len(data)
    except OSError as error:
        return "missing_part", part.path, f"cannot be read: {error.strerror}"
    if size != part.size_bytes:
        return "file_size", part.path, f"found {size} bytes, by the manifest {part.size_bytes}"
    if hasher.hexdigest() != part.sha256:
        found = hasher.hexdigest()
        return "file_digest", part.path, f"found {found}, by the manifest {part.sha256}"
    return None


def _roots(
    lake: Path, manifest: Manifest, sound: frozenset[str], report: AuditReport, spread: Spread
) -> None:
    for name, table in manifest.tables.items():
        if table.schema_version != TABLES[name].schema_version:
            message = f"schema version {table.schema_version} is not known here"
            report.findings.append(Finding("schema_version", name, message, name))
    readable = [
        (name, table)
        for name, table in manifest.tables.items()
        if all(part.path in sound for part in table.parts)
    ]
    for findings in spread(partial(_root_problem, lake), readable):
        report.findings += findings


def _root_problem(lake: Path, named: tuple[str, TableState]) -> list[Finding]:
    name, table = named
    try:
        found = table_root(lake, TABLES[name], table.parts).hex()
    except DamagedPartError as error:
        return [Finding("unreadable_part", name, str(error), name)]
    if found != table.content_root:
        message = f"found {found}, by the manifest {table.content_root}"
        return [Finding("content_root", name, message, name)]
    return []


def _rows_and_links(
    audits: Iterable[PartAudit], report: AuditReport, progress: Callable[[int], None]
) -> None:
    sides: dict[tuple[str, str], dict[bytes, tuple[str, int, str]]] = {
        (kind, table): {} for kind, tables in LINKS.items() for table in tables
    }
    used: set[tuple[str, bytes]] = set()
    builds: dict[str, Counter[str]] = {name: Counter() for name in TABLES}
    runs: dict[str, dict[str, Any]] = {}
    first_uses: list[tuple[str, str, int, int, str]] = []
    done = 0
    for audited in audits:
        report.findings += audited.findings
        for kind, links in audited.links.items():
            for link, row, key in links:
                if kind == "key":
                    used.add((audited.table, link))
                else:
                    _note(sides[kind, audited.table], link, (audited.place, row, key), report)
        builds[audited.table] += audited.builds
        runs |= audited.runs
        first_uses += [(audited.place, *first_use) for first_use in audited.first_uses]
        done += audited.rows
        progress(done)
    report.findings += _differences(sides)
    report.findings += _build_findings(report.build_ids, builds, runs, first_uses)
    listed = {link for table, link in used if table == "keys"}
    for table, link in used:
        if link not in listed:
            message = "a key that signed is not in table keys"
            report.findings.append(Finding("unlisted_key", table, message, table))


def _build_findings(
    named: list[str],
    builds: dict[str, Counter[str]],
    runs: dict[str, dict[str, Any]],
    first_uses: list[tuple[str, str, int, int, str]],
) -> Iterator[Finding]:
    """Yield where the builds, the manifests that name them and the rows they added disagree."""
    for build_id in sorted(set(named) ^ runs.keys()):
        where = "table builds" if build_id in named else "the manifests"
        message = f"{where} does not have {build_id}"
        yield Finding("build_mismatch", BUILDS.name, message, BUILDS.name, key=build_id)
    for name, counted in builds.items():
        for build_id in sorted(counted.keys() - runs.keys()):
            message = f"{counted[build_id]} rows name {build_id}, which table builds has not"
            yield Finding("build_mismatch", name, message, name, key=build_id)
    for build_id, run in runs.items():
        for name, said in (("records", run["minted"]), ("rejects", run["rejects_added"])):
            if builds[name][build_id] != said:
                message = f"{build_id} added {said} rows, found {builds[name][build_id]}"
                yield Finding("build_mismatch", name, message, name, key=build_id)
    for place, build_id, first_used_at, row, key in first_uses:
        if build_id in runs and runs[build_id]["started_at"] != first_used_at:
            message = f"first_used_at is not when {build_id} was"
            yield Finding("column_mismatch", place, message, KEYS.name, row, key)


def _twice(lake: Path, manifest: Manifest, report: AuditReport) -> None:
    """Find parts named twice, and rows of the small tables that stand twice."""
    for name, table in manifest.tables.items():
        paths = Counter(part.path for part in table.parts)
        for path, count in paths.items():
            if count > 1:
                message = f"the manifest names it {count} times"
                report.findings.append(Finding("duplicate", path, message, name))
    for definition in (KEYS, BUILDS, REJECTS, WINDOWS):
        table = manifest.tables[definition.name]
        try:
            keys = read_keys(lake, definition, table.parts)
        except DamagedPartError as error:
            report.findings.append(
                Finding("unreadable_part", definition.name, str(error), definition.name)
            )
            continue
        if len(keys) != table.rows:
            message = f"{table.rows} rows have {len(keys)} keys"
            report.findings.append(Finding("duplicate", definition.name, message, definition.name))


def _note(
    side: dict[bytes, tuple[str, int, str]],
    link: bytes,
    place: tuple[str, int, str],
    report: AuditReport,
) -> None:
    if link in side:
        table = place[0].split("/")[1]
        message = f"says again what row {side[link][1]} of {side[link][0]} says"
        report.findings.append(Finding("duplicate", place[0], message, table, place[1], place[2]))
    side[link] = place


def _differences(
    sides: dict[tuple[str, str], dict[bytes, tuple[str, int, str]]],
) -> Iterator[Finding]:
    for kind, (left, right) in LINKS.items():
        directions = ((left, right),) if kind in ONE_WAY else ((left, right), (right, left))
        for table, other in directions:
            side = sides[kind, table]
            for link in side.keys() - sides[kind, other].keys():
                place, row, key = side[link]
                message = f"no row of {other} says the same {kind}"
                yield Finding(f"{kind}_link", place, message, table, row, key)


def _audited(
    lake: Path, parts: Mapping[str, Sequence[Part]], trusted: TrustedKeys, spread: Spread
) -> Iterator[PartAudit]:
    """Audit every part, those that were written together as one."""
    together = written_together(parts)
    done = {part.path for family in together for part in family.values()}
    alone = [{name: part} for name, some in parts.items() for part in some if part.path not in done]
    families = sorted([*together, *alone], key=_size, reverse=True)
    for audits in spread(partial(_audit_family, lake, tuple(trusted)), families):
        yield from audits


def _size(family: Mapping[str, Part]) -> int:
    return sum(part.size_bytes for part in family.values())


def _audit_family(
    lake: Path, keys: Sequence[PublicKey], family: Mapping[str, Part]
) -> list[PartAudit]:
    trusted = TrustedKeys(keys)
    with no_collecting():
        if len(family) > 1:
            return audit_minted(lake, family, trusted)
        return [audit_part(lake, TABLES[name], part, trusted) for name, part in family.items()]
