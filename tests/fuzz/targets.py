"""What is fuzzed: every parser that meets bytes from outside, with its laws and a few seeds.

The rule for each: only our own errors come out, and what was read obeys the parser's laws. A
target is a function of bytes that returns on those, and raises on anything else.
"""

import gzip
import io
import json
import math
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import zstandard

from pith_builder.core.arxiv_id import ArxivId, parse_arxiv_ref
from pith_builder.core.canonical import canonical_json, parse_json
from pith_builder.core.instants import parse_microseconds, parse_seconds
from pith_builder.core.keys import PublicKey
from pith_builder.core.minting import Identity
from pith_builder.core.verification import verify_bytes
from pith_builder.errors import PithError
from pith_builder.lake.raw_metadata import RAW_COLUMNS, read_raw_metadata
from pith_builder.lake.store import current_sequence, manifest_name, read_manifest
from pith_builder.operations.merging import merge_files
from pith_builder.operations.resolve import resolve
from pith_builder.signing.key_files import read_public_key, signer_from
from pith_builder.signing.timestamp_proofs import read_timestamp_proof
from pith_builder.sources.api import find
from pith_builder.sources.arxiv_raw import RejectedRecordError, read_paper
from pith_builder.sources.dates import arxiv_instant
from pith_builder.sources.fetching import Request
from pith_builder.sources.lines import blocks, unpacked
from pith_builder.sources.oai_page import read_page
from pith_builder.sources.raw_pages import INDEX, replayed
from pith_builder.sources.retry_after import retry_after_seconds
from pith_builder.sources.snapshot import RejectedLineError, read_line
from tests.arxiv_server.atom import QueryApi
from tests.arxiv_server.oai import OaiRepository
from tests.arxiv_server.papers import paper as arxiv_paper
from tests.arxiv_server.store import Store
from tests.graphs import theirs
from tests.harvests import AT, many
from tests.lakes import AWKWARD, build, line
from tests.makers import (
    BUNDLE,
    CREATED,
    GRAPH,
    KEYRING,
    PUBLISHED_KEYRING,
    RECORDS,
    SIGNER,
    document,
    event,
    mint,
    paper,
)
from tests.timestamps import stamped


@dataclass(frozen=True)
class Target:
    """A parser: what runs it on bytes, and seeds that it takes."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


RECORD = mint().identity.record


def json_document(data):
    with suppress(PithError):
        value = parse_json(data)
        written = canonical_json(value)
        again = parse_json(written)
        assert canonical_json(again) == written
        assert again == value


def snapshot_line(data):
    with suppress(RejectedLineError):
        _mintable(read_line(data))


def oai_page(data):
    with suppress(PithError):
        page = read_page(data)
        for record in page.records:
            with suppress(RejectedRecordError):
                paper = read_paper(record)
                assert read_paper(record) == paper
                _mintable(paper)


def _mintable(paper):
    """What makes a paper makes a record, whose every text can be written as UTF-8."""
    identity = Identity.of(paper)
    assert identity.pith_number.endswith(identity.number.suffix)
    canonical_json([paper.title, paper.abstract, paper.authors, paper.comments, paper.submitter])
    assert paper.other_metadata is None or parse_json(paper.other_metadata.encode())


def atom_feed(data):
    with suppress(PithError):
        for found in find(lambda _: data, "cat:cs.LG", page_size=2):
            assert ArxivId.parse(str(found.arxiv_id)) == found.arxiv_id


def arxiv_identifier(data):
    with suppress(PithError):
        arxiv_id, version = parse_arxiv_ref(data.decode(errors="surrogateescape"))
        assert ArxivId.parse(str(arxiv_id)) == arxiv_id
        assert str(arxiv_id).isascii()
        assert not set(str(arxiv_id)) & set('\\:*?"<>| \n\0')
        assert ".." not in str(arxiv_id)
        assert version is None or version > 0


def instant(data):
    text = data.decode(errors="surrogateescape")
    for parse in (arxiv_instant, parse_seconds, parse_microseconds):
        with suppress(PithError):
            assert parse(text).utcoffset().total_seconds() == 0


def retry_after(data):
    said, _, date = data.decode("latin-1").partition("\n")
    seconds = retry_after_seconds({"Retry-After": said, "Date": date}, 0.0)
    assert seconds is None or (seconds >= 0 and math.isfinite(seconds))


def timestamp_proof(data):
    with suppress(PithError):
        assert len(read_timestamp_proof(data).digest) == 32


def raw_metadata(data):
    with suppress(PithError):
        canonical_json(read_raw_metadata(data, RECORD))


def any_document(data):
    """A verifier never raises, and what it says can be told to machines."""
    for keyring in (KEYRING, PUBLISHED_KEYRING):
        canonical_json(verify_bytes(data, keyring).to_json_object())


def private_key(data):
    with suppress(PithError):
        signer_from(data, "key")


def _reference():
    """Return a target for what people call records by, asking an empty lake."""
    connection = duckdb.connect()
    connection.execute(
        "create table records as select '' as pith_number, '' as arxiv_id, 1 as arxiv_version, "
        "'' as title, now() as first_computed_at, today() as updated_on where false; "
        "create table aliases as select '' as alias_kind, '' as alias_value, '' as pith_number "
        "where false"
    )

    def reference(data):
        with suppress(PithError):
            resolve(connection, data.decode(errors="replace"))

    return reference


def _of_file(folder, name, read):
    """Return a target that reads a file holding the bytes."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)

    def of_file(data):
        path.write_bytes(data)
        with suppress(PithError):
            read(path)

    return of_file


