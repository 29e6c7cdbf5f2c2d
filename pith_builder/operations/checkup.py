"""Looking at an installation and its lake without changing it: what is wrong, and what to do."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from pith_builder.core.instants import format_seconds
from pith_builder.core.keys import Keyring, PublicKey
from pith_builder.core.verification import verify_bytes
from pith_builder.disk import Disk, new_file
from pith_builder.errors import (
    PithError,
    StorageError,
    UsageError,
    VerificationError,
)
from pith_builder.lake.parts import write_part
from pith_builder.lake.reading import read_rows
from pith_builder.lake.store import Lake as OpenedLake
from pith_builder.lake.store import (
    current_sequence,
    later_manifests,
    live_manifest,
    manifest_name,
    views_follow,
)
from pith_builder.lake.tables import SIGHTINGS
from pith_builder.operations.installation import (
    PYTHONS,
    builder_version,
    known_to_work,
    libraries,
    python_version,
)
from pith_builder.operations.maintain import leftovers
from pith_builder.signing.key_files import public_path, read_key_file, read_public_key

ROTATE_SOON = timedelta(days=30)
"""So long before a key is due to rotate its holder is told."""

LEAST_FREE_BYTES = 256 << 20
"""Less room than this takes no night."""

_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock that is right shows an earlier time: this package is younger."""

_SEVERITY = (4, 7, 3, 2, 5, 6)
"""Exit codes from the worst on: what must be looked at now, before what time mends."""


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        check: What was looked at.
        verdict: How it ended.
        found: What is the case.
        todo: What to do about it, or "".
        exit_code: That of a failure, by who must act; 0 of all else.
    """

    check: str
    verdict: Verdict
    found: str
    todo: str = ""
    exit_code: int = 0


def failed(check: str, error: PithError, todo: str = "") -> Finding:
    """Return the finding that an error is."""
    return Finding(check, Verdict.FAILED, str(error), todo, error.exit_code)


def worst(findings: Sequence[Finding]) -> int:
    """Return the exit code that findings come to: 0, or that of the worst."""
    codes = {finding.exit_code for finding in findings}
    return next((code for code in _SEVERITY if code in codes), 0)


def checked(check: str, look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """Return what a look finds; an error that ends it is its last finding."""
    findings: list[Finding] = []
    try:
        findings += look()
    except PithError as error:
        findings.append(failed(check, error))
    return findings


def look_at_installation() -> Iterator[Finding]:
    """Compare versions with those known to work, and try what parts are written with."""
    check = "installation"
    python = python_version()
    if not python.startswith(tuple(f"{known}." for known in PYTHONS)):
        yield Finding(
            check, Verdict.WARNING, f"Python {python}", f"use one of Python {', '.join(PYTHONS)}"
        )
    known, found = known_to_work(), libraries()
    for name, installed in found.items():
        wanted = known.get(name.lower())
        if installed is None:
            todo = "pip install -c constraints.txt -e ., or install the wheel again"
            yield failed(check, UsageError(f"{name} is not installed"), todo)
        elif wanted not in (None, installed):
            yield Finding(
                check,
                Verdict.WARNING,
                f"{name} {installed}, known to work: {wanted}",
                f"pip install {name}=={wanted}",
            )
    try:
        _try_parquet()
    except (PithError, OSError, ValueError) as error:
        todo = "install pyarrow again, by constraints.txt"
        yield failed(check, StorageError(f"a Parquet part cannot be written: {error}"), todo)
    else:
        said = f"pith-builder {builder_version()}, Python {python}, {len(found)} libraries"
        yield Finding(check, Verdict.OK, f"{said}; Parquet with zstd is written and read")


def _try_parquet() -> None:
    """Write a part as the lake's are, with zstd, checksums and Bloom filters, and read it."""
    row = ("1804.01852", 0, "try")
    with tempfile.TemporaryDirectory() as folder:
        part = write_part(Disk(), Path(folder), SIGHTINGS, "try", [row])
        read = [] if part is None else list(read_rows(Path(folder), SIGHTINGS, part))
    if [values[0] for values in read] != [row[0]]:
        raise ValueError(f"it was read as {read}")


def look_at_key(path: Path, now: datetime) -> Iterator[Finding]:
    """See that the signing key is there, for its owner alone, whole, and not due to rotate."""
    check = "signing key"
    public = read_key_file(path).public_key
    half = public_path(path)
    if not half.exists():
        todo = f"pith keys show > {half}"
        yield Finding(check, Verdict.WARNING, f"its public half is not in {half}", todo)
        said = public
    else:
        said = read_public_key(half)
        if (said.raw, said.key_id) != (public.raw, public.key_id):
            error = VerificationError(f"{half} is another key than {path}")
            yield failed(check, error, f"move it away, then `pith keys show > {half}`")
            return
    if said.rotates_at is not None and said.rotates_at <= format_seconds(now + ROTATE_SOON):
        found = f"{said.key_id} is due to rotate at {said.rotates_at}"
        yield Finding(check, Verdict.WARNING, found, "pith keys rotate")
    yield Finding(check, Verdict.OK, f"{said.key_id}, fingerprint {said.fingerprint}, mode 0600")


