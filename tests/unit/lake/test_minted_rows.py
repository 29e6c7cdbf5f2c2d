import json
from datetime import UTC, date, datetime
from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.instants import parse_microseconds, parse_seconds
from pith_builder.core.minting import Mint, identities
from pith_builder.disk import Disk
from pith_builder.lake.arrays import Same
from pith_builder.lake.minted_rows import MintedRows, alias_rows
from pith_builder.lake.parts import PartWriter, days, microseconds, row_digests
from pith_builder.lake.reading import read_rows
from pith_builder.lake.tables import ALIASES, BUNDLES, EVENTS, RECORDS, STATES, Kind
from pith_builder.operations.chunks import Observation
from tests.makers import NOW, REGISTRY, SIGNER, paper, papers, signing_law

OURS = Mint(REGISTRY, SIGNER, NOW)
ROWS = MintedRows(OURS, "build-7")

batches = st.lists(papers, min_size=1, max_size=4)


def rows_of(table, columns):
    """Return the rows that columns say, by column."""
    names = [column.name for column in table.columns]
    assert len(columns) == len(names)
    lengths = {len(said) for said in columns if not isinstance(said, Same)}
    assert len(lengths) == 1
    values = [repeat(said.value) if isinstance(said, Same) else said for said in columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=False)]


def observed(some_papers):
    return [
        Observation("snapshot", f"file {number}", number, paper=a_paper)
        for number, a_paper in enumerate(some_papers, 1)
    ]


def instant(written):
    parse = parse_microseconds if "." in written else parse_seconds
    return microseconds(parse(written))


@signing_law
@given(batches)
def test_records_say_what_their_bundles_and_their_papers_say(some_papers):
    minted = OURS.mint(identities(some_papers))
    seen = observed(some_papers)

    rows = rows_of(RECORDS, ROWS.records(minted, seen))

    assert len(rows) == len(some_papers)
    for row, a_paper, whole, one in zip(
        rows, some_papers, minted.bundle.documents, seen, strict=True
    ):
        bundle = json.loads(whole)
        record = bundle["canonical_record"]
        receipt = bundle["events"][0]["payload"]["receipt"]
        assert row == {
            "pith_number": bundle["pith_number"],
            "canonical_sha256": bundle["canonical_sha256"],
            "arxiv_id": record["source"]["id"],
            "arxiv_version": record["source"]["version"],
            "primary_cat": record["metadata"]["primary_cat"],
            "cross_cats_sorted": tuple(record["metadata"]["cross_cats_sorted"]),
            "categories": a_paper.categories,
            "license": record["metadata"]["license"],
            "submitted_at": instant(record["metadata"]["submitted_at"]),
            "version_submitted_at": microseconds(a_paper.version_submitted_at),
            "title_canon_sha256": record["metadata"]["title_canon_sha256"],
            "abstract_canon_sha256": record["metadata"]["abstract_canon_sha256"],
            "title": a_paper.title,
            "abstract": a_paper.abstract,
            "authors": a_paper.authors,
            **dict.fromkeys(("submitter", "comments", "journal_ref", "doi", "report_no")),
            **dict.fromkeys(("msc_class", "acm_class", "updated_on", "other_metadata")),
            "is_withdrawn": False,
            "key_id": receipt["key_id"],
            "public_key_fingerprint": receipt["public_key_fingerprint"],
            "signature_b64": receipt["signature_b64"],
            "signed_at": instant(receipt["signed_at"]),
            "first_computed_at": instant(receipt["first_computed_at"]),
            "last_reissued_at": instant(receipt["last_reissued_at"]),
            "builder_version": receipt["builder_version"],
            "source_kind": one.source_kind,
            "source_name": one.source_name,
            "source_line": one.source_line,
            "observed_at": microseconds(NOW),
            "build_id": "build-7",
        }


def test_what_a_paper_says_besides_stands_in_its_record():
    said = {
        "submitter": "S",
        "comments": "C",
        "journal_ref": "J",
        "doi": "D",
        "report_no": "R",
        "msc_class": "M",
        "acm_class": "A",
        "other_metadata": "{}",
        "is_withdrawn": True,
    }
    told = paper(
        **said,
        updated_on=date(1969, 12, 31),
        submitted_at=datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
        version_submitted_at=datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC),
    )

    (row,) = rows_of(RECORDS, ROWS.records(OURS.mint(identities([told])), observed([told])))

    assert {name: row[name] for name in said} == said
    assert row["updated_on"] == days(date(1969, 12, 31)) == -1
    assert (row["submitted_at"], row["version_submitted_at"]) == (-1_000_000, 1_000_000)


