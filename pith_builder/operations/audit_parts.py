"""Auditing one part: what its rows say by themselves, and what they claim of other tables.

A bundle says all that other tables say of its record. So each row is checked by itself, and for
what two tables both say, each side gives a digest, a *link*; the audit then compares the sets.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from pith_builder.core.arxiv_id import ArxivId
from pith_builder.core.canonical import (
    JsonValue,
    RecordDigest,
    dump_canonical,
    parse_canonical,
    sha256,
    sha256_hex,
    text_sha256,
)
from pith_builder.core.event_checks import signature_failures
from pith_builder.core.forms import GRAPH_SNAPSHOT, RECORD_CREATED
from pith_builder.core.graph import (
    EXCERPT_CHARACTERS,
    abstract_excerpt,
    authors_text,
    shown_title,
)
from pith_builder.core.instants import (
    format_microseconds,
    parse_microseconds,
    parse_seconds,
)
from pith_builder.core.keys import Keyring, PublicKey
from pith_builder.core.lineage import COMPLETE, rows_added
from pith_builder.core.manifest import Part
from pith_builder.core.receipt import STATED
from pith_builder.core.record import CanonicalRecord, sorted_categories
from pith_builder.core.remaking import Remaking
from pith_builder.core.report import Code, Failure
from pith_builder.core.verification import verify
from pith_builder.errors import MalformedError
from pith_builder.lake.arrays import Same
from pith_builder.lake.parts import Columns, instant_of, microseconds, row_digests, row_sha256
from pith_builder.lake.reading import DamagedPartError, read_rows
from pith_builder.lake.tables import (
    ALIASES,
    BUILDS,
    BUNDLES,
    EVENTS,
    KEYS,
    NOTED,
    RECORDS,
    REJECTS,
    STATES,
    Table,
)
from pith_builder.sources.snapshot import RejectedLineError, read_line

MAX_FINDINGS = 1_000
"""Of one part no more findings are listed; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold in a lake.

    Attributes:
        code: What kind of failure it is.
        place: The file, or the part, below the lake.
        table: The table, or "".
        row: The row of the part, from 0, or None.
        key: The row's key, or "".
        message: What was found and what was wanted.
    """

    code: str
    place: str
    message: str
    table: str = ""
    row: int | None = None
    key: str = ""

    def to_json_object(self) -> dict[str, JsonValue]:
        """Return the finding for machines."""
        return {
            "code": self.code,
            "key": self.key,
            "message": self.message,
            "place": self.place,
            "row": self.row,
            "table": self.table,
        }


@dataclass(slots=True)
class PartAudit:
    """What an audit of one part found.

    Attributes:
        table: The table's name.
        place: The part, below the lake.
        rows: How many rows were read.
        findings: What does not hold.
        links: By what it says, the digests of what the rows say, and of which row each is.
        names: Of bundles, the digests of the rows of `aliases` they call for, laid end to end.
        builds: How many rows each build added.
        noted: Of records, how many each build added that `NOTED` says of.
        runs: What rows of `builds` say, by build.
        first_uses: Of rows of `keys`, the build and the instant they name, and the row.
    """

    table: str
    place: str
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)
    links: dict[str, list[tuple[bytes, int, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    names: bytearray = field(default_factory=bytearray)
    builds: Counter[str] = field(default_factory=Counter)
    noted: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    first_uses: list[tuple[str, int, int, str]] = field(default_factory=list)

    def report(self, code: str, row: int | None, key: str, message: str) -> None:
        """Add a finding."""
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(code, self.place, message, self.table, row, key))

    def link(self, kind: str, said: JsonValue, row: int, key: str) -> None:
        """Note that a row says something that a row of another table must say too."""
        self.links[kind].append((sha256(dump_canonical(said)), row, key))


class PartCheck:
    """A part being audited: its rows come in their order, and are examined or known to be right."""

    def __init__(self, table: Table, part: Part, keyring: Keyring) -> None:
        """Begin before the first row."""
        self.audit = PartAudit(table.name, part.path)
        self.table = table
        self._part = part
        self._judge = _Judge(keyring)
        self._key_places = [table.position(name) for name in table.key]
        self._build_place = table.position("build_id")
        self._check = _CHECKS.get(table.name)
        self._noted = {
            name: (table.position(column), value)
            for name, (column, value) in NOTED.items()
            if table is RECORDS
        }
        self._first: tuple[Any, ...] | None = None
        self._before: tuple[Any, ...] | None = None

    def accept(self, first: tuple[Any, ...], last: tuple[Any, ...], rows: int) -> None:
        """Pass rows that are shown to be right, and sorted from the first key to the last."""
        if self._before is not None and _sortable(self._before) >= _sortable(first):
            self._report_order(first)
        self._first = self._first or first
        self._before = last
        self.audit.rows += rows

    def count(self, columns: Columns, rows: int) -> None:
        """Count rows of one build, whose column `build_id` is therefore `Same`."""
        build_id = cast("Same", columns[self._build_place]).value
        self.audit.builds[build_id] += rows
        for name, (place, value) in self._noted.items():
            self.audit.noted[name][build_id] += columns[place].count(value)

    def examine(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Check all that can be checked of each row alone.

        Raises:
            DamagedPartError: The rows cannot be read.
        """
        for values in rows:
            key = tuple(values[place] for place in self._key_places)
            named = " ".join(map(str, key))
            row = self.audit.rows
            if self._before is not None and _sortable(self._before) >= _sortable(key):
                self._report_order(key)
            self._first = self._first or key
            self._before = key
            if values[-1] != row_sha256(self.table, values):
                self.audit.report("row_digest", row, named, "row_sha256 is not the row's digest")
            build_id = values[self._build_place]
            self.audit.builds[build_id] += 1
            for name, (place, value) in self._noted.items():
                self.audit.noted[name][build_id] += values[place] == value
            if self._check is not None:
                _guarded(self._check, self.audit, _Row(self.table, values), row, named, self._judge)
            self.audit.rows += 1

    def finish(self) -> PartAudit:
        """Compare what was read with what the manifest says of the part."""
        audit, part = self.audit, self._part
        if audit.rows != part.rows:
            message = f"found {audit.rows} rows, by the manifest {part.rows}"
            audit.report("row_count", None, "", message)
        for found, wanted in ((self._first, part.first_key), (self._before, part.last_key)):
            if found is not None and tuple(map(str, found)) != wanted:
                audit.report("key_range", None, "", f"found {found}, by the manifest {wanted}")
        return audit

    def _report_order(self, key: tuple[Any, ...]) -> None:
        named = " ".join(map(str, key))
        message = f"does not come after {self._before}"
        self.audit.report("row_order", self.audit.rows, named, message)


