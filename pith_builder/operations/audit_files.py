"""Auditing a lake's files: the chain of manifests, `pith.sql`, and the bytes of every part.

Parts that only earlier manifests name are read by those who ask of the past; so they are compared
with what those manifests say, as long as they are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from pith_builder.core.canonical import JsonValue, parse_json
from pith_builder.core.keys import Keyring
from pith_builder.core.manifest import Manifest, Part
from pith_builder.core.verification import verify
from pith_builder.errors import VerificationError
from pith_builder.lake.parts import microseconds
from pith_builder.lake.reading import file_problem
from pith_builder.lake.store import (
    CURRENT,
    SQL_FILE,
    Lake,
    current_sequence,
    later_manifests,
    live_manifest,
    manifest_name,
    read_manifest,
    views_follow,
    views_place,
)
from pith_builder.operations.audit_parts import Finding

Spread: TypeAlias = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]
"""Does a task for each of several things, several at a time, and gives the results in order."""


@dataclass(slots=True)
class Chain:
    """The manifests from the live one back, as far as they can be read.

    Attributes:
        live: The manifest that `CURRENT` names, or None where it cannot be read.
        manifests: How many were read.
        builds: What they say of the builds that made them, as columns of `builds` do.
        parts: Every part that any of them names, by path, with its table and as the last says.
        is_whole: Whether the first was reached.
        findings: What does not hold.
    """

    live: Manifest | None = None
    manifests: int = 0
    builds: dict[str, dict[str, Any]] = field(default_factory=dict)
    parts: dict[str, tuple[str, Part]] = field(default_factory=dict)
    is_whole: bool = False
    findings: list[Finding] = field(default_factory=list)


def audit_chain(lake: Path, trusted: Keyring) -> Chain:
    """Verify the manifests from the live one back to the first."""
    chain = Chain()
    try:
        sequence = current_sequence(lake)
    except VerificationError as error:
        chain.findings.append(Finding("bad_current", CURRENT, str(error)))
        return chain
    if sequence is None:
        chain.findings.append(Finding("no_lake", CURRENT, f"there is no lake in {lake}"))
        return chain
    for number in later_manifests(lake, sequence):
        message = f"manifest {number} was live after it: {CURRENT} was moved back"
        chain.findings.append(Finding("rolled_back", CURRENT, message))
    later: Manifest | None = None
    for number in range(sequence, 0, -1):
        try:
            manifest = read_manifest(lake, number)
        except VerificationError as error:
            chain.findings += _unread(lake, number, str(error), is_live=number == sequence)
            return chain
        value = parse_json(manifest.document)
        chain.findings += _problems(manifest, value, later, trusted)
        _note(chain, manifest, value)
        later = manifest
    chain.is_whole = sequence > 0
    return chain


def _unread(lake: Path, number: int, message: str, *, is_live: bool) -> Iterator[Finding]:
    place = manifest_name(number)
    yield Finding("bad_manifest", place, message)
    if is_live and not (lake / place).exists():
        yield Finding("bad_current", CURRENT, f"names {place}, which is not there")


def _problems(
    manifest: Manifest, value: JsonValue, later: Manifest | None, trusted: Keyring
) -> Iterator[Finding]:
    """Yield what does not hold of one manifest, and of the one that follows it."""
    place = manifest_name(manifest.sequence)
    for failure in verify(value, trusted).failures:
        yield Finding(str(failure.code), place, f"{failure.path}: {failure.message}")
    if later is not None:
        yield from _following(later, manifest)
    if (manifest.previous is None) != (manifest.sequence == 1):
        message = f"is number {manifest.sequence} and follows {manifest.previous}"
        yield Finding("broken_chain", place, message)
    for name, table in manifest.tables.items():
        said = value["tables"][name]["rows"]
        if said != table.rows:
            message = f"counts {said} rows of {name}, its parts have {table.rows}"
            yield Finding("count_mismatch", place, message, name)


def _following(later: Manifest, manifest: Manifest) -> Iterator[Finding]:
    """Yield what does not hold of the next; one of the same build must hold the same rows."""
    if later.previous is not None and manifest.manifest_sha256 != later.previous:
        message = f"is not the manifest that number {later.sequence} follows: the chain is forked"
        yield Finding("broken_chain", manifest_name(manifest.sequence), message)
    if later.build_id == manifest.build_id:
        for name, table in later.tables.items():
            before = manifest.tables[name]
            if (table.content_root, table.rows) != (before.content_root, before.rows):
                message = (
                    f"is of the same build as the one before it, and holds other rows of {name}"
                )
                yield Finding("build_mismatch", manifest_name(later.sequence), message, name)


def _note(chain: Chain, manifest: Manifest, value: JsonValue) -> None:
    """Keep what a manifest says of its build and of parts."""
    chain.live = chain.live or manifest
    chain.manifests += 1
    # Of several of one build the first counts: the others came of maintenance.
    chain.builds[manifest.build_id] = {
        "started_at": microseconds(manifest.created_at),
        "builder_version": value["builder_version"],
    }
    for name, table in manifest.tables.items():
        for part in table.parts:
            _, known = chain.parts.setdefault(part.path, (name, part))
            if known != part:
                message = f"says of {part.path} other than a later manifest does"
                place = manifest_name(manifest.sequence)
                chain.findings.append(Finding("part_mismatch", place, message, name))


def audit_views(lake: Path) -> list[Finding]:
    """Return whether `pith.sql` is not what follows from the live manifest."""
    try:
        while (live := live_manifest(lake)) and not views_follow(Lake(lake, live)):
            if current_sequence(lake) == live.sequence:  # else both were replaced meanwhile
                message = "is not what follows from the manifest; `pith maintain` writes it anew"
                return [Finding("bad_views", SQL_FILE, message)]
    except VerificationError:
        pass  # a manifest is damaged, which the chain says
    return []


def audit_bytes(lake: Path, chain: Chain, spread: Spread) -> tuple[list[Finding], frozenset[str]]:
    """Compare the bytes of parts with the manifests; return findings, and which parts are right.

    A part that only an earlier manifest names may be gone.
    """
    live = chain.live
    current = {part.path for table in live.tables.values() for part in table.parts} if live else ()
    named = [(name, part) for name, part in chain.parts.values() if _is_due(lake, part, current)]
    findings: list[Finding] = []
    sound = set()
    parts = [part for _, part in named]
    problems = spread(partial(file_problem, lake), parts)
    for (name, part), problem in zip(named, problems, strict=True):
        if problem is None:
            sound.add(part.path)
        elif _is_due(lake, part, current):  # and not removed meanwhile
            findings.append(Finding(problem.code, part.path, problem.message, name))
    return findings, frozenset(sound)


def _is_due(lake: Path, part: Part, current: Iterable[str]) -> bool:
    return part.path in current or (lake / part.path).exists()


def audit_notes(lake: Path, chain: Chain) -> Iterator[Finding]:
    """Yield what is no fault of the lake, but may mislead who reads it otherwise than by it."""
    place = views_place(lake)
    if place is not None and place.resolve() != lake.resolve():
        message = f"reads the lake in {place}, not this one; `pith maintain` writes it for here"
        yield Finding("views_elsewhere", SQL_FILE, message)
    files = sorted(lake.glob("tables/*/*")) if chain.is_whole else ()
    for path in (str(file.relative_to(lake)) for file in files):
        if path not in chain.parts:
            message = "no manifest names it, so nothing reads it; `pith maintain` removes it"
            yield Finding("unnamed_file", path, message)
