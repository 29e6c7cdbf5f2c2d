"""Every table of the lake, defined once: what the Arrow schema, the views and the manual say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    TEXTS = "list of text"
    JSON = "text, canonical JSON"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    INSTANT = "instant, UTC, microseconds"
    DAY = "day"
    BYTES = "bytes"
    SHA256 = "32 bytes"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: Its name; `_at` is an instant, `_on` a day, `_sha256` a digest in hexadecimal.
        kind: What it holds.
        about: One sentence.
        is_hashed: Whether its value enters the row's digest. One that does not either follows
            from one that does (a document from its own digest and signature), or says where and
            when a row was observed, which differs between lakes of one content.
        repeats: Whether few values fill the column, so that a dictionary pays.
        since: The schema version it came with: null in parts that were written before. Such a
            column is not hashed, so that the digests of their rows stay.
    """

    name: str
    kind: Kind
    about: str
    is_hashed: bool = True
    repeats: bool = False
    since: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table.

    Attributes:
        name: Its name.
        about: One sentence.
        key: The columns its rows are sorted by and unique in.
        columns: All columns but the last, `row_sha256`, which every table has.
        row_group_rows: Rows in a row group: what a look-up of one row has to read of.
        sought_by: Columns by whose value rows are looked up: each row group has a Bloom filter
            of them, which tells nearly all that lack a value without reading them.
        schema_version: Raised when the columns change.
    """

    name: str
    about: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    row_group_rows: int = 20_000
    sought_by: tuple[str, ...] = ()
    schema_version: int = 1

    def column(self, name: str) -> Column:
        """Return one column by its name."""
        return next(column for column in self.all_columns() if column.name == name)

    def position(self, name: str) -> int:
        """Return where a column stands, from 0."""
        return [column.name for column in self.all_columns()].index(name)

    def all_columns(self) -> tuple[Column, ...]:
        """Return the columns as they stand in a file."""
        return (*self.columns, ROW_SHA256)

    def columns_of(self, schema_version: int) -> tuple[Column, ...]:
        """Return the columns as they stand in a file of a schema version."""
        return tuple(column for column in self.all_columns() if column.since <= schema_version)

    def hashed_indexes(self) -> tuple[int, ...]:
        """Return which columns enter the row's digest, by position."""
        return tuple(index for index, column in enumerate(self.columns) if column.is_hashed)


ROW_SHA256 = Column(
    "row_sha256",
    Kind.SHA256,
    "SHA-256 of 0x00 and the canonical JSON list of the row's hashed columns: a leaf of the "
    "table's content root.",
)

_BUILD = Column("build_id", Kind.TEXT, "The build that added the row.", False, True)  # noqa: FBT003
_PITH = Column("pith_number", Kind.TEXT, "The Pith Number of the record.")
_KEY_ID = Column("key_id", Kind.TEXT, "The id of the key that signed.", repeats=True)
_FINGERPRINT = Column(
    "public_key_fingerprint",
    Kind.TEXT,
    "First 32 hexadecimal digits of the SHA-256 of that key.",
    repeats=True,
)
_SIGNED_AT = Column("signed_at", Kind.INSTANT, "When it was signed.", repeats=True)


def _follows(name: str, kind: Kind, about: str, *, repeats: bool = False) -> Column:
    """Return a column that follows from a hashed one, or tells where a row comes from."""
    return Column(name, kind, about, is_hashed=False, repeats=repeats)