def audit_part(lake: Path, table: Table, part: Part, keyring: Keyring) -> PartAudit:
    """Read every row of a part and check all that can be checked of it alone."""
    check = PartCheck(table, part, keyring)
    try:
        check.examine(read_rows(lake, table, part))
    except DamagedPartError as error:
        check.audit.report("unreadable_part", None, "", str(error))
        return check.audit
    return check.finish()


def _sortable(key: tuple[Any, ...]) -> tuple[tuple[bool, Any], ...]:
    """Return a key that can be compared even where a value is missing."""
    return tuple((value is not None, value) for value in key)


class _Row:
    """A row whose values go by their columns' names."""

    def __init__(self, table: Table, values: Sequence[Any]) -> None:
        self._values = dict(
            zip((column.name for column in table.all_columns()), values, strict=True)
        )

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def only(self, *names: str) -> dict[str, Any]:
        """Return some of the values."""
        return {name: self._values[name] for name in names}


UNREADABLE = (
    MalformedError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
Problem = tuple[str, str]
"""A code and a message."""


class _Judge:
    """The keys that are trusted, and what tells quickly of most bundles that they hold."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self._remaking = Remaking(keyring)

    def judged(self, document: bytes) -> tuple[JsonValue, Iterable[Failure]]:
        """Read a bundle out of its canonical JSON, and return every failure of it.

        Raises:
            MalformedError: It is no JSON, or none that is canonical.
        """
        remade = self._remaking.read(document, with_seal=True)
        if remade is not None:
            return remade.whole(), ()
        bundle = parse_canonical(document)
        return bundle, verify(bundle, self.keyring).failures


def _guarded(check: Any, audit: PartAudit, row: _Row, index: int, key: str, judge: _Judge) -> None:
    """Run a check whose row may hold anything; what cannot even be read is a finding."""
    try:
        for code, message in check(audit, row, index, key, judge):
            audit.report(code, index, key, message)
    except UNREADABLE as error:
        audit.report("malformed_row", index, key, f"cannot be read: {error!r}"[:300])


def _record(audit: PartAudit, row: _Row, index: int, key: str, judge: _Judge) -> Iterator[Problem]:
    """Check identity and hashes from arXiv's raw words, and link the receipt."""
    if row["categories"] is None:
        yield from _imported_record(audit, row, index, key, judge)
        return
    record = CanonicalRecord(
        source_id=ArxivId(row["arxiv_id"]),
        source_version=row["arxiv_version"],
        title_canon_sha256=text_sha256(row["title"]),
        abstract_canon_sha256=text_sha256(row["abstract"]),
        license=row["license"],
        primary_cat=row["categories"][0],
        cross_cats_sorted=sorted_categories(
            category for category in row["categories"] if category != row["categories"][0]
        ),
        submitted_at=instant_of(row["submitted_at"]),
    )
    digest = record.digest()
    for name, wanted in (
        ("title_canon_sha256", record.title_canon_sha256),
        ("abstract_canon_sha256", record.abstract_canon_sha256),
        ("primary_cat", record.primary_cat),
        ("cross_cats_sorted", list(record.cross_cats_sorted)),
        ("canonical_sha256", digest.hex()),
        ("pith_number", str(record.pith_number())),
    ):
        if row[name] != wanted:
            yield "record_mismatch", f"{name} is {row[name]!r}, by the raw metadata {wanted!r}"
    shown = (
        shown_title(row["title"]),
        abstract_excerpt(row["abstract"]),
        authors_text(row["authors"]),
    )
    audit.link("paper", [row["pith_number"], *shown], index, key)
    yield from _receipt(audit, row, index, key, judge)


def _imported_record(
    audit: PartAudit, row: _Row, index: int, key: str, judge: _Judge
) -> Iterator[Problem]:
    """Check a record that came without arXiv's raw metadata: what it says of it can be proved.

    Title and abstract are what the record hashes; authors stand in a graph snapshot of that title.
    """
    record = CanonicalRecord(
        source_id=ArxivId(row["arxiv_id"]),
        source_version=row["arxiv_version"],
        title_canon_sha256=row["title_canon_sha256"],
        abstract_canon_sha256=row["abstract_canon_sha256"],
        license=row["license"],
        primary_cat=row["primary_cat"],
        cross_cats_sorted=tuple(row["cross_cats_sorted"]),
        submitted_at=instant_of(row["submitted_at"]),
    )
    for name, wanted in (
        ("canonical_sha256", record.digest().hex()),
        ("pith_number", str(record.pith_number())),
    ):
        if row[name] != wanted:
            yield "record_mismatch", f"{name} is {row[name]!r}, by the record {wanted!r}"
    for name in ("title", "abstract"):
        text = row[name]
        if text is not None and text_sha256(text) != row[f"{name}_canon_sha256"]:
            yield "record_mismatch", f"{name} is not what {name}_canon_sha256 is of"
    if row["authors"] is not None:
        excerpt = None if row["abstract"] is None else abstract_excerpt(row["abstract"])
        shown = (shown_title(row["title"]), excerpt, authors_text(row["authors"]))
        audit.link("paper", [row["pith_number"], *shown], index, key)
    yield from _receipt(audit, row, index, key, judge)


def _receipt(audit: PartAudit, row: _Row, index: int, key: str, judge: _Judge) -> Iterator[Problem]:
    """Link the receipt to the event that states it; verify one that was signed again by itself.

    Of that one an event states when, and by which builder, the record was first computed.
    """
    audit.link("record", [row["pith_number"], row["canonical_sha256"]], index, key)
    audit.link("key", row.only("key_id", "public_key_fingerprint"), index, key)
    stated = {
        name: format_microseconds(instant_of(row[name])) if name.endswith("_at") else row[name]
        for name in STATED
    }
    is_reissued = row["last_reissued_at"] != row["first_computed_at"]
    for kind, names in _TOLD_OF_RECEIPT.items():
        if kind == "receipt" or is_reissued:
            said = [row["pith_number"], *(stated[name] for name in names)]
            audit.link(kind, said, index, key)
    if not is_reissued:
        return
    digest = RecordDigest.fromhex(row["canonical_sha256"])
    for failure in signature_failures(digest, stated, judge.keyring, ""):
        yield failure.code, f"{failure.path}: {failure.message}"
    if not row["first_computed_at"] < row["last_reissued_at"] <= row["signed_at"]:
        yield Code.TIME_ORDER, "first_computed_at, last_reissued_at and signed_at are out of order"


_TOLD_OF_RECEIPT = {
    "receipt": tuple(name for name in STATED if name != "canonical_sha256"),
    "computed": ("first_computed_at", "builder_version"),
    "signature": ("key_id", "public_key_fingerprint", "signature_b64"),
}


def _document(row: _Row) -> Any:
    """Parse a row's document, which must be its own canonical JSON."""
    return parse_canonical(row["document"].encode())


def _event(audit: PartAudit, row: _Row, index: int, key: str, judge: _Judge) -> Iterator[Problem]:
    """Check that the columns are the document's; bundles say whether the event holds."""
    del judge
    event = _document(row)
    signature = event["signature"]
    stated = {
        "pith_number": event["subject_pith_number"],
        "event_id": event["event_id"],
        "event_type": event["event_type"],
        "target": event["target"],
        "created_at": microseconds(parse_seconds(event["created_at"])),
        "signer_id": event["signer"]["signer_id"],
        "signer_type": event["signer"]["signer_type"],
        "prev_event": event["prev_event"],
        "supersedes": event["supersedes"],
        "key_id": signature["key_id"],
        "public_key_fingerprint": signature["public_key_fingerprint"],
        "signature_b64": signature["signature_b64"],
        "signed_at": microseconds(parse_microseconds(signature["signed_at"])),
    }
    yield from _column_problems(row, stated)
    audit.link("event", event, index, key)
    audit.link("key", row.only("key_id", "public_key_fingerprint"), index, key)


def _column_problems(row: _Row, stated: dict[str, Any]) -> Iterator[Problem]:
    for name, wanted in stated.items():
        if row[name] != wanted:
            yield "column_mismatch", f"{name} is {row[name]!r}, by the document {wanted!r}"


def _state(audit: PartAudit, row: _Row, index: int, key: str, judge: _Judge) -> Iterator[Problem]:
    """Check that the columns are the document's; bundles say whether the state holds."""
    del judge
    state = _document(row)
    names = (
        "pith_number",
        "event_count",
        "valid_event_count",
        "invalid_event_count",
        "equivocation_count",
        "state_sha256",
    )
    yield from _column_problems(row, {name: state[name] for name in names})
    audit.link("state", state, index, key)


def _bundle(audit: PartAudit, row: _Row, index: int, key: str, judge: _Judge) -> Iterator[Problem]:
    """Verify the whole bundle, and link all it says of its record."""
    bundle, failures = judge.judged(row["document"].encode())
    for failure in failures:
        yield failure.code, f"{failure.path}: {failure.message}"
    signature = bundle["bundle_signature"]
    stated = {
        "pith_number": bundle["pith_number"],
        "event_count": bundle["state"]["event_count"],
        "built_at": microseconds(parse_seconds(bundle["built_at"])),
        "bundle_sha256": signature["bundle_sha256"],
        "key_id": signature["key_id"],
        "public_key_fingerprint": signature["public_key_fingerprint"],
        "signature_b64": signature["signature_b64"],
        "signed_at": microseconds(parse_microseconds(signature["signed_at"])),
    }
    yield from _column_problems(row, stated)
    number = bundle["pith_number"]
    audit.link("record", [number, bundle["canonical_sha256"]], index, key)
    for kind, said in _told_of_record(bundle):
        audit.link(kind, [number, *said], index, key)
    audit.link("state", bundle["state"], index, key)
    for event in bundle["events"]:
        audit.link("event", event, index, key)
    audit.link("key", row.only("key_id", "public_key_fingerprint"), index, key)
    audit.names += b"".join(digests_of_names(bundle))


def digests_of_names(bundle: JsonValue) -> list[bytes]:
    """Return the digests of the rows of `aliases` that a bundle calls for.

    Raises:
        MalformedError: An alias has no time, as in a bundle that does not hold.
    """
    names = bundle["source_aliases"]
    columns = (
        [alias["alias_value"] for alias in names],
        [alias["alias_kind"] for alias in names],
        Same(bundle["pith_number"]),
        [microseconds(parse_seconds(alias["created_at"])) for alias in names],
    )
    return row_digests(ALIASES, columns)


def _told_of_record(bundle: JsonValue) -> list[tuple[str, list[JsonValue]]]:
    """Return, each once, what of receipts and papers a verified bundle tells of.

    Several registries may have created one record; its row holds the receipt of one of them, and
    the paper of some snapshot, which may be superseded.
    """
    told: dict[str, tuple[str, list[JsonValue]]] = {}
    for event in bundle["events"]:
        payload = event["payload"]
        if event["event_type"] == RECORD_CREATED:
            receipt = payload["receipt"]
            said = [
                (kind, [receipt[name] for name in names])
                for kind, names in _TOLD_OF_RECEIPT.items()
            ]
        elif event["event_type"] == GRAPH_SNAPSHOT:
            paper = payload["graph_snapshot"]["paper"]
            title, excerpt, authors = (
                paper[name] for name in ("title", "abstract_excerpt", "authors_text")
            )
            said = [("paper", [title, excerpt, authors])]
            if len(excerpt) >= EXCERPT_CHARACTERS:
                said.append(("paper", [title, None, authors]))  # of an abstract that is not known
        else:
            continue
        told |= {repr(one): one for one in said}
    return [*told.values()]


def _key(audit: PartAudit, row: _Row, index: int, key: str, judge: _Judge) -> Iterator[Problem]:
    """Check that the columns are the public-key object's, and its forms agree."""
    del judge
    value = _document(row)
    public_key = PublicKey.from_json_object(value)
    stated = {
        "key_id": public_key.key_id,
        "public_key_fingerprint": public_key.fingerprint,
        "public_key_hex": public_key.raw.hex(),
    }
    yield from _column_problems(row, stated)
    audit.first_uses.append((row["build_id"], row["first_used_at"], index, key))
    audit.link("key", row.only("key_id", "public_key_fingerprint"), index, key)


def _build(audit: PartAudit, row: _Row, index: int, key: str, judge: _Judge) -> Iterator[Problem]:
    """Check that the counts add up, and note them for the tables they count."""
    del index, key, judge
    audit.runs[row["build_id"]] = row.only(
        "minted", "rejects_added", "started_at", "builder_version", *NOTED
    )
    if row["run_facts"] is not None:
        yield from _run_facts(row)
    total = row["minted"] + row["unchanged"] + row["rejected"]
    if row["seen"] != total:
        yield "count_mismatch", f"{row['seen']} papers seen, {total} accounted for"


def _run_facts(row: _Row) -> Iterator[Problem]:
    """Check that the facts of a run are those that the columns tell."""
    event = parse_canonical(row["run_facts"].encode())
    added = rows_added(event)
    failed = event["run"]["facets"].get("errorMessage", {"message": COMPLETE})
    stated = {
        "operation": event["job"]["name"].removeprefix("pith."),
        "started_at": microseconds(parse_microseconds(event["eventTime"])),
        "builder_version": event["run"]["facets"]["processing_engine"]["version"],
        "minted": added.get(RECORDS.name, 0),
        "rejects_added": added.get(REJECTS.name, 0),
        "outcome": failed["message"],
    }
    for name, wanted in stated.items():
        if row[name] != wanted:
            yield "column_mismatch", f"{name} is {row[name]!r}, by run_facts {wanted!r}"


def _reject(audit: PartAudit, row: _Row, index: int, key: str, judge: _Judge) -> Iterator[Problem]:
    """Check that what was observed is what was digested, and is refused for the reason given."""
    del audit, index, key, judge
    if sha256_hex(row["raw"]) != row["raw_sha256"]:
        yield "reject_digest", "raw_sha256 is not the digest of raw"
    if row["source_kind"] == "snapshot":
        try:
            read_line(row["raw"])
        except RejectedLineError as error:
            if (error.reason, str(error)) != (row["reason"], row["message"]):
                yield "reject_reason", f"found {row['reason']}, by the line it is {error.reason}"
        else:
            yield "reject_reason", "the line makes a paper"


_CHECKS = {
    RECORDS.name: _record,
    EVENTS.name: _event,
    STATES.name: _state,
    BUNDLES.name: _bundle,
    KEYS.name: _key,
    BUILDS.name: _build,
    REJECTS.name: _reject,
}