@signing_law
@given(batches)
def test_events_say_what_their_documents_say_in_the_order_of_their_key(some_papers):
    minted = OURS.mint(identities(some_papers))

    rows = rows_of(EVENTS, ROWS.events(minted))

    assert len(rows) == 2 * len(some_papers)
    documents = [*minted.created.documents, *minted.graph.documents]
    assert sorted(row["document"] for row in rows) == sorted(documents)
    for row in rows:
        event = json.loads(row["document"])
        assert row == {
            "pith_number": event["subject_pith_number"],
            "event_id": event["event_id"],
            "event_type": event["event_type"],
            "target": event["target"],
            "created_at": instant(event["created_at"]),
            "signer_id": event["signer"]["signer_id"],
            "signer_type": event["signer"]["signer_type"],
            "prev_event": event["prev_event"],
            "supersedes": tuple(event["supersedes"]),
            "key_id": event["signature"]["key_id"],
            "public_key_fingerprint": event["signature"]["public_key_fingerprint"],
            "signature_b64": event["signature"]["signature_b64"],
            "signed_at": instant(event["signature"]["signed_at"]),
            "document": row["document"],
            "build_id": "build-7",
        }
    for identity, first, second in zip(minted.identities, rows[::2], rows[1::2], strict=True):
        assert first["pith_number"] == second["pith_number"] == identity.pith_number
        assert first["event_id"] < second["event_id"]


@signing_law
@given(batches)
def test_states_and_bundles_say_what_their_documents_say(some_papers):
    minted = OURS.mint(identities(some_papers))

    states = rows_of(STATES, ROWS.states(minted))
    bundles = rows_of(BUNDLES, ROWS.bundles(minted))

    for row, whole in zip(states, minted.state.documents, strict=True):
        state = json.loads(whole)
        counts = ("event_count", "valid_event_count", "invalid_event_count", "equivocation_count")
        said = {name: state[name] for name in ("pith_number", *counts, "state_sha256")}
        assert row == {**said, "document": whole, "build_id": "build-7"}
    for row, whole in zip(bundles, minted.bundle.documents, strict=True):
        bundle = json.loads(whole)
        signature = bundle["bundle_signature"]
        assert row == {
            "pith_number": bundle["pith_number"],
            "event_count": len(bundle["events"]),
            "built_at": instant(bundle["built_at"]),
            "bundle_sha256": signature["bundle_sha256"],
            "key_id": signature["key_id"],
            "public_key_fingerprint": signature["public_key_fingerprint"],
            "signature_b64": signature["signature_b64"],
            "signed_at": instant(signature["signed_at"]),
            "document": whole,
            "build_id": "build-7",
        }


@signing_law
@given(batches, st.randoms(use_true_random=False))
def test_aliases_are_those_of_the_bundles_sorted_by_their_key(some_papers, order):
    minted = OURS.mint(identities(some_papers))
    names = list(alias_rows(minted))
    order.shuffle(names)

    rows = rows_of(ALIASES, ROWS.aliases(names))

    wanted = [
        {
            "alias_value": alias["alias_value"],
            "alias_kind": alias["alias_kind"],
            "pith_number": bundle["pith_number"],
            "created_at": instant(alias["created_at"]),
            "build_id": "build-7",
        }
        for bundle in map(json.loads, minted.bundle.documents)
        for alias in bundle["source_aliases"]
    ]
    key = [tuple(row[name] for name in ALIASES.key) for row in rows]
    assert key == sorted(key)
    assert rows == sorted(wanted, key=lambda row: tuple(row[name] for name in ALIASES.key))


@signing_law
@given(batches)
def test_names_are_the_aliases_in_another_order(some_papers):
    minted = OURS.mint(identities(some_papers))

    names = row_digests(ALIASES, ROWS.names(minted))

    assert sorted(names) == sorted(row_digests(ALIASES, ROWS.aliases(alias_rows(minted))))


COLUMNS = {
    RECORDS: lambda minted, some: ROWS.records(minted, observed(some)),
    EVENTS: lambda minted, _: ROWS.events(minted),
    STATES: lambda minted, _: ROWS.states(minted),
    BUNDLES: lambda minted, _: ROWS.bundles(minted),
    ALIASES: lambda minted, _: ROWS.aliases(alias_rows(minted)),
}


def as_read(table, row):
    """Return a row as it is read back: lists for tuples, and JSON as text."""
    read = {Kind.TEXTS: list, Kind.JSON: bytes.decode}
    return {
        column.name: read.get(column.kind, lambda value: value)(row[column.name])
        for column in table.columns
    }


@pytest.mark.parametrize("table", COLUMNS, ids=lambda table: table.name)
def test_what_is_written_of_a_mint_is_read_back(tmp_path, table):
    found = identities([paper(title=f"Paper {number}") for number in range(5)])
    found.sort(key=lambda identity: identity.pith_number)
    columns = COLUMNS[table](OURS.mint(found), [identity.paper for identity in found])
    writer = PartWriter(Disk(), tmp_path, table, "1")
    writer.add(columns)
    part = writer.finish()

    names = [column.name for column in table.columns]
    read = [dict(zip(names, row[:-1], strict=True)) for row in read_rows(tmp_path, table, part)]

    assert read == [as_read(table, row) for row in rows_of(table, columns)]
    key = [tuple(row[name] for name in table.key) for row in read]
    assert key == sorted(set(key))