RECORDS = Table(
    name="records",
    about="One row for each canonical record minted: identity, arXiv's raw metadata, receipt.",
    key=("pith_number",),
    sought_by=("pith_number", "arxiv_id"),
    columns=(
        _PITH,
        Column("canonical_sha256", Kind.TEXT, "Digest of the canonical record."),
        Column("arxiv_id", Kind.TEXT, "The arXiv identifier, without version."),
        Column("arxiv_version", Kind.INTEGER, "The version recorded, from 1.", repeats=True),
        Column("primary_cat", Kind.TEXT, "The first category.", repeats=True),
        Column(
            "cross_cats_sorted", Kind.TEXTS, "The other categories, in byte order.", repeats=True
        ),
        Column("categories", Kind.TEXTS, "All categories, in arXiv's order.", repeats=True),
        Column(
            "license", Kind.TEXT, "The licence's address; empty where arXiv has none.", repeats=True
        ),
        Column("submitted_at", Kind.INSTANT, "When version 1 was submitted."),
        Column("version_submitted_at", Kind.INSTANT, "When this version was submitted."),
        Column("title_canon_sha256", Kind.TEXT, "Digest of the canonical title."),
        Column("abstract_canon_sha256", Kind.TEXT, "Digest of the canonical abstract."),
        Column("title", Kind.TEXT, "The title, raw."),
        Column("abstract", Kind.TEXT, "The abstract, raw."),
        Column("authors", Kind.TEXT, "The author string, raw."),
        Column("submitter", Kind.TEXT, "Who submitted the paper."),
        Column("comments", Kind.TEXT, "The authors' comments."),
        Column("journal_ref", Kind.TEXT, "The journal reference."),
        Column("doi", Kind.TEXT, "The publisher's DOI."),
        Column("report_no", Kind.TEXT, "The institution's report number."),
        Column("msc_class", Kind.TEXT, "Mathematics Subject Classification."),
        Column("acm_class", Kind.TEXT, "ACM classification."),
        Column("updated_on", Kind.DAY, "The day arXiv last changed the metadata.", repeats=True),
        Column("is_withdrawn", Kind.BOOLEAN, "Whether this version withdraws the paper."),
        Column("other_metadata", Kind.TEXT, "Canonical JSON of what the source says besides."),
        _KEY_ID,
        _FINGERPRINT,
        Column("signature_b64", Kind.TEXT, "The receipt's signature of canonical_sha256."),
        _SIGNED_AT,
        Column(
            "first_computed_at", Kind.INSTANT, "When the record was first computed.", repeats=True
        ),
        Column("last_reissued_at", Kind.INSTANT, "When the receipt was last issued.", repeats=True),
        Column("builder_version", Kind.TEXT, "The builder's name in the receipt.", repeats=True),
        _follows(
            "source_kind",
            Kind.TEXT,
            "Where it was observed: snapshot, oai or import.",
            repeats=True,
        ),
        _follows("source_name", Kind.TEXT, "The file or address it was observed in.", repeats=True),
        _follows("source_line", Kind.INTEGER, "The line of that file, from 1; 0 of a harvest."),
        _follows("observed_at", Kind.INSTANT, "When it was observed.", repeats=True),
        _BUILD,
    ),
    row_group_rows=2_000,
)

EVENTS = Table(
    name="events",
    about="One row for each event: what a signer states of a record.",
    key=("pith_number", "event_id"),
    sought_by=("pith_number",),
    columns=(
        _PITH,
        Column("event_id", Kind.TEXT, "sha256: and the digest of the event's content."),
        _follows("event_type", Kind.TEXT, "What kind of statement it is.", repeats=True),
        _follows("target", Kind.TEXT, "What it speaks of.", repeats=True),
        _follows("created_at", Kind.INSTANT, "When it was stated.", repeats=True),
        _follows("signer_id", Kind.TEXT, "Who states it.", repeats=True),
        _follows("signer_type", Kind.TEXT, "What the signer is.", repeats=True),
        _follows("prev_event", Kind.TEXT, "The event it follows."),
        _follows("supersedes", Kind.TEXTS, "The events it takes the place of."),
        _KEY_ID,
        _FINGERPRINT,
        Column("signature_b64", Kind.TEXT, "The signature of the digest."),
        _SIGNED_AT,
        _follows("document", Kind.JSON, "The event whole, in canonical JSON."),
        _BUILD,
    ),
    row_group_rows=2_000,
)

STATES = Table(
    name="states",
    about="One row for each record: the merge of its events.",
    key=("pith_number",),
    sought_by=("pith_number",),
    columns=(
        _PITH,
        _follows("event_count", Kind.INTEGER, "How many events there are.", repeats=True),
        _follows("valid_event_count", Kind.INTEGER, "How many of them hold.", repeats=True),
        _follows("invalid_event_count", Kind.INTEGER, "How many do not.", repeats=True),
        _follows(
            "equivocation_count",
            Kind.INTEGER,
            "How many sets of events contradict each other.",
            repeats=True,
        ),
        Column("state_sha256", Kind.TEXT, "Digest of the state without this field."),
        _follows("document", Kind.JSON, "The state whole, in canonical JSON."),
        _BUILD,
    ),
    row_group_rows=1_000,
)

BUNDLES = Table(
    name="bundles",
    about="One row for each record: all a stranger needs to check it, signed whole.",
    key=("pith_number",),
    sought_by=("pith_number",),
    columns=(
        _PITH,
        _follows("event_count", Kind.INTEGER, "How many events it carries.", repeats=True),
        _follows("built_at", Kind.INSTANT, "When it was built.", repeats=True),
        Column("bundle_sha256", Kind.TEXT, "Digest of the bundle without its signature."),
        _KEY_ID,
        _FINGERPRINT,
        Column("signature_b64", Kind.TEXT, "The signature of that digest."),
        _SIGNED_AT,
        _follows("document", Kind.JSON, "The bundle whole, in canonical JSON."),
        _BUILD,
    ),
    row_group_rows=1_000,
)

ALIASES = Table(
    name="aliases",
    about="One row for each other name of a record; a name may stand for several records.",
    key=("alias_value", "alias_kind", "pith_number"),
    sought_by=("alias_value",),
    columns=(
        Column("alias_value", Kind.TEXT, "The name."),
        Column(
            "alias_kind",
            Kind.TEXT,
            "arxiv, arxiv_version, doi, pith_short_8, pith_short_12 or pith_short_16.",
            repeats=True,
        ),
        _PITH,
        Column("created_at", Kind.INSTANT, "When the name was given.", repeats=True),
        _BUILD,
    ),
    row_group_rows=100_000,
)

