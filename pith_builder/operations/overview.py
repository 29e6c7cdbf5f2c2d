"""Counting a lake for its report, by the views that an analyst asks."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pith_builder.core.overview import (
    Audited,
    BuildCounts,
    Overview,
    Signed,
    Stretch,
    YearOfPapers,
)
from pith_builder.lake.query import Connection, connect_to, fetch
from pith_builder.lake.store import open_lake
from pith_builder.operations.audit import audit
from pith_builder.signing.ed25519 import TrustedKeys

ROOTS = "roots"
FULL = "full"
NO_AUDIT = "none"

_FINDINGS_SHOWN = 50


def overview(
    path: Path,
    keyring: TrustedKeys,
    now: datetime,
    *,
    audit_depth: str = ROOTS,
    workers: int = 1,
) -> Overview:
    """Count a lake as of its live manifest, and audit it as deep as asked.

    Args:
        path: The lake's folder.
        keyring: The keys that are trusted.
        now: The present instant, UTC.
        audit_depth: `roots`, `full` or `none`.
        workers: Processes or threads that audit.

    Raises:
        UsageError: There is no lake.
        VerificationError: The lake is damaged, so that it cannot be counted.
    """
    lake = open_lake(path)
    connection = connect_to(lake)
    tables = lake.manifest.tables
    return Overview(
        name=path.resolve().name,
        made_at=now,
        sequence=lake.manifest.sequence,
        manifest_sha256=lake.manifest.manifest_sha256,
        manifest_at=lake.manifest.created_at,
        rows={name: table.rows for name, table in tables.items()},
        size_bytes=sum(part.size_bytes for table in tables.values() for part in table.parts),
        years=_years(connection),
        categories=tuple(fetch(connection, "from by_category")),
        versions=tuple(fetch(connection, "from by_version")),
        licenses=tuple(fetch(connection, "from by_license")),
        builds=_builds(connection),
        rejects=_rejects(connection),
        stretches=_stretches(connection),
        signed=_signed(connection, keyring),
        audited=_audited(path, keyring, audit_depth, workers),
    )


def _years(connection: Connection) -> tuple[YearOfPapers, ...]:
    query = "select year, archive, papers, withdrawn from by_year"
    return tuple(
        YearOfPapers(year=year, archive=archive, papers=papers, withdrawn=withdrawn)
        for year, archive, papers, withdrawn in fetch(connection, query)
    )


def _builds(connection: Connection) -> tuple[BuildCounts, ...]:
    query = """
        select build_id, operation, started_at, seen, minted, unchanged, rejected
        from builds
        order by build_id
    """
    return tuple(
        BuildCounts(
            build_id=build_id,
            operation=operation,
            started_at=started_at,
            seen=seen,
            minted=minted,
            unchanged=unchanged,
            rejected=rejected,
        )
        for build_id, operation, started_at, seen, minted, unchanged, rejected in fetch(
            connection, query
        )
    )


def _rejects(connection: Connection) -> tuple[tuple[str, int], ...]:
    found = fetch(connection, "select reason, rejects from rejects_by_reason")
    return tuple((reason, count) for reason, count in found)


def _stretches(connection: Connection) -> tuple[Stretch, ...]:
    query = "select source, set_spec, status, from_on, until_on, days from coverage"
    return tuple(
        Stretch(
            source=source,
            set_spec=set_spec,
            status=status,
            from_on=from_on,
            until_on=until_on,
            days=days,
        )
        for source, set_spec, status, from_on, until_on, days in fetch(connection, query)
    )


def _signed(connection: Connection, keyring: TrustedKeys) -> tuple[Signed, ...]:
    query = """
        select key_id, public_key_fingerprint, signed_what, signatures, first_signed_at,
            last_signed_at
        from signers
    """
    trusted = {(key.key_id, key.fingerprint) for key in keyring}
    return tuple(
        Signed(
            key_id=key_id,
            fingerprint=fingerprint,
            signed_what=signed_what,
            signatures=signatures,
            first_signed_at=first,
            last_signed_at=last,
            is_trusted=(key_id, fingerprint) in trusted,
        )
        for key_id, fingerprint, signed_what, signatures, first, last in fetch(connection, query)
    )


def _audited(path: Path, keyring: TrustedKeys, depth: str, workers: int) -> Audited | None:
    if depth == NO_AUDIT:
        return None
    report = audit(path, keyring, roots_only=depth == ROOTS, workers=workers)
    shown = report.findings[:_FINDINGS_SHOWN]
    return Audited(
        depth=depth,
        files=report.files,
        findings=tuple((found.code, found.place, found.message) for found in shown),
        finding_count=len(report.findings),
    )
