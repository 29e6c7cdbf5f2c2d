"""Settings: everything that is chosen outside, gathered once, at the edge."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pith_builder.core.keys import PublicKey
from pith_builder.core.registry import Registry
from pith_builder.errors import UsageError
from pith_builder.signing.ed25519 import Ed25519Signer, TrustedKeys
from pith_builder.signing.key_files import (
    public_path,
    read_key_file,
    read_public_key,
    shipped_keys,
)
from pith_builder.signing.rotation import finish_rotation, retired_files, revoked_files

if TYPE_CHECKING:
    from pith_builder.operations.harvest import SourceSettings

DEFAULT_LAKE = Path("data/lake")
DEFAULT_OAI_URL = "https://oaipmh.arxiv.org/oai"
DEFAULT_API_URL = "https://export.arxiv.org/api/query"
DEFAULT_PACE_SECONDS = 3.0
DEFAULT_ATTEMPTS = 8
DEFAULT_KEEP_DAYS = 30
DEFAULT_SIGNER_ID = "pith-builder.local"
DEFAULT_REGISTRY_NAME = "Pith Builder"
DEFAULT_BASE_URL = "http://localhost:8000"
DEFAULT_SIGNING_KEY = Path("data/keys/signing-key.json")


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that something here goes by.

    Attributes:
        name: Its name.
        about: What it says.
        otherwise: What holds without it.
    """

    name: str
    about: str
    otherwise: str