KEYS = Table(
    name="keys",
    about="One row for each public key that signed something in the lake.",
    key=("key_id", "public_key_fingerprint"),
    columns=(
        _KEY_ID,
        _FINGERPRINT,
        Column("public_key_hex", Kind.TEXT, "The 32 bytes of the key."),
        _follows("first_used_at", Kind.INSTANT, "The build that first used it."),
        _follows("document", Kind.JSON, "The public-key object, in canonical JSON."),
        _BUILD,
    ),
)

BUILDS = Table(
    name="builds",
    about="One row for each run that changed the lake; seen = minted + unchanged + rejected.",
    key=("build_id",),
    columns=(
        Column("build_id", Kind.TEXT, "The build."),
        Column("operation", Kind.TEXT, "What ran."),
        Column("started_at", Kind.INSTANT, "The instant it dated everything with."),
        Column("builder_version", Kind.TEXT, "The builder's name in receipts."),
        Column("sources", Kind.TEXTS, "The files or addresses it read."),
        Column("seen", Kind.INTEGER, "Papers read."),
        Column("minted", Kind.INTEGER, "Records added."),
        Column("unchanged", Kind.INTEGER, "Papers whose record was there."),
        Column("rejected", Kind.INTEGER, "Papers that made no record."),
        Column("rejects_added", Kind.INTEGER, "Rows added to rejects: those not there before."),
        Column("minted_without_license", Kind.INTEGER, "Of minted, papers without a licence."),
        Column("minted_withdrawn", Kind.INTEGER, "Of minted, papers that are withdrawn."),
        Column("outcome", Kind.TEXT, "complete, or what ended the reading before its end."),
        Column("is_forced", Kind.BOOLEAN, "Whether bounds were overridden with --force."),
        Column(
            "run_facts",
            Kind.JSON,
            "The run as an OpenLineage RunEvent: what it read and added, with which libraries; "
            "null of runs before there were such.",
            is_hashed=False,
            since=2,
        ),
    ),
    schema_version=2,
)

WINDOWS = Table(
    name="windows",
    about="The harvest ledger: one row for each window of datestamps read, or found wanting.",
    key=("source", "set_spec", "from_on", "until_on", "build_id"),
    columns=(
        Column("source", Kind.TEXT, "The address harvested, or the snapshot file."),
        Column("set_spec", Kind.TEXT, "The OAI-PMH set, or empty for all of arXiv."),
        Column("from_on", Kind.DAY, "The first day."),
        Column("until_on", Kind.DAY, "The last day; of an open window, that of the first answer."),
        Column(
            "status",
            Kind.TEXT,
            "done; gap: an audit found records of it missing; healed: a gap that was read.",
        ),
        _follows("attempts", Kind.INTEGER, "How often the window was read so far."),
        _follows("response_at", Kind.INSTANT, "The source's own time at its first answer."),
        _follows("records", Kind.INTEGER, "Records the source gave, or lacked in a gap."),
        _follows("build_id", Kind.TEXT, "The run."),
    ),
)

SIGHTINGS = Table(
    name="sightings",
    about="One row for each record that a harvest was given, whether or not it minted anything.",
    key=("arxiv_id", "datestamp_on", "build_id"),
    columns=(
        Column("arxiv_id", Kind.TEXT, "The arXiv identifier, as the source has it."),
        Column("datestamp_on", Kind.DAY, "The day of its last change, by the source."),
        _follows("build_id", Kind.TEXT, "The run."),
    ),
)

REJECTS = Table(
    name="rejects",
    about="One row for each thing observed that made no record, whole, with its reason.",
    key=("source_name", "source_line", "raw_sha256"),
    columns=(
        _follows("source_name", Kind.TEXT, "The file or address it was observed in."),
        _follows("source_line", Kind.INTEGER, "The line of that file, from 1; 0 of a harvest."),
        Column("raw_sha256", Kind.TEXT, "Digest of `raw`."),
        Column("source_kind", Kind.TEXT, "What was read: snapshot or oai."),
        Column("reason", Kind.TEXT, "Why, from a closed list."),
        Column("message", Kind.TEXT, "Why, in words."),
        _follows("raw", Kind.BYTES, "What was observed, whole."),
        _follows("observed_at", Kind.INSTANT, "When it was observed."),
        _BUILD,
    ),
)

TABLES = {
    table.name: table
    for table in (
        RECORDS,
        EVENTS,
        STATES,
        BUNDLES,
        ALIASES,
        KEYS,
        BUILDS,
        WINDOWS,
        SIGHTINGS,
        REJECTS,
    )
}
"""All tables by name, in the order they are described in."""

NOTED: dict[str, tuple[str, str | bool]] = {
    "minted_without_license": ("license", ""),
    "minted_withdrawn": ("is_withdrawn", True),
}
"""Columns of `builds` that count records: by which column, and which value, of `records`."""
