"""Whether a lake's manifest holds: its digest, its signature, its dates and its counts."""

from __future__ import annotations

from collections.abc import Iterator

from pith_builder.core.event_checks import signature_failures
from pith_builder.core.keys import Keyring
from pith_builder.core.manifest import manifest_digest
from pith_builder.core.report import Code, Failure, differences, pointer
from pith_builder.core.sound import Sound


def manifest_failures(holds: Sound, keyring: Keyring) -> Iterator[Failure]:
    """Yield every failure of a manifest.

    Ruling: it is signed at the instant that it is dated with, so that the time of its signature,
    which no signature covers, is covered all the same.
    """
    if holds.has("/manifest_signature"):
        signature = holds.document["manifest_signature"]
        found = manifest_digest(holds.document)
        yield from differences(
            signature["manifest_sha256"],
            found.hex(),
            "/manifest_signature/manifest_sha256",
            Code.MANIFEST_DIGEST_MISMATCH,
            "the rest of the manifest",
        )
        if holds.has("/created_at"):
            created_at = holds.document["created_at"]
            yield from signature_failures(
                found, signature, keyring, "/manifest_signature", created_at
            )
            yield from differences(
                signature["signed_at"],
                created_at,
                "/manifest_signature/signed_at",
                Code.TIME_ORDER,
                "created_at",
            )
    if holds.has("/tables"):
        for name, table in holds.document["tables"].items():
            yield from differences(
                table["rows"],
                sum(part["rows"] for part in table["parts"]),
                pointer("tables", name, "rows"),
                Code.COUNT_MISMATCH,
                "its parts",
            )
