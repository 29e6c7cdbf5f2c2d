"""Settings: everything that is chosen outside, gathered once, at the edge."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pith_builder.core.keys import PublicKey
from pith_builder.core.registry import Registry
from pith_builder.signing.ed25519 import Ed25519Signer, TrustedKeys
from pith_builder.signing.key_files import (
    public_path,
    read_key_file,
    read_public_key,
    shipped_keys,
)

DEFAULT_LAKE = Path("data/lake")
DEFAULT_SIGNING_KEY = Path("data/keys/signing-key.json")


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
    """

    lake: Path
    signing_key_file: Path
    trusted_keys: tuple[Path, ...]
    registry: Registry

    @classmethod
    def of(cls, environ: Mapping[str, str], trust: tuple[Path, ...] = ()) -> Settings:
        """Gather the settings from environment variables, and more keys to trust.

        Raises:
            MalformedError: A setting is not in its form.
        """
        listed = environ.get("PITH_TRUSTED_KEYS", "")
        base_url = environ.get("PITH_BASE_URL", "http://localhost:8000")
        return cls(
            lake=Path(environ.get("PITH_LAKE") or DEFAULT_LAKE),
            signing_key_file=Path(environ.get("PITH_SIGNING_KEY_FILE") or DEFAULT_SIGNING_KEY),
            trusted_keys=(*trust, *(Path(place) for place in listed.split(os.pathsep) if place)),
            registry=Registry(
                signer_id=environ.get("PITH_SIGNER_ID", "pith-builder.local"),
                name=environ.get("PITH_REGISTRY_NAME", "Pith Builder"),
                base_url=base_url.rstrip("/"),
                builder_version=environ.get(
                    "PITH_BUILDER_VERSION", f"pith-builder-{version('pith-builder')}"
                ),
            ),
        )

    def signer(self) -> Ed25519Signer:
        """Read the signing key.

        Raises:
            UsageError: There is none, or others can read it.
            MalformedError: It is no key file.
        """
        return read_key_file(self.signing_key_file)

    def keyring(self) -> TrustedKeys:
        """Return the keys that are trusted: the public registry's, one's own, and those named.

        Raises:
            UsageError: A file named is not there.
            MalformedError: It is no public-key object.
        """
        return TrustedKeys(key for key, _ in self.trusted())

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
        for place in self.trusted_keys:
            found = sorted(place.glob("*.json")) if place.is_dir() else [place]
            keys += [(read_public_key(file), str(file)) for file in found]
        return keys
