"""Keys on disk: a private key file for its owner alone, and public-key files to trust."""

from __future__ import annotations

import json
import secrets
import stat
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from pith_builder.core.canonical import JsonValue, parse_json
from pith_builder.core.form import Form, ListOf
from pith_builder.core.forms import ANY_INSTANT, NAME, WORD
from pith_builder.core.instants import format_microseconds
from pith_builder.core.keys import (
    ALGORITHM,
    PublicKey,
    TrustedKey,
    as_microseconds,
    decode_base64,
)
from pith_builder.disk import Disk, remove_unwanted, storage_errors, write_whole
from pith_builder.errors import MalformedError, UsageError
from pith_builder.signing.ed25519 import SEED_BYTES, Ed25519Signer

_KEY_FILE_KIND = "pith_signing_key"


def new_key_file(
    path: Path, key_id: str, *, url: str, notes: str, now: datetime, disk: Disk | None = None
) -> PublicKey:
    """Make a key pair; write the private key, for its owner alone, and the public key beside it.

    Each file is whole or absent. The public-key object goes to `path` with `.pub.json` for its
    ending.

    Raises:
        UsageError: There is a file of that name; a key is never written over.
        StorageError: The disk is full, or the folder takes no files.
    """
    disk = disk or Disk()
    text, key = new_key_pair(key_id, url=url, notes=notes, now=now)
    with storage_errors(path, "no key was made"):
        disk.make_directory(path.parent)
        try:
            with private_file(disk, path, text) as partial:
                disk.name_new(partial, path)
                try:
                    disk.sync_directory(path.parent)
                except OSError:
                    remove_unwanted(disk, path)  # nobody knows of it yet
                    raise
        except FileExistsError as error:
            raise UsageError(
                f"there is a key in {path}, and a key is never written over: use it, set "
                "PITH_SIGNING_KEY_FILE to another file, or take another with `pith keys rotate`"
            ) from error
    left = "the private key is made; `pith keys show` prints its public half"
    write_whole(disk, public_path(path), pretty(key.to_json_object()), left)
    return key


def new_key_pair(key_id: str, *, url: str, notes: str, now: datetime) -> tuple[bytes, PublicKey]:
    """Make a key pair, and return what its private key file holds, and its public key."""
    seed = secrets.token_bytes(SEED_BYTES)
    signer = Ed25519Signer(key_id, seed, url=url, notes=notes)
    text = pretty(
        {
            "kind": _KEY_FILE_KIND,
            "key_id": key_id,
            "algorithm": ALGORITHM,
            "seed_b64": b64encode(seed).decode(),
            "public_key_hex": signer.public_key.raw.hex(),
            "created_at": format_microseconds(now),
            "url": url,
            "notes": notes,
        }
    )
    return text, signer.public_key


@contextmanager
def private_file(disk: Disk, path: Path, data: bytes) -> Iterator[Path]:
    """Write a file beside `path`, for its owner alone, and give it to be named."""
    # Of a name that none can guess: what was put there beforehand is not in the way.
    partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}.partial")
    file = disk.create_private(partial)
    try:
        file.write(data)
        disk.sync(file)
        file.close()
        yield partial
    finally:
        with suppress(OSError):  # closing flushes what a full disk did not take
            file.close()
        remove_unwanted(disk, partial)


def public_path(path: Path) -> Path:
    """Return where the public half of a private key file lies."""
    return path.with_suffix(".pub.json")


