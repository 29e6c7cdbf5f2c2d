"""Auditing: proving a whole lake, offline, row by row, by a keyring alone.

1. The chain: `CURRENT` names the last manifest; each is signed by a trusted key and names the
   digest of the one before.
2. The files: each part named is there, with the bytes the manifest says; those that only an
   earlier manifest names, if they are there.
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
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pith_builder.core.canonical import JsonValue
from pith_builder.core.keys import PublicKey
from pith_builder.core.manifest import Manifest, Part, TableState
from pith_builder.errors import VerificationError
from pith_builder.lake.minted_parts import families
from pith_builder.lake.reading import DamagedPartError, read_keys
from pith_builder.lake.roots import table_root
from pith_builder.lake.store import current_sequence
from pith_builder.lake.tables import ALIASES, BUILDS, KEYS, REJECTS, TABLES, WINDOWS
from pith_builder.operations.audit_files import (
    Spread,
    audit_bytes,
    audit_chain,
    audit_notes,
    audit_views,
)
from pith_builder.operations.audit_links import audit_links
from pith_builder.operations.audit_minted import audit_minted
from pith_builder.operations.audit_names import Names, audit_aliases
from pith_builder.operations.audit_parts import Finding, PartAudit, audit_part
from pith_builder.operations.collecting import no_collecting
from pith_builder.operations.processes import process_pool
from pith_builder.signing.ed25519 import TrustedKeys


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
        notes: What holds, but may mislead who reads the lake otherwise than by its manifest.
    """

    manifest_sha256: str = ""
    sequence: int = 0
    manifests: int = 0
    files: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)

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
            "notes": [note.to_json_object() for note in self.notes],
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
    """Verify a lake by the trusted keys alone; every failure found is in the answer.

    The answer is of one commit. Where another was made meanwhile, what was found may come of
    that, and the audit is done again.
    """
    trusted = TrustedKeys(keys)
    while True:
        report = _audit(lake, trusted, roots_only=roots_only, workers=workers, progress=progress)
        if not report.findings or not _has_moved_on(lake, report.sequence):
            return report


def _has_moved_on(lake: Path, sequence: int) -> bool:
    """Tell whether another manifest is live than the one that was audited."""
    try:
        return (current_sequence(lake) or 0) > sequence > 0
    except VerificationError:
        return False


def _audit(
    lake: Path,
    trusted: TrustedKeys,
    *,
    roots_only: bool,
    workers: int,
    progress: Callable[[int], None],
) -> AuditReport:
    report = AuditReport()
    views = audit_views(lake)  # first: each commit writes them anew, and a chain can be long
    chain = audit_chain(lake, trusted)
    report.findings += chain.findings
    report.manifests = chain.manifests
    manifest = chain.live
    if manifest is None:
        return report
    report.manifest_sha256 = manifest.manifest_sha256
    report.sequence = manifest.sequence
    report.rows = {name: table.rows for name, table in manifest.tables.items()}
    report.findings += views
    report.notes += audit_notes(lake, chain)
    with _hands(workers, in_threads=roots_only) as spread:
        findings, sound = audit_bytes(lake, chain, spread)
        report.findings += findings
        report.files = len(sound) + len(findings)
        whole = {
            name: table
            for name, table in manifest.tables.items()
            if all(part.path in sound for part in table.parts)
        }
        _roots(lake, manifest, whole, report, spread)
        if not roots_only:
            _twice(lake, manifest, whole, report)
            parts = {
                name: [part for part in table.parts if part.path in sound]
                for name, table in manifest.tables.items()
            }
            read = set(whole)
            with closing(Names(lake, parts)) as names:
                audits = names.noted(_audited(lake, parts, trusted, spread))
                report.findings += audit_links(audits, chain, read, progress)
                report.findings += names.findings(read)
    return report


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


def _roots(
    lake: Path,
    manifest: Manifest,
    whole: Mapping[str, TableState],
    report: AuditReport,
    spread: Spread,
) -> None:
    for name, table in manifest.tables.items():
        if table.schema_version > TABLES[name].schema_version:
            message = f"schema version {table.schema_version} is not known here"
            report.findings.append(Finding("schema_version", name, message, name))
    largest_first = sorted(whole.items(), key=lambda named: named[1].rows, reverse=True)
    for findings in spread(partial(_root_problem, lake), largest_first):
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


def _twice(
    lake: Path, manifest: Manifest, whole: Mapping[str, TableState], report: AuditReport
) -> None:
    """Find parts named twice, and rows of the small tables that stand twice."""
    for name, table in manifest.tables.items():
        paths = Counter(part.path for part in table.parts)
        for path, count in paths.items():
            if count > 1:
                message = f"the manifest names it {count} times"
                report.findings.append(Finding("duplicate", path, message, name))
    for definition in (KEYS, BUILDS, REJECTS, WINDOWS):
        if definition.name not in whole:
            continue
        table = whole[definition.name]
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


def _audited(
    lake: Path, parts: Mapping[str, Sequence[Part]], trusted: TrustedKeys, spread: Spread
) -> Iterator[PartAudit]:
    """Audit every part, those that hold the same papers as one."""
    together = families(parts)
    done = {part.path for family in together for part in family.values()}
    alone = [{name: part} for name, some in parts.items() for part in some if part.path not in done]
    largest_first = sorted([*together, *alone], key=_size, reverse=True)
    for audits in spread(partial(_audit_family, lake, tuple(trusted)), largest_first):
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
        if ALIASES.name in family:
            return [audit_aliases(lake, family[ALIASES.name], trusted)]
        return [audit_part(lake, TABLES[name], part, trusted) for name, part in family.items()]
