"""The manifest: the signed statement of what a lake holds as of one commit (DESIGN.md 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pith_builder.core.canonical import (
    JsonValue,
    ManifestDigest,
    canonical_json,
    dump_canonical,
    sha256,
)
from pith_builder.core.form import Const, Integer, ListOf, MapOf, Nullable, ObjectOf, Text
from pith_builder.core.forms import MICROSECONDS, NAME, SHA256, TEXT, signature_form
from pith_builder.core.instants import format_microseconds, parse_microseconds
from pith_builder.core.keys import Signer, signature_block

MANIFEST_TYPE = "pith_lake_manifest"
MANIFEST_VERSION = "1.0"

PART = ObjectOf(
    {
        "path": Text(re.compile(r"tables/[a-z_]+/[0-9a-z-]+\.parquet"), "tables/NAME/PART.parquet"),
        "sha256": SHA256,
        "bytes": Integer(),
        "rows": Integer(1),
        "first_key": ListOf(TEXT),
        "last_key": ListOf(TEXT),
    }
)
MANIFEST = ObjectOf(
    {
        "manifest_type": Const(MANIFEST_TYPE),
        "manifest_version": Const(MANIFEST_VERSION),
        "sequence": Integer(1),
        "previous": Nullable(SHA256),
        "created_at": MICROSECONDS,
        "builder_version": NAME,
        "writer_versions": MapOf(TEXT),
        "build_id": NAME,
        "tables": MapOf(
            ObjectOf(
                {
                    "schema_version": Integer(1),
                    "rows": Integer(),
                    "content_root": SHA256,
                    "parts": ListOf(PART),
                }
            )
        ),
        "manifest_signature": signature_form("manifest_sha256_bytes", manifest_sha256=SHA256),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One immutable Parquet file of a table.

    Attributes:
        path: Where it lies, below the lake.
        sha256: The SHA-256 of the file, in hexadecimal.
        size_bytes: Its size.
        rows: How many rows it holds.
        first_key: The key of its first row.
        last_key: The key of its last row.
    """

    path: str
    sha256: str
    size_bytes: int
    rows: int
    first_key: tuple[str, ...]
    last_key: tuple[str, ...]

    @property
    def table(self) -> str:
        """The table whose rows it holds."""
        return self.path.split("/")[1]

    def to_json_object(self) -> dict[str, JsonValue]:
        """Return the part as a manifest names it."""
        return {
            "bytes": self.size_bytes,
            "first_key": list(self.first_key),
            "last_key": list(self.last_key),
            "path": self.path,
            "rows": self.rows,
            "sha256": self.sha256,
        }

    @classmethod
    def from_json_object(cls, value: dict[str, JsonValue]) -> Part:
        """Undo `to_json_object`; the form is known to be sound."""
        return cls(
            path=value["path"],
            sha256=value["sha256"],
            size_bytes=value["bytes"],
            rows=value["rows"],
            first_key=tuple(value["first_key"]),
            last_key=tuple(value["last_key"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TableState:
    """What a manifest says of one table.

    Attributes:
        schema_version: The version of the table's definition.
        content_root: The Merkle root of its rows, in hexadecimal.
        parts: Its files, in the order they were added.
    """

    schema_version: int
    content_root: str
    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        """How many rows the table holds."""
        return sum(part.rows for part in self.parts)

    def to_json_object(self) -> dict[str, JsonValue]:
        """Return the table as a manifest states it."""
        return {
            "content_root": self.content_root,
            "parts": [part.to_json_object() for part in self.parts],
            "rows": self.rows,
            "schema_version": self.schema_version,
        }

    @classmethod
    def from_json_object(cls, value: dict[str, JsonValue]) -> TableState:
        """Undo `to_json_object`; the form is known to be sound."""
        return cls(
            schema_version=value["schema_version"],
            content_root=value["content_root"],
            parts=tuple(Part.from_json_object(part) for part in value["parts"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest of sound form.

    Attributes:
        sequence: Its place in the chain, from 1.
        previous: The digest of the manifest before it, or None.
        created_at: The instant its build dated everything with.
        build_id: The build that made it.
        tables: What it says of each table.
        manifest_sha256: Its own digest, in hexadecimal.
        document: Its canonical JSON, whole.
    """

    sequence: int
    previous: str | None
    created_at: datetime
    build_id: str
    tables: Mapping[str, TableState]
    manifest_sha256: str
    document: bytes

    @classmethod
    def from_json_object(cls, value: dict[str, JsonValue]) -> Manifest:
        """Take a manifest whose form is known to be sound."""
        return cls(
            sequence=value["sequence"],
            previous=value["previous"],
            created_at=parse_microseconds(value["created_at"]),
            build_id=value["build_id"],
            tables={
                name: TableState.from_json_object(table) for name, table in value["tables"].items()
            },
            manifest_sha256=value["manifest_signature"]["manifest_sha256"],
            document=canonical_json(value),
        )


def signed_manifest(  # noqa: PLR0913 - a manifest says as many things (DESIGN.md 4)
    *,
    previous: Manifest | None,
    tables: Mapping[str, TableState],
    build_id: str,
    builder_version: str,
    writer_versions: Mapping[str, str],
    signer: Signer,
    now: datetime,
) -> Manifest:
    """State what a lake holds, following `previous`, and sign it.

    The signature is over the digest of the manifest without `manifest_signature`, as a bundle's.
    """
    manifest: dict[str, JsonValue] = {
        "build_id": build_id,
        "builder_version": builder_version,
        "created_at": format_microseconds(now),
        "manifest_type": MANIFEST_TYPE,
        "manifest_version": MANIFEST_VERSION,
        "previous": previous.manifest_sha256 if previous else None,
        "sequence": previous.sequence + 1 if previous else 1,
        "tables": {name: table.to_json_object() for name, table in tables.items()},
        "writer_versions": dict(writer_versions),
    }
    digest = ManifestDigest(sha256(dump_canonical(manifest)))
    signature = signature_block(signer, digest, format_microseconds(now))
    manifest["manifest_signature"] = {**signature, "manifest_sha256": digest.hex()}
    return Manifest.from_json_object(manifest)


def manifest_digest(manifest: dict[str, JsonValue]) -> ManifestDigest:
    """Recompute the digest of a manifest without its signature.

    Raises:
        MalformedError: The manifest has no canonical JSON.
    """
    unsigned = {key: value for key, value in manifest.items() if key != "manifest_signature"}
    return ManifestDigest(sha256(canonical_json(unsigned)))
