"""The lake as it was: the manifest that was live on a day, at an instant or after a build.

Parts are immutable and manifests stay, so a manifest of the past is the lake of the past, whole:
also tables whose rows are written anew when they change.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TypeAlias

from pith_builder.core.manifest import Manifest
from pith_builder.errors import UsageError
from pith_builder.lake.store import Lake, open_lake, read_manifest

Moment: TypeAlias = str | int | date | datetime
"""A manifest's number, a build, a day or an instant; text says any of them."""

_NUMBER = re.compile(r"[0-9]{1,8}")
_BUILD = re.compile(r"[0-9]{8}-[0-9]{8}T[0-9]{6}Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WANTED = (
    "wanted a day such as 2026-11-20, an instant such as 2026-11-20T14:17:09Z, a build or a "
    "manifest's number"
)


def lake_as_of(path: Path, moment: Moment) -> Lake:
    """Open a lake as it was on a day, at an instant, after a build or at a manifest's number.

    Ruling: "on" a day is at its end, UTC; an instant without a zone is UTC. Manifests count in
    the order of the chain: of several dated no later, it is the last, also where a build was dated
    back.

    Raises:
        UsageError: There is no lake, or there was none then, or its parts of then were swept, or
            this names no moment.
        VerificationError: `CURRENT` or a manifest is damaged.
    """
    live = open_lake(path).manifest
    is_of_then = _condition(moment)
    for sequence in range(live.sequence, 0, -1):
        manifest = live if sequence == live.sequence else read_manifest(path, sequence)
        if is_of_then(manifest):
            if manifest is not live:
                _see_that_it_is_whole(path, manifest, moment)
            return Lake(path, manifest)
    raise UsageError(
        f"{path} holds nothing as of {moment}: its first build is {manifest.build_id}, its last "
        f"{live.build_id}"
    )


def _see_that_it_is_whole(path: Path, manifest: Manifest, moment: Moment) -> None:
    """Refuse a manifest of which parts are gone."""
    parts = [part for table in manifest.tables.values() for part in table.parts]
    gone = sum(not (path / part.path).exists() for part in parts)
    if gone:
        raise UsageError(
            f"{path} can no longer be opened as of {moment}: {gone} of the {len(parts)} parts of "
            f"manifest {manifest.sequence} are gone, as `pith maintain` removes those that were "
            "joined or rewritten long ago. Ask for a later moment; the records of then are still "
            "told by from records_on(…)"
        )


def _condition(moment: Moment) -> Callable[[Manifest], bool]:
    """Return what tells the manifest of a moment, the last first."""
    text = str(moment)
    if _NUMBER.fullmatch(text):
        return lambda manifest: manifest.sequence == int(text)
    if _BUILD.fullmatch(text):
        return lambda manifest: manifest.build_id == text
    end = _end(moment)
    return lambda manifest: manifest.created_at <= end


def _end(moment: Moment) -> datetime:
    """Return the last instant of a day, or the instant itself."""
    text = str(moment)
    try:
        if _DAY.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time.max, UTC)
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no moment: {_WANTED}") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