def read_key_file(path: Path) -> Ed25519Signer:
    """Read a private key file.

    Raises:
        UsageError: There is none, or others than its owner can read it.
        MalformedError: It is no private key file, or contradicts itself.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise UsageError(
                f"others can read the private key in {path} (mode {mode:04o}): "
                f"run `chmod 600 {path}`, and make a new key if it may have been read"
            )
        return signer_from(path.read_bytes(), str(path))
    except FileNotFoundError as error:
        raise UsageError(
            f"there is no signing key in {path}: make one with `pith keys new`, "
            "or set PITH_SIGNING_KEY_FILE to the file that holds yours"
        ) from error
    except OSError as error:
        raise UsageError(
            f"cannot read the signing key in {path}: {error.strerror}; run as the user it is for, "
            "or set PITH_SIGNING_KEY_FILE to the file that holds yours"
        ) from error


def signer_from(data: bytes, named: str) -> Ed25519Signer:
    """Read what a private key file holds, from wherever it is kept; `named` says where.

    Raises:
        MalformedError: It is no private key file, or contradicts itself. Neither the message nor
            a cause shows what it holds, nor does a traceback that shows variables.
    """
    signer = _signer_in(data)
    del data
    if signer is None:
        raise MalformedError(f"{named} is no private key file as `pith keys new` writes it")
    return signer


def _signer_in(data: bytes) -> Ed25519Signer | None:
    try:
        fields = parse_json(data)
        is_key = fields["kind"] == _KEY_FILE_KIND and fields["algorithm"] == ALGORITHM
        signer = Ed25519Signer(
            str(fields["key_id"]),
            decode_base64(fields["seed_b64"]),
            url=fields["url"],
            notes=fields["notes"],
        )
        is_key = is_key and all(isinstance(fields[name], str | None) for name in ("url", "notes"))
        is_key = is_key and isinstance(fields["key_id"], str)
        is_whole = is_key and signer.public_key.raw.hex() == fields["public_key_hex"]
    except (MalformedError, KeyError, TypeError):
        return None
    return signer if is_whole else None


def read_public_key(path: Path) -> PublicKey:
    """Read a public-key object to trust.

    It may say more than the object (see `TrustedKey`): `event_types`, a list of types of events
    that it may sign; `signer_ids`, a list of names that it may sign events under; `valid_from`,
    and `revoked_at` with its `revocation_reason`. What it does not say does not bind the key.

    Raises:
        UsageError: There is no such file.
        MalformedError: It is no public-key object, or contradicts itself.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read the public key in {path}: {error.strerror}; --trust and "
            "PITH_TRUSTED_KEYS name files as `pith keys show` prints them"
        ) from error
    try:
        value = parse_json(data)
        key = PublicKey.from_json_object(value)
        if key.rotates_at is not None:
            as_microseconds(key.rotates_at)
        said = {name: value[name] for name in _TRUST if name in value}
        return _trusted(key, said) if said else key
    except MalformedError as error:
        raise MalformedError(f"{path}: {error}") from error


_TRUST: dict[str, tuple[Form, str]] = {
    "event_types": (ListOf(WORD), "list of types of events"),
    "signer_ids": (ListOf(NAME), "list of names of signers"),
    "valid_from": (ANY_INSTANT, "instant"),
    "revoked_at": (ANY_INSTANT, "instant"),
    "revocation_reason": (NAME, "line of text"),
}


def _trusted(key: PublicKey, said: dict[str, JsonValue]) -> TrustedKey:
    for name, value in said.items():
        form, wanted = _TRUST[name]
        failure = next(iter(form.failures(value, f"/{name}")), None)
        if failure is not None or not value:
            why = f"{failure.path}: {failure.message}" if failure else "it is empty"
            raise MalformedError(f"{name} is no {wanted}: {why}")

    def listed(name: str) -> frozenset[str] | None:
        return frozenset(said[name]) if name in said else None

    def instant(name: str) -> str | None:
        return as_microseconds(said[name]) if name in said else None

    return replace(
        TrustedKey.of(key),
        event_types=listed("event_types"),
        signer_ids=listed("signer_ids"),
        valid_from=instant("valid_from"),
        revoked_at=instant("revoked_at"),
        revocation_reason=said.get("revocation_reason"),
    )


def shipped_keys() -> tuple[PublicKey, ...]:
    """Return the keys this package trusts as it comes: the public registry's."""
    data = files("pith_builder.signing").joinpath("pith-v1-2026-05.json").read_bytes()
    return (PublicKey.from_json_object(parse_json(data)),)


def pretty(value: JsonValue) -> bytes:
    """Return a key file's bytes, for eyes."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
