"""Small makers of the values that tests share, and the strategies that draw them at random."""

import json
from base64 import b64decode
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from pith_builder.core.alias import SourceAlias
from pith_builder.core.arxiv_id import ArxivId
from pith_builder.core.instants import format_seconds
from pith_builder.core.keys import PublicKey, TrustedKey
from pith_builder.core.minting import Identity, Mint, identities
from pith_builder.core.paper import Paper
from pith_builder.core.record import CanonicalRecord, sorted_categories
from pith_builder.core.registry import Registry
from pith_builder.signing.ed25519 import Ed25519Signer, TrustedKeys
from tests.unit.core import reference

DOCUMENTS = Path(__file__).parent / "documents"
SHARED = Path(__file__).parents[1].parent / "shared"
"""Conformance data beside the checkout: used where it is, never committed."""

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="no conformance data in ../shared")

_patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
law = settings(_patient, max_examples=200)
"""For laws of values, which cost microseconds."""

signing_law = settings(_patient, max_examples=40)
"""For laws that mint, sign or merge, which cost milliseconds."""

PUBLISHED_NUMBER = "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST"
BUNDLE = "REQM6TSZ2XBI5YFGVPNQEI7HST.bundle.json"
STATES = ("GOCZ47QHFOX4PAYW2QESOVXMFK.state.json", "XBYCSH4TXVF2WTSZ2AUBT7WYT7.state.json")
RECORDS = ("4FP6Z27B6DFNJRYZBSXH3XON27.record.json", "5DC4N5WS5I2ITZPUOL7XVW2452.record.json")


def document(name):
    """Return a published document, parsed by the standard library."""
    return json.loads((DOCUMENTS / name).read_bytes())


PUBLISHED_KEY = PublicKey(
    key_id="pith-v1-2026-05",
    raw=bytes.fromhex("b2d552b68890857171a78b36a5dccf368a953413288c353f7c9d9d6f94b709b3"),
    url="https://pith.science/pith-signing-key.json",
    notes=(
        "Pith uses this Ed25519 key to sign canonical record SHA-256 digests. Verify with: "
        "ed25519_verify(public_key, message=canonical_sha256_bytes, "
        "signature=base64decode(signature_b64))."
    ),
)
PUBLISHED_KEYRING = TrustedKeys([PUBLISHED_KEY])
PUBLISHED_REGISTRY = Registry(
    signer_id="pith.science",
    name="Pith Resolver",
    base_url="https://pith.science",
    builder_version="pith-number-builder-2026-05-17-v1",
)

NOW = datetime(2026, 11, 20, 14, 17, 9, 598220, tzinfo=UTC)
NOW_SECONDS = "2026-11-20T14:17:09Z"
NOW_MICROSECONDS = "2026-11-20T14:17:09.598220Z"

KEY_URL = "https://mirror.example/pith-signing-key.json"
SIGNER = Ed25519Signer("ours-2026-11", bytes(range(32)), url=KEY_URL, notes="A key for tests.")
REFERENCE_KEY = reference.Key("ours-2026-11", bytes(range(32)), KEY_URL, "A key for tests.")
OTHER_SIGNER = Ed25519Signer("theirs-2026-11", bytes(range(32, 64)))
OTHER_REFERENCE_KEY = reference.Key("theirs-2026-11", bytes(range(32, 64)))
STRANGER = reference.Key("strangers-2026-11", bytes(range(64, 96)))
REVOKED = reference.Key("revoked-2026-11", bytes(range(128, 160)))
RETIRED = reference.Key("retired-2026-11", bytes(range(160, 192)))
TIMED_KEYS = (
    TrustedKey(
        key_id=REVOKED.key_id,
        raw=bytes.fromhex(REVOKED.document["public_key_hex"]),
        revoked_at="2026-11-20T14:17:09.000000Z",
        revocation_reason="stolen",
    ),
    PublicKey(
        key_id=RETIRED.key_id,
        raw=bytes.fromhex(RETIRED.document["public_key_hex"]),
        rotates_at="2026-11-20T14:17:09Z",
    ),
)
"""Keys that are trusted, and that may not sign what is dated with `NOW`."""

KEYRING = TrustedKeys([SIGNER.public_key, OTHER_SIGNER.public_key, *TIMED_KEYS])
REGISTRY = Registry(
    signer_id="mirror.example",
    name="Our Mirror",
    base_url="https://mirror.example",
    builder_version="pith-builder-0.1.0",
)


