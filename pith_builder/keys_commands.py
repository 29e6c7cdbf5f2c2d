"""The commands of keys: new, list, show, rotate and revoke; and signing again with another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pith_builder.console import (
    Instant,
    clock,
    counts,
    json_option,
    lake_option,
    now_option,
    print_json,
    progress_shown,
    say,
    target_of,
    trust_option,
    wait_option,
    workers_option,
)
from pith_builder.errors import UsageError
from pith_builder.settings import Settings

if TYPE_CHECKING:
    from pith_builder.core.canonical import JsonValue
    from pith_builder.core.keys import PublicKey

_NOTES = "Signs the digests of Pith documents, as raw bytes."


@click.group()
def keys() -> None:
    """Make, show, rotate and revoke signing keys."""


@keys.command("new")
@click.option("--key-id", help="The key's name.  [default: pith-builder-YYYY-MM]")
@json_option
def keys_new(key_id: str | None, as_json: bool) -> None:
    """Make a signing key, in the file that PITH_SIGNING_KEY_FILE names.

    The file is for you alone (mode 0600); its public half goes beside it. Keep a copy offline.

    \b
    PITH_SIGNING_KEY_FILE=~/keys/pith.json pith keys new --key-id our-registry-2026
    """
    from pith_builder.signing.key_files import new_key_file

    settings = Settings.of(os.environ)
    now = clock()
    key = new_key_file(
        settings.signing_key_file,
        key_id or f"pith-builder-{now:%Y-%m}",
        url=settings.registry.key_url(),
        notes=_NOTES,
        now=now,
    )
    if as_json:
        print_json(key.to_json_object())
        return
    _say_made(key, settings.signing_key_file)


def _say_made(key: PublicKey, path: Path) -> None:
    from pith_builder.signing.key_files import public_path

    click.echo(f"made key {key.key_id}, fingerprint {key.fingerprint}")
    click.echo(f"private, for you alone: {path}")
    click.echo(f"public, for everyone:   {public_path(path)}")


@keys.command("list")
@trust_option
@json_option
def keys_list(trust: tuple[Path, ...], as_json: bool) -> None:
    """List the keys that are trusted, for what, until when, and why.

    \b
    pith keys list
    """
    trusted = Settings.of(os.environ, trust).trusted()
    if as_json:
        print_json(
            [{**key.to_json_object(), **_trust(key), "trusted_by": why} for key, why in trusted]
        )
        return
    for key, why in trusted:
        only = "".join(f"  {word}" for word in _in_words(key))
        say(f"{key.key_id}  {key.fingerprint}  {why}{only}")


def _trust(key: PublicKey) -> dict[str, JsonValue]:
    """Return what a key is trusted for and when, where that is not everything and always."""
    from pith_builder.core.keys import TrustedKey

    return TrustedKey.of(key).trust()


def _in_words(key: PublicKey) -> Iterator[str]:
    said = _trust(key)
    if "event_types" in said:
        yield f"for {', '.join(said['event_types'])} alone"
    if "signer_ids" in said:
        yield f"as {', '.join(said['signer_ids'])} alone"
    if "valid_from" in said:
        yield f"from {said['valid_from']}"
    if key.rotates_at is not None:
        yield f"until {key.rotates_at}"
    if "revoked_at" in said:
        why = said.get("revocation_reason")
        yield f"revoked from {said['revoked_at']}" + (f": {why}" if why else "")


@keys.command("show")
@click.argument("key_id", required=False)
@trust_option
@json_option
def keys_show(key_id: str | None, trust: tuple[Path, ...], as_json: bool) -> None:
    """Print a public-key object: your own, or the trusted key KEY_ID.

    \b
    pith keys show > our-key.json
    """
    del as_json  # a public-key object is JSON
    settings = Settings.of(os.environ, trust)
    if key_id is None:
        key = settings.signer().public_key
    else:
        found = [key for key, _ in settings.trusted() if key.key_id == key_id]
        if not found:
            raise UsageError(f"no trusted key is named {key_id!r}: see `pith keys list`")
        key = found[0]
    print_json(key.to_json_object())


@keys.command("rotate")
@click.option("--key-id", help="The new key's name.  [default: pith-builder-YYYY-MM]")
@now_option
@json_option
def keys_rotate(key_id: str | None, now: datetime | None, as_json: bool) -> None:
    """Make a new key that signs from now on; what the old one signed keeps verifying.

    The old private key is kept beside the new one, for you alone: take it offline, or destroy it.
    Its public half stays trusted for what it signed before. `pith reissue` signs receipts and
    bundles again with the new key. Give its public half to those who trust yours.

    \b
    pith keys rotate --key-id our-registry-2027
    """
    from pith_builder.signing.key_files import read_key_file
    from pith_builder.signing.rotation import retired_folder, rotate

    settings = Settings.of(os.environ)
    path, made_at = settings.signing_key_file, now or clock()
    old = read_key_file(path).public_key
    new = rotate(
        path,
        key_id or _free_key_id(settings, made_at),
        url=settings.registry.key_url(),
        notes=_NOTES,
        now=made_at,
    )
    if as_json:
        print_json(new.to_json_object())
        return
    _say_made(new, path)
    kept = retired_folder(path) / f"{old.fingerprint}.json"
    click.echo(f"retired {old.key_id}: its private key is in {kept}; take it offline or destroy it")


def _free_key_id(settings: Settings, now: datetime) -> str:
    taken = {key.key_id for key, _ in settings.trusted()}
    first = f"pith-builder-{now:%Y-%m}"
    names = (first, *(f"{first}-{number}" for number in range(2, len(taken) + 2)))
    return next(name for name in names if name not in taken)


@keys.command("revoke")
@click.argument("name", metavar="KEY_ID")
@click.option(
    "--at", type=Instant(), help="The first instant whose signatures do not hold.  [default: now]"
)
@click.option("--reason", required=True, help="Why, in one line.")
@trust_option
@json_option
def keys_revoke(
    name: str, at: datetime | None, reason: str, trust: tuple[Path, ...], as_json: bool
) -> None:
    """Revoke a trusted key: what it signed from a time on no longer holds.

    KEY_ID is a key's id or fingerprint. Signatures from before that time keep verifying. The file
    that says so lies beside your signing key; give it to those who trust the key, who put it among
    the files they trust. Give the time the key may have been stolen at, not when it was noticed.

    \b
    pith keys revoke our-registry-2026 --at 2026-11-20T00:00:00Z --reason 'laptop stolen'
    """
    from pith_builder.signing.rotation import revoke

    settings = Settings.of(os.environ, trust)
    revoked, place = revoke(
        settings.signing_key_file, settings.keyring(), name, at=at or clock(), reason=reason
    )
    if as_json:
        print_json({**revoked.to_json_object(), **revoked.trust(), "file": str(place)})
        return
    say(f"revoked {revoked.key_id}, fingerprint {revoked.fingerprint}, from {revoked.revoked_at}")
    click.echo(f"said in {place}: give it to those who trust the key")


@click.command()
@click.option(
    "--of",
    "names",
    multiple=True,
    metavar="KEY_ID",
    help="A trusted key whose signatures to make again.  [default: your retired keys]",
)
@lake_option
@trust_option
@now_option
@workers_option
@wait_option
@json_option
def reissue(
    names: tuple[str, ...],
    lake: Path | None,
    trust: tuple[Path, ...],
    now: datetime | None,
    workers: int,
    wait: float,
    as_json: bool,
) -> None:
    """Sign receipts and bundles again with the key that signs now, in one commit.

    It is what `pith keys rotate` leaves to do, if records are to show the new key. Records, events
    and states stay as they are: an event keeps its own signature. What others signed is left alone.

    \b
    pith reissue --lake data/lake
    """
    from pith_builder.operations.reissue import reissue as run
    from pith_builder.signing.key_files import read_public_key
    from pith_builder.signing.rotation import retired_files

    settings = Settings.of(os.environ, trust)
    target = target_of(settings, lake, now, workers, wait)
    keyring = settings.keyring()
    if names:
        former = [key for key in keyring if {key.key_id, key.fingerprint} & set(names)]
        found = {name for key in former for name in (key.key_id, key.fingerprint)}
        for name in names:
            if name not in found:
                raise UsageError(f"no trusted key is named {name!r}: see `pith keys list`")
    else:
        former = [read_public_key(file) for file in retired_files(settings.signing_key_file)]
        if not former:
            raise UsageError("no key of yours is retired: `pith keys rotate` first, or say --of")
    with progress_shown("rows") as progress:
        done = run(target, keyring, former, progress)
    if as_json:
        print_json({**counts(done.result), "bundles": done.bundles, "receipts": done.receipts})
        return
    click.echo(f"{done.receipts} receipts and {done.bundles} bundles signed again")
    if done.result.committed:
        click.echo(f"committed manifest {done.result.sequence}")
    else:
        click.echo("nothing to sign again, nothing committed")
