"""Taking another key, and revoking one: the files beside the signing key that say so.

Beside `signing-key.json` and its public half lie two folders, whose files are trusted with them:
`signing-key.retired/` holds the keys that signed before, `signing-key.revoked/` those revoked.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pith_builder.core.canonical import JsonValue, parse_json
from pith_builder.core.instants import format_microseconds
from pith_builder.core.keys import ONE_LINE, PublicKey, TrustedKey
from pith_builder.disk import FILE_UNTOUCHED, Disk, storage_errors, write_whole
from pith_builder.errors import UsageError
from pith_builder.signing.key_files import (
    new_key_pair,
    pretty,
    private_file,
    public_path,
    read_key_file,
    read_public_key,
)

_UNFINISHED = "the new key signs; the next command that signs tries again"


def retired_folder(path: Path) -> Path:
    """Return where the keys lie that signed before the one in the file `path`."""
    return path.with_suffix(".retired")


def revoked_folder(path: Path) -> Path:
    """Return where it is said which keys are revoked, beside the signing key's file `path`."""
    return path.with_suffix(".revoked")


def retired_files(path: Path) -> list[Path]:
    """Return the public-key files of the keys that signed before."""
    return sorted(retired_folder(path).glob("*.pub.json"))


def revoked_files(path: Path) -> list[Path]:
    """Return the files that say which keys are revoked."""
    return sorted(revoked_folder(path).glob("*.json"))


def rotate(
    path: Path, key_id: str, *, url: str, notes: str, now: datetime, disk: Disk | None = None
) -> PublicKey:
    """Put a new key in the place of the one in `path`, which is retired, and return it.

    The old private key is kept, for its owner alone; its public half stays trusted, and says in
    `rotates_at` when the new one took its place. Replacing the private key's file is the one step
    that counts: what a kill leaves undone, `finish_rotation` does.

    Raises:
        UsageError: There is no key to take the place of, or one of ours has this id already.
        MalformedError: The file is no key file.
        StorageError: The disk is full, or the folder takes no files.
    """
    disk = disk or Disk()
    with _alone(path.parent):
        old = read_key_file(path).public_key
        finish_rotation(path, old, disk)
        ours = {old.key_id, *(read_public_key(file).key_id for file in retired_files(path))}
        if key_id in ours:
            raise UsageError(f"a key of ours is named {key_id!r} already: give another --key-id")
        text, new = new_key_pair(key_id, url=url, notes=notes, now=now)
        kept = retired_folder(path) / f"{old.fingerprint}.json"
        with storage_errors(kept, "the key is as it was"):
            disk.make_directory(kept.parent)
        for place, data in ((kept, path.read_bytes()), (path, text)):
            with (
                storage_errors(place, "the key is as it was"),
                private_file(disk, place, data) as partial,
            ):
                disk.replace(partial, place)
                disk.sync_directory(place.parent)
        finish_rotation(path, new, disk)
    return new


def finish_rotation(path: Path, own: PublicKey, disk: Disk | None = None) -> None:
    """See to it that the public key beside the private one in `path` is its own.

    Where it is another's, a rotation was not finished: that key is retired as of when the new one
    was made. Whoever signs does so first.

    Raises:
        StorageError: The disk is full, or the folder takes no files.
    """
    beside = public_path(path)
    if not beside.exists():
        return
    old = read_public_key(beside)
    if old.raw == own.raw:
        return
    disk = disk or Disk()
    rotates_at = parse_json(path.read_bytes()).get("created_at")
    retired = retired_folder(path) / f"{old.fingerprint}.pub.json"
    with storage_errors(retired, _UNFINISHED):
        disk.make_directory(retired.parent)
    key = replace(TrustedKey.of(old), rotates_at=rotates_at)
    write_whole(disk, retired, _stated(key), _UNFINISHED)
    write_whole(disk, beside, _stated(own), _UNFINISHED)


def revoke(
    path: Path,
    trusted: Iterable[PublicKey],
    name: str,
    *,
    at: datetime,
    reason: str,
    disk: Disk | None = None,
) -> tuple[TrustedKey, Path]:
    """Say beside the signing key's file `path` that a trusted key is revoked, and where it says so.

    The file is a public-key object with `revoked_at` and `revocation_reason`: whoever is given it
    and trusts it refuses what the key signed since, whatever else they trust.

    Args:
        path: The signing key's file.
        trusted: The keys trusted so far.
        name: The id or the fingerprint of one of them.
        at: The first instant whose signatures do not hold.
        reason: Why, in one line.
        disk: What writes.

    Raises:
        UsageError: No trusted key has this name, or several have, or it is revoked from an
            earlier time already, or the reason is no line.
        StorageError: The disk is full, or the folder takes no files.
    """
    found = {key.fingerprint: key for key in trusted if name in {key.key_id, key.fingerprint}}
    if not found:
        raise UsageError(f"no trusted key is named {name!r}: see `pith keys list`")
    if len(found) > 1:
        raise UsageError(f"{name!r} names several keys, say which: {', '.join(sorted(found))}")
    if not ONE_LINE.fullmatch(reason):
        raise UsageError(f"wanted a reason in one line, found {reason!r}")
    [key] = map(TrustedKey.of, found.values())
    revoked_at = format_microseconds(at)
    if key.revoked_at is not None and key.revoked_at < revoked_at:
        raise UsageError(f"key {name!r} is revoked from {key.revoked_at} already, which is earlier")
    revoked = replace(key, revoked_at=revoked_at, revocation_reason=reason)
    disk = disk or Disk()
    place = revoked_folder(path) / f"{key.fingerprint}.json"
    with storage_errors(place, FILE_UNTOUCHED):
        disk.make_directory(place.parent)
    write_whole(disk, place, _stated(revoked))
    return revoked, place


def _stated(key: PublicKey) -> bytes:
    said: dict[str, JsonValue] = key.to_json_object()
    return pretty({**said, **TrustedKey.of(key).trust()})


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep another rotation of the same key waiting; the kernel frees it when this one dies."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise UsageError(f"there is no key in {folder}: make one with `pith keys new`") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