def _public_key(path):
    key = read_public_key(path)
    plain = PublicKey.from_json_object(key.to_json_object())
    assert (plain.key_id, plain.raw, plain.fingerprint) == (key.key_id, key.raw, key.fingerprint)


def _manifest(path):
    manifest = read_manifest(path.parents[1], 1)
    assert manifest.document == path.read_bytes()
    for table in manifest.tables.values():
        for part in table.parts:
            assert (Path("lake") / part.path).resolve().is_relative_to(Path("lake").resolve())


def _merge(path):
    for merged in merge_files([path], io.BytesIO(), KEYRING):
        if getattr(merged, "state", None) is not None:
            parse_json(merged.state.document)


def _packed(path):
    whole = b"".join(unpacked(path, io.BytesIO()))
    with suppress(PithError):
        lines = b"".join(block.data for block in blocks(path, io.BytesIO()))
        assert lines == whole or whole.startswith(b"PK")  # of a zip file its members' lines


def _replayed(path):
    replayed(path.parent)(Request((("verb", "Identify"),)))


def _zipped(name, data):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return packed.getvalue()


def _seeds_of_pages():
    papers = [*many(2, ("2026-11-10",)), arxiv_paper("math/9901001", "2026-11-10")]
    store = Store(papers, now=lambda: AT)
    oai = OaiRepository(store, page_size=2)
    raw = ("metadataPrefix", "arXivRaw")
    asked = [
        (("verb", "ListRecords"), raw),
        (("verb", "ListIdentifiers"), raw),
        (("verb", "Identify"),),
        (("verb", "ListSets"),),
        (("verb", "ListRecords"), raw, ("from", "2030-01-01")),
        (("verb", "GetRecord"), raw, ("identifier", "oai:arXiv.org:math/9901001")),
    ]
    query = (("search_query", "all:a"), ("start", "0"), ("max_results", "2"))
    api = QueryApi(store)
    return tuple(map(oai.answer, asked)), (api.answer(query), api.error("bad"))


def targets(folder):
    """Return every target by name; those that read a file write it in `folder`."""
    build(folder / "seed", AWKWARD)
    manifest = (folder / "seed" / manifest_name(1)).read_bytes()
    pages, feeds = _seeds_of_pages()
    bundle = canonical_json(document(BUNDLE))
    records = tuple(canonical_json(document(name)) for name in RECORDS)
    ours = canonical_json(json.loads(mint().bundle.document))
    events = tuple(map(canonical_json, (CREATED, GRAPH, event())))
    key = SIGNER.public_key.to_json_object()
    scoped = {**key, "event_types": ["correction"], "revoked_at": "2026-11-20T00:00:00Z"}
    lines = AWKWARD[:2000]
    index = {"file": "000001-0123456789abcdef.xml", "request": [["verb", "Identify"]]}
    secret = {
        "kind": "pith_signing_key",
        "algorithm": "ed25519",
        "key_id": "k",
        "seed_b64": "A" * 43 + "=",
        "public_key_hex": "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29",
        "url": None,
        "notes": None,
    }
    said = paper()
    metadata = {
        **dict.fromkeys(RAW_COLUMNS),
        "title": said.title,
        "abstract": said.abstract,
        "categories": list(said.categories),
        "version_submitted_at": "2018-09-01T08:00:00Z",
        "updated_on": "2018-09-02",
    }
    return {
        "JSON documents": Target(json_document, (bundle, b'{"a":[1,-0.0,1e5,"\\ud83d\\ude00"]}')),
        "snapshot lines": Target(snapshot_line, (*AWKWARD.splitlines(), line(more=[1.5]))),
        "OAI-PMH pages": Target(oai_page, pages),
        "Atom feeds": Target(atom_feed, feeds),
        "manifests": Target(_of_file(folder / "m", manifest_name(1), _manifest), (manifest,)),
        "CURRENT": Target(
            _of_file(folder, "c/CURRENT", lambda path: current_sequence(path.parent)),
            (b"manifests/00000001.json\n",),
        ),
        "arXiv identifiers": Target(
            arxiv_identifier,
            (b"1804.01852v2", b"math.GT/0309136", b"https://arxiv.org/pdf/hep-th/9701019v1.pdf?x"),
        ),
        "names of records": Target(
            _reference(),
            (b"pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST", b"REQM6TSZ", b"10.48550/arXiv.1804.01852"),
        ),
        "instants": Target(
            instant, (b"Mon, 2 Apr 2007 19:18:42 GMT", b"2018-04-04T12:13:41.000001Z")
        ),
        "Retry-After": Target(
            retry_after, (b"120", b"Sun, 06 Nov 1994 08:49:37 GMT\nSun, 06 Nov 1994 08:49:07 GMT")
        ),
        "public-key files": Target(
            _of_file(folder, "key.json", _public_key), (canonical_json(key), canonical_json(scoped))
        ),
        "private-key files": Target(private_key, (canonical_json(secret),)),
        "merge input": Target(
            _of_file(folder, "offers", _merge),
            (*events, ours, canonical_json(theirs()), b"\n".join(events), records[0]),
        ),
        "documents to verify": Target(any_document, (bundle, ours, manifest, *events, *records)),
        "raw metadata": Target(raw_metadata, (canonical_json(metadata),)),
        "OpenTimestamps proofs": Target(timestamp_proof, (stamped(RECORD.digest()),)),
        "packed files": Target(
            _of_file(folder, "packed", _packed),
            (
                lines,
                gzip.compress(lines),
                zstandard.compress(lines),
                _zipped("a.json", lines),
                _zipped("../é.jsonl", b"{}\n"),
            ),
        ),
        "kept answers": Target(
            _of_file(folder, f"kept/{INDEX}", _replayed), (json.dumps(index).encode() + b"\n",)
        ),
    }