def look_at_trust(trusted: Sequence[tuple[PublicKey, str]]) -> Iterator[Finding]:
    """Say how many keys are trusted, each of which could be read."""
    yield Finding("trusted keys", Verdict.OK, f"{len(trusted)}; `pith keys list` shows why")


def look_at_lake(lake: Path, keyring: Keyring) -> Iterator[Finding]:
    """See that the lake opens, by a trusted signature, and what is left to sweep; no rows."""
    check = "lake"
    sequence = current_sequence(lake)
    later = later_manifests(lake, sequence or 0)
    if later:
        error = VerificationError(f"{lake / 'CURRENT'} was moved back from manifest {later[-1]}")
        yield failed(check, error, f"pith audit; then put back {manifest_name(later[-1])}")
        return
    live = live_manifest(lake)
    if live is None:
        yield Finding(check, Verdict.WARNING, f"there is none in {lake} yet", "pith build FILE")
        return
    report = verify_bytes(live.document, keyring)
    for failure in report.failures:
        todo = "pith audit; if another key signed it, --trust FILE or PITH_TRUSTED_KEYS"
        yield failed(check, VerificationError(f"manifest {sequence}: {failure.message}"), todo)
    parts = [part for table in live.tables.values() for part in table.parts]
    for part in parts:
        if not (lake / part.path).is_file():
            error = VerificationError(f"{part.path} is missing")
            yield failed(check, error, "copy it back from a backup, then pith audit")
    left = leftovers(lake)
    if left:
        size = sum(file.stat().st_size for file in left)
        found = f"{len(left)} files that no manifest names, {size} bytes"
        yield Finding(check, Verdict.WARNING, found, "pith maintain")
    if not views_follow(OpenedLake(lake, live)):
        yield Finding(check, Verdict.WARNING, "pith.sql is not this commit's", "pith maintain")
    size = sum(part.size_bytes for part in parts)
    rows = live.tables["records"].rows
    found = (
        f"manifest {sequence} of {format_seconds(live.created_at)}: {rows} records, {size} bytes"
    )
    if not report.failures:
        yield Finding(check, Verdict.OK, found)


def look_at_lock(lake: Path) -> Iterator[Finding]:
    """Say who writes to the lake, if anybody does."""
    try:
        descriptor = os.open(lake / ".lock", os.O_RDONLY)
    except FileNotFoundError:
        yield Finding("lock", Verdict.OK, "no one has written yet")
        return
    except OSError as error:
        raise StorageError(f"cannot open {lake / '.lock'}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 100, 0).decode(errors="replace") or "another process"
        found = f"{holder} is writing to {lake}"
        yield Finding("lock", Verdict.WARNING, found, "wait for it, or give --wait SECONDS")
    else:
        yield Finding("lock", Verdict.OK, "free")
    finally:
        os.close(descriptor)


def look_at_disk(lake: Path) -> Iterator[Finding]:
    """See that there is room for what is planned, and that what is written reaches the disk."""
    check = "disk"
    place = lake
    while not place.is_dir():
        place = place.parent
    live = live_manifest(lake) if place == lake else None
    tables = live.tables.values() if live is not None else ()
    held = sum(part.size_bytes for table in tables for part in table.parts)
    free = shutil.disk_usage(place).free
    found = f"{free >> 20} MiB free beside a lake of {held >> 20} MiB"
    if free < LEAST_FREE_BYTES:
        yield failed(check, StorageError(found), "make room: a night needs 256 MiB")
    elif free < held:
        todo = "plan as much again for old parts: make room, or pith maintain --keep-days"
        yield Finding(check, Verdict.WARNING, found, todo)
    # Named as what a killed writer leaves behind, so that `pith maintain` would sweep it.
    with new_file(Disk(), place / f".doctor-{os.getpid()}.partial") as file:
        file.write(b"written, and synced")
        kept = place / f".doctor-{os.getpid()}.pending"
        file.keep(kept)
    Disk().remove(kept)
    yield Finding(check, Verdict.OK, f"{found}; {place} takes files, and they reach the disk")


def look_at_clock(lake: Path, now: datetime) -> Iterator[Finding]:
    """See that the clock is past what is known to have been."""
    live = live_manifest(lake)
    latest = max(_EARLIEST, live.created_at) if live is not None else _EARLIEST
    if now < latest:
        found = (
            f"it shows {format_seconds(now)}, before {format_seconds(latest)} of the last commit"
        )
        yield failed("clock", UsageError(found), "set the machine's clock before building")
        return
    yield Finding("clock", Verdict.OK, format_seconds(now))