VARIABLES = (
    Variable("PITH_LAKE", "The lake's folder (`--lake`).", f"`{DEFAULT_LAKE}`"),
    Variable("PITH_SIGNING_KEY_FILE", "The private key.", f"`{DEFAULT_SIGNING_KEY}`"),
    Variable(
        "PITH_TRUSTED_KEYS",
        "Public-key files, or folders of them, to trust (`--trust`), parted by colons.",
        "none",
    ),
    Variable("PITH_SIGNER_ID", "Who signs events.", f"`{DEFAULT_SIGNER_ID}`"),
    Variable("PITH_REGISTRY_NAME", "The registry's name for people.", DEFAULT_REGISTRY_NAME),
    Variable("PITH_BASE_URL", "Where its mirror is served.", f"`{DEFAULT_BASE_URL}`"),
    Variable("PITH_OAI_URL", "arXiv's OAI-PMH.", f"`{DEFAULT_OAI_URL}`"),
    Variable("PITH_API_URL", "arXiv's query API.", f"`{DEFAULT_API_URL}`"),
    Variable(
        "PITH_PACE_SECONDS",
        "From one request's start to the next one's at least.",
        f"{DEFAULT_PACE_SECONDS:.0f}",
    ),
    Variable("PITH_PACE_FILE", "What processes share their turns by.", "one file for the machine"),
    Variable("PITH_ATTEMPTS", "How often one request is made at most.", str(DEFAULT_ATTEMPTS)),
    Variable(
        "PITH_BUILDER_VERSION",
        "The builder's name in receipts.",
        "`pith-builder-` and the version",
    ),
    Variable(
        "PITH_SIGNING_KEY_BLOCK",
        "For flows: the Prefect Secret block that holds the private key.",
        "the file",
    ),
    Variable(
        "PITH_DASK_ADDRESS",
        "For the flow on Dask: the cluster's scheduler.",
        "two workers on this machine",
    ),
)
"""Every variable there is; the manual is made of these lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run of Pith Builder goes by.

    Attributes:
        lake: `PITH_LAKE`: the lake's folder.
        signing_key_file: `PITH_SIGNING_KEY_FILE`: the private key.
        trusted_keys: `PITH_TRUSTED_KEYS` and `--trust`: public-key files, or folders of them,
            trusted beside the public registry's key and one's own.
        registry: `PITH_SIGNER_ID`, `PITH_REGISTRY_NAME`, `PITH_BASE_URL`, `PITH_BUILDER_VERSION`:
            who builds.
        oai_url: `PITH_OAI_URL`: where to harvest.
        pace_seconds: `PITH_PACE_SECONDS`: from one request's start to the next one's at least.
        pace_file: `PITH_PACE_FILE`: what processes share their turns by; None is the machine's.
        attempts: `PITH_ATTEMPTS`: how often one request is made at most.
        api_url: `PITH_API_URL`: arXiv's query API.
    """

    lake: Path
    signing_key_file: Path
    trusted_keys: tuple[Path, ...]
    registry: Registry
    oai_url: str
    pace_seconds: float
    pace_file: Path | None
    attempts: int
    api_url: str

    @classmethod
    def of(cls, environ: Mapping[str, str], trust: tuple[Path, ...] = ()) -> Settings:
        """Gather the settings from environment variables, and more keys to trust.

        Raises:
            MalformedError: A setting is not in its form.
        """
        listed = environ.get("PITH_TRUSTED_KEYS", "")
        base_url = environ.get("PITH_BASE_URL", DEFAULT_BASE_URL)
        return cls(
            lake=lake_folder(environ),
            signing_key_file=Path(environ.get("PITH_SIGNING_KEY_FILE") or DEFAULT_SIGNING_KEY),
            trusted_keys=(*trust, *(Path(place) for place in listed.split(os.pathsep) if place)),
            registry=Registry(
                signer_id=environ.get("PITH_SIGNER_ID", DEFAULT_SIGNER_ID),
                name=environ.get("PITH_REGISTRY_NAME", DEFAULT_REGISTRY_NAME),
                base_url=base_url.rstrip("/"),
                builder_version=(
                    environ["PITH_BUILDER_VERSION"]
                    if "PITH_BUILDER_VERSION" in environ
                    else _own_version()
                ),
            ),
            oai_url=environ.get("PITH_OAI_URL", DEFAULT_OAI_URL),
            pace_seconds=_number(environ, "PITH_PACE_SECONDS", DEFAULT_PACE_SECONDS),
            pace_file=Path(environ["PITH_PACE_FILE"]) if environ.get("PITH_PACE_FILE") else None,
            attempts=int(_number(environ, "PITH_ATTEMPTS", DEFAULT_ATTEMPTS)),
            api_url=environ.get("PITH_API_URL", DEFAULT_API_URL),
        )

    def signer(self) -> Ed25519Signer:
        """Read the signing key; a rotation that was killed is finished first.

        Raises:
            UsageError: There is none, others can read it, or it is revoked.
            MalformedError: It is no key file.
            StorageError: A rotation cannot be finished.
        """
        signer = read_key_file(self.signing_key_file)
        finish_rotation(self.signing_key_file, signer.public_key)
        for file in revoked_files(self.signing_key_file):
            if read_public_key(file).raw == signer.public_key.raw:
                raise UsageError(
                    f"the key in {self.signing_key_file} is revoked, {file} says: take another "
                    "with `pith keys rotate`"
                )
        return signer

    def keyring(self) -> TrustedKeys:
        """Return the keys that are trusted: the public registry's, one's own, and those named.

        One's own are the one that signs, those that did before, and what is said to be revoked.

        Raises:
            UsageError: A file named is not there.
            MalformedError: It is no public-key object.
        """
        return TrustedKeys(key for key, _ in self.trusted())

    def source(self, keep_raw: Path | None = None, replay: Path | None = None) -> SourceSettings:
        """Return how to reach arXiv's OAI-PMH, or the folder of answers to take instead."""
        # Imported when it is asked for: most commands reach no source.
        from pith_builder.operations.harvest import SourceSettings  # noqa: PLC0415
        from pith_builder.sources.fetching import Patience  # noqa: PLC0415
        from pith_builder.sources.pacing import Pace, machine_pace_file  # noqa: PLC0415

        return SourceSettings(
            base_url=self.oai_url,
            pace=Pace(self.pace_file or machine_pace_file(), self.pace_seconds),
            patience=Patience(attempts=self.attempts),
            user_agent=self.registry.builder_version,
            keep_raw=keep_raw,
            replay=replay,
        )

    def trusted(self) -> list[tuple[PublicKey, str]]:
        """Return the trusted keys, each with where its trust comes from.

        Raises:
            UsageError: A file named is not there.
            MalformedError: It is no public-key object.
        """
        keys = [(key, "shipped with Pith Builder") for key in shipped_keys()]
        own = public_path(self.signing_key_file)
        if own.exists():
            keys.append((read_public_key(own), str(own)))
        beside = (
            *((file, "retired") for file in retired_files(self.signing_key_file)),
            *((file, "revoked") for file in revoked_files(self.signing_key_file)),
        )
        keys += [(read_public_key(file), f"{why}, {file}") for file, why in beside]
        for place in self.trusted_keys:
            found = sorted(place.glob("*.json")) if place.is_dir() else [place]
            keys += [(read_public_key(file), str(file)) for file in found]
        return keys


def lake_folder(environ: Mapping[str, str]) -> Path:
    """Return the lake's folder, where that is all there is to know."""
    return Path(environ.get("PITH_LAKE") or DEFAULT_LAKE)


def _own_version() -> str:
    # Imported when it is asked for: it takes a tenth of what `pith resolve` takes.
    from importlib.metadata import version  # noqa: PLC0415

    return f"pith-builder-{version('pith-builder')}"


def _number(environ: Mapping[str, str], name: str, otherwise: float) -> float:
    text = environ.get(name, str(otherwise))
    try:
        number = float(text)
    except ValueError as error:
        raise UsageError(f"{name} is {text!r}, wanted a number") from error
    if not 0 <= number < 1e9:
        raise UsageError(f"{name} is {text!r}, wanted a number of at least 0")
    return number