def paper(**changes):
    """Return the paper of the published bundle, changed as asked."""
    fields = {
        "arxiv_id": ArxivId("1804.01852"),
        "version": 2,
        "submitted_at": datetime(2018, 4, 4, 12, 13, 41, tzinfo=UTC),
        "version_submitted_at": datetime(2018, 9, 1, 8, 0, 0, tzinfo=UTC),
        "title": "GoSGD: Distributed Optimization for Deep Learning with Gossip Exchange",
        "abstract": (
            "  We address the issue of speeding up the training of convolutional neural\n"
            "networks by studying a distributed method adapted to stochastic gradient descent.\n"
            "Our parallel optimization setup uses several threads, each applying individual\n"
            "gradient descents on a local variable. We propose a new way of sharing information\n"
            "between different threads based on gossip algorithms that show good consensus\n"
            "convergence properties. Our method called GoSGD has the advantage to be fully\n"
            "asynchronous and decentralized.\n"
        ),
        "authors": "Michael Blot, David Picard and Matthieu Cord",
        "categories": ("cs.LG", "stat.ML"),
        "license": "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
    }
    return Paper(**{**fields, **changes})


@dataclass(frozen=True)
class SealedDocument:
    """A document, its digest in hexadecimal, and the signature of it in base64, if it has one."""

    sha256: str
    signature_b64: str | None
    document: bytes


@dataclass(frozen=True)
class MintedPaper:
    """All that is minted of one paper: a row through the columns of `Minted`."""

    identity: Identity
    receipt: dict
    aliases: tuple[SourceAlias, ...]
    events: tuple[SealedDocument, SealedDocument]
    state: SealedDocument
    bundle: SealedDocument


def mint_all(some_papers, registry=REGISTRY, signer=SIGNER, now=NOW):
    """Return what is minted of papers, all at once, paper by paper."""
    minted = Mint(registry, signer, now).mint(identities(some_papers))
    created, graph, bundles = (
        list(map(SealedDocument, *kind)) for kind in (minted.created, minted.graph, minted.bundle)
    )
    states = [
        SealedDocument(sha256, None, whole)
        for sha256, whole in zip(minted.state.sha256, minted.state.documents, strict=True)
    ]
    receipts = [json.loads(one.document)["payload"]["receipt"] for one in created]
    aliases = [
        tuple(
            sorted(
                SourceAlias(*name, format_seconds(now))
                for name in zip(minted.aliases, values, strict=True)
            )
        )
        for values in zip(*minted.aliases.values(), strict=True)
    ]
    events = zip(created, graph, strict=True)
    columns = (minted.identities, receipts, aliases, events, states, bundles)
    return [MintedPaper(*row) for row in zip(*columns, strict=True)]


def mint_one(a_paper, **by):
    """Return what is minted of one paper."""
    return mint_all([a_paper], **by)[0]


def mint(**changes):
    """Return all that our registry mints of `paper(**changes)`."""
    return mint_one(paper(**changes))


def event(event_type="author_attestation", *, key=REFERENCE_KEY, **changes):
    """Return an event of our registry on the published record, well signed whatever it says."""
    content = {
        "created_at": NOW_SECONDS,
        "event_type": event_type,
        "payload": {},
        "prev_event": None,
        "schema_version": "1.0",
        "signer": {
            "key_id": key.key_id,
            "public_key_fingerprint": key.fingerprint,
            "signer_id": "mirror.example",
            "signer_type": "pith_registry",
        },
        "subject_pith_number": PUBLISHED_NUMBER,
        "supersedes": [],
        "target": event_type.split("_")[0],
    }
    return reference.sealed_event({**content, **changes}, key, NOW_MICROSECONDS)


def leaves(value, path=()):
    """Yield (path, value) of everything in a JSON value that holds nothing further."""
    if isinstance(value, dict | list) and value:
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, member in members:
            yield from leaves(member, (*path, key))
    else:
        yield path, value


def pointer_of(path):
    """Return a path as a JSON pointer; no key in these documents needs escaping."""
    return "".join(f"/{key}" for key in path)


def at(value, path):
    """Return what stands at `path`, a tuple of keys and indexes."""
    for key in path:
        value = value[key]
    return value


def changed(value, path, new):
    """Return a copy of a JSON value with `new` at `path`, a tuple of keys and indexes."""
    if not path:
        return new
    key, *rest = path
    copied = value.copy()
    copied[key] = changed(value[key], rest, new) if rest else new
    return copied


