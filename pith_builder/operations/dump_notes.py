"""The README of a release dump: what it holds, how to verify and read it, every column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pith_builder.core.instants import format_microseconds
from pith_builder.core.keys import PublicKey
from pith_builder.core.manifest import Manifest
from pith_builder.lake.tables import TABLES

_NOT_CARRIED = ("windows", "sightings", "rejects")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What a README tells of one dump.

    Attributes:
        name: Who exported it.
        source: The manifest it was exported from.
        earlier: For a diff, the manifest it goes on from.
        what: Which records, in words.
        manifest: Its own.
        key: The key that signed that.
    """

    name: str
    source: Manifest
    earlier: Manifest | None
    what: str
    manifest: Manifest
    key: PublicKey

    def text(self) -> str:
        """Return the README, in Markdown."""
        return "\n".join((*self._head(), *self._verify(), *self._read(), *_tables(self._rows())))

    def _rows(self) -> dict[str, int]:
        return {name: table.rows for name, table in self.manifest.tables.items()}

    def _head(self) -> Iterator[str]:
        records = self.manifest.tables["records"].rows
        yield f"# Pith records of {self.name}"
        yield ""
        yield f"{records} canonical records of arXiv papers, with all that was signed of them:"
        yield f"{self.what} of a lake as of its manifest {self.source.sequence},"
        yield f"`{self.source.manifest_sha256}`."
        yield f"Exported at {format_microseconds(self.manifest.created_at)}."
        if self.earlier is not None:
            yield ""
            yield "This is a diff: the records that were added or changed since manifest"
            yield f"{self.earlier.sequence}, `{self.earlier.manifest_sha256}`, each whole."
            yield "`pith import THIS --lake EARLIER` takes them into an earlier dump of the same"
            yield "selection, or into a lake that began as one."
        yield ""
        yield "The metadata is arXiv's, CC0 (https://info.arxiv.org/help/license/index.html); the"
        yield "papers themselves have the licences that column `license` of `records` names."
        yield ""

    def _verify(self) -> Iterator[str]:
        yield "## Verify"
        yield ""
        yield "    pith audit . --trust keys"
        yield ""
        yield "(of Pith Builder) proves every file, row, hash, number and signature. Whom to trust"
        yield f"is yours to say: the manifest's key is `{self.key.key_id}`, fingerprint"
        yield f"`{self.key.fingerprint}`; compare it with what its holder publishes elsewhere. In"
        yield "`keys/` lies each key that signed something here."
        yield ""

    def _read(self) -> Iterator[str]:
        yield "## Read"
        yield ""
        yield "Each table is a folder of Parquet files, each sorted by the table's key:"
        yield ""
        yield "    duckdb -c \"select title from 'tables/records/*.parquet' limit 5\""
        yield "    polars.scan_parquet('tables/records/*.parquet')"
        yield '    pith sql --lake . "from by_category"'
        yield ""
        left_out = ", ".join(f"`{name}`" for name in _NOT_CARRIED)
        yield f"It is a lake of one build, this export. How its records were gathered ({left_out})"
        yield "stays with the lake they come from."
        yield ""


def _tables(rows: Mapping[str, int]) -> Iterator[str]:
    for name, table in TABLES.items():
        if name in _NOT_CARRIED:
            continue
        yield f"## Table `{name}`"
        yield ""
        keys = ", ".join(f"`{key}`" for key in table.key)
        yield f"{table.about} {rows[name]} rows, sorted by {keys}."
        yield ""
        yield "| column | type | what |"
        yield "|---|---|---|"
        for column in table.all_columns():
            yield f"| `{column.name}` | {column.kind.value} | {column.about} |"
        yield ""