text = st.text(st.characters(exclude_categories=["Cs"]))
whole_seconds = st.datetimes(
    min_value=datetime(1986, 1, 1),  # noqa: DTZ001 - Hypothesis wants bounds without a zone
    max_value=datetime(2099, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda instant: instant.replace(microsecond=0))
sha256_hex = st.binary(min_size=32, max_size=32).map(bytes.hex)
categories = st.sampled_from(
    ["astro-ph", "cs.LG", "hep-th", "math.AG", "math-ph", "q-bio.NC", "solv-int", "stat.ML"]
)

ARCHIVES = """
    acc-phys adap-org alg-geom ao-sci astro-ph atom-ph bayes-an chao-dyn chem-ph cmp-lg comp-gas
    cond-mat cs dg-ga econ eess funct-an gr-qc hep-ex hep-lat hep-ph hep-th math math-ph mtrl-th
    nlin nucl-ex nucl-th patt-sol physics plasm-ph q-alg q-bio q-fin quant-ph solv-int stat
    supr-con test
""".split()  # noqa: SIM905 - a list of 39 literals would fill 39 lines

_new_ids = st.builds(
    lambda month, number: (
        f"{month:04d}.{number:05d}" if month >= 1501 else f"{month:04d}.{number % 10000:04d}"
    ),
    st.tuples(st.integers(7, 99), st.integers(1, 12))
    .map(lambda month: 100 * month[0] + month[1])
    .filter(lambda month: month >= 704),
    st.integers(1, 99999),
)
_old_ids = st.builds(
    lambda archive, month, number: f"{archive}/{month}{number:03d}",
    st.sampled_from(ARCHIVES),
    st.sampled_from([f"{year:02d}{month:02d}" for year in range(91, 100) for month in (1, 7, 12)])
    | st.sampled_from(["0001", "0112", "0612", "0703"]),
    st.integers(1, 999),
)
arxiv_ids = st.builds(ArxivId, _new_ids | _old_ids)


def _worded(drawn):
    """Return a text that is more than white space: filtering would discard too many."""
    return drawn if drawn.strip() else f"{drawn}word"


words = text.map(_worded)
"""Texts of at least one letter, as titles are."""

papers = st.builds(
    paper,
    arxiv_id=arxiv_ids,
    version=st.integers(1, 99),
    submitted_at=whole_seconds,
    version_submitted_at=whole_seconds,
    title=words,
    abstract=words | st.text("aB \n.", min_size=590).map(_worded),
    authors=text | st.lists(st.sampled_from(["A. B", "C D", "and", ","])).map(" ".join),
    categories=st.lists(categories, min_size=1).map(tuple),
    license=text,
)


@st.composite
def canonical_records(draw):
    """Draw any canonical record."""
    primary = draw(categories)
    crosses = draw(st.lists(categories.filter(lambda category: category != primary)))
    return CanonicalRecord(
        source_id=draw(arxiv_ids),
        source_version=draw(st.integers(1, 99)),
        title_canon_sha256=draw(sha256_hex),
        abstract_canon_sha256=draw(sha256_hex),
        license=draw(text),
        primary_cat=primary,
        cross_cats_sorted=sorted_categories(crosses),
        submitted_at=draw(whole_seconds),
    )


integers = st.integers(-(2**63), 2**64 - 1)
plain_values = st.none() | st.booleans() | integers | text
"""What stands alone in a row or a field; no floats, for our documents have none."""

_leaves = plain_values | st.floats(allow_nan=False, allow_infinity=False)


def _nested(leaf, key):
    return st.recursive(
        leaf, lambda inner: st.lists(inner) | st.dictionaries(key, inner), max_leaves=20
    )


json_values = _nested(_leaves, text)
"""Whatever canonical JSON can write."""

jcs_values = _nested(plain_values, st.text(st.characters(max_codepoint=127)))
"""Whatever it writes as RFC 8785 does: no floats, and keys of ASCII."""

CREATED, GRAPH = (json.loads(an_event.document) for an_event in mint().events)
"""The two events that our registry states of the published record."""


def tampered(an_event, path, new):
    """Return a copy of an event that keeps its id and signature but says something else."""
    return changed(an_event, path, new)


def _restated(an_event, path, new):
    """Return an event as valid as `an_event` but for what it says at `path`, signed anew."""
    sealed = changed(an_event, path, new)
    return event(**reference.without(sealed, "content_sha256", "event_id", "signature"))


def _flipped(signature_b64):
    return ("B" if signature_b64[0] == "A" else "A") + signature_b64[1:]


_RECORD = ("payload", "canonical_record")
_SNAPSHOT = ("payload", "graph_snapshot")
INVALID_EVENTS = {
    "malformed": (
        None,
        7,
        "event",
        [],
        {},
        [CREATED],
        {"event_id": "not an id"},
        {"event_id": 7, "event_type": ["record_created"]},
        reference.without(GRAPH, "signer"),
        reference.without(GRAPH, "event_id"),
        {**GRAPH, "event_id": GRAPH["event_id"].upper()},
        {**GRAPH, "note": "more"},
        tampered(GRAPH, ("signature", "signature_b64"), "AAAA"),
        tampered(GRAPH, ("signature", "algorithm"), "rsa"),
        event(created_at="2026-11-20T14:17:09.000000Z"),
        event(created_at="2026-02-29T00:00:00Z"),
        event(subject_pith_number="pith:REQM6TSZ"),
        event(schema_version="1.1"),
        event(target="record"),
        event(payload=[]),
        event(supersedes=None),
        event(supersedes=["bc7c"]),
        event(prev_event="bc7c"),
        event("not a word"),
        _restated(CREATED, ("payload", "receipt", "receipt_version"), "0.4"),
        _restated(CREATED, (*_RECORD, "metadata", "note"), "more"),
        _restated(GRAPH, (*_SNAPSHOT, "claims", "count"), "none"),
    ),
    "digest_mismatch": (
        tampered(CREATED, ("payload", "source_version"), 3),
        tampered(GRAPH, (*_SNAPSHOT, "paper", "title"), "Another title"),
        tampered(GRAPH, ("created_at",), "2026-11-20T14:17:08Z"),
        tampered(GRAPH, ("content_sha256",), "0" * 64),
        tampered(GRAPH, ("event_id",), "sha256:" + "0" * 64),
    ),
    "wrong_subject": (
        event(subject_pith_number="pith:2019:REQM6TSZ2XBI5YFGVPNQEI7HST"),
        event(subject_pith_number="pith:2018:4FP6Z27B6DFNJRYZBSXH3XON27"),
    ),
    "unknown_key": (
        event(key=STRANGER),
        event(key=reference.Key("ours-2026-11", bytes(range(64, 96)))),
        event(key=reference.Key("theirs-2026-11", bytes(range(32)))),
    ),
    "revoked_key": (
        event(key=REVOKED),
        tampered(event(key=REVOKED), ("signature", "signed_at"), "2026-01-01T00:00:00.000000Z"),
    ),
    "key_out_of_time": (
        event(key=RETIRED),
        tampered(event(key=RETIRED), ("signature", "signed_at"), "2026-01-01T00:00:00.000000Z"),
    ),
    "bad_signature": (
        tampered(GRAPH, ("signature", "signature_b64"), CREATED["signature"]["signature_b64"]),
        tampered(
            CREATED,
            ("signature", "signature_b64"),
            _flipped(CREATED["signature"]["signature_b64"]),
        ),
    ),
    "signer_mismatch": (
        event(signer={**CREATED["signer"], "key_id": "theirs-2026-11"}),
        event(key=OTHER_REFERENCE_KEY, signer=CREATED["signer"]),
    ),
    "invalid_payload": (
        _restated(CREATED, (*_RECORD, "source", "version"), 3),
        _restated(CREATED, (*_RECORD, "metadata", "cross_cats_sorted"), ["stat.ML", "cs.AI"]),
        _restated(CREATED, ("payload", "canonical_sha256"), "0" * 64),
        _restated(CREATED, ("payload", "receipt", "canonical_sha256"), "0" * 64),
        _restated(CREATED, ("payload", "receipt", "key_id"), "strangers-2026-11"),
        _restated(
            CREATED,
            ("payload", "receipt", "signature_b64"),
            _flipped(CREATED["payload"]["receipt"]["signature_b64"]),
        ),
        _restated(GRAPH, (*_SNAPSHOT, "claims", "snapshot_sha256"), "0" * 64),
        _restated(GRAPH, (*_SNAPSHOT, "references", "snapshot_sha256"), "0" * 64),
        _restated(GRAPH, (*_SNAPSHOT, "formal_canon", "snapshot_sha256"), "0" * 64),
        _restated(GRAPH, (*_SNAPSHOT, "author_claims", "snapshot_sha256"), "0" * 64),
    ),
}
"""Events that do not hold on the published record, by the first reason why."""

SOURCE_ALIASES = json.loads(mint().bundle.document)["source_aliases"]
"""The aliases of the published record, as our registry dates them."""


class PublishedSigner:
    """Signs what the registry is known to have signed, by looking it up in a document."""

    def __init__(self, bundle):
        self.public_key = PUBLISHED_KEY
        created, graph = bundle["events"]
        self._signed = {
            bundle["canonical_sha256"]: created["payload"]["receipt"],
            created["content_sha256"]: created["signature"],
            graph["content_sha256"]: graph["signature"],
            bundle["bundle_signature"]["bundle_sha256"]: bundle["bundle_signature"],
        }

    def sign(self, digest):
        return b64decode(self._signed[digest.hex()]["signature_b64"])
