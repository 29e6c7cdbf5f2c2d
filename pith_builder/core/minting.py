"""Minting: the way of one paper from arXiv's words to a signed bundle (DESIGN.md 2)."""

from __future__ import annotations

from binascii import b2a_base64, hexlify
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from pith_builder.core.alias import DOI_PREFIX
from pith_builder.core.canonical import (
    BundleDigest,
    EventDigest,
    RecordDigest,
    SignableDigest,
    dump_canonical,
    sha256,
    sha256_joined,
    text_sha256,
)
from pith_builder.core.graph import abstract_excerpt, authors_text, shown_title
from pith_builder.core.instants import checked_instant, format_seconds
from pith_builder.core.keys import Signer
from pith_builder.core.number import SHORT_LENGTHS, PithNumber, suffix_of
from pith_builder.core.paper import Paper
from pith_builder.core.record import CanonicalRecord, check_category, sorted_categories
from pith_builder.core.registry import Registry
from pith_builder.core.specimen import minted_specimen, record_specimen, templates


class Identity(NamedTuple):
    """A paper, what of it is hashed, and the name that follows.

    Attributes:
        paper: arXiv's words.
        canonical: The canonical record's bytes, which are hashed.
        digest: Their SHA-256.
        suffix: The Pith Number's suffix.
        pith_number: The Pith Number, as it is written.
        title_sha256: The digest of the canonical title, in hexadecimal.
        abstract_sha256: The digest of the canonical abstract, in hexadecimal.
        cross_cats_sorted: The categories but the first, in byte order, each once.
        said: What of it stands in canonical records and in other documents too, as templates
            want it, in the order of `SAID`.
    """

    paper: Paper
    canonical: bytes
    digest: RecordDigest
    suffix: str
    pith_number: str
    title_sha256: str
    abstract_sha256: str
    cross_cats_sorted: tuple[str, ...]
    said: tuple[bytes, ...]

    @classmethod
    def of(cls, paper: Paper) -> Identity:
        """Identify one paper.

        Raises:
            MalformedError: The paper's text cannot be written as UTF-8.
        """
        return identities([paper])[0]

    @property
    def number(self) -> PithNumber:
        """The record's name."""
        return PithNumber.parse(self.pith_number)

    @property
    def record(self) -> CanonicalRecord:
        """The canonical record, made by the readable code."""
        return CanonicalRecord.of(self.paper)


SAID = ("arxiv_id", "version", "license", "primary_cat", "cross_cats", "submitted_at")


def identities(papers: Sequence[Paper]) -> list[Identity]:
    """Canonicalise papers, digest them and name them.

    Raises:
        MalformedError: A paper's text cannot be written as UTF-8.
    """
    titles = [text_sha256(paper.title) for paper in papers]
    abstracts = [text_sha256(paper.abstract) for paper in papers]
    categories = [_categories(paper.categories) for paper in papers]
    said = [
        (
            paper.arxiv_id.value.encode(),
            b"%d" % paper.version,
            _license(paper.license),
            primary,
            crosses,
            format_seconds(paper.submitted_at).encode(),
        )
        for paper, (primary, crosses, _) in zip(papers, categories, strict=True)
    ]
    columns = dict(zip(SAID, zip(*said, strict=True), strict=False))
    columns["title_sha256"] = tuple(map(str.encode, titles))
    columns["abstract_sha256"] = tuple(map(str.encode, abstracts))
    canonical = _RECORD.fill(columns) if papers else []
    digests = [RecordDigest(sha256(record)) for record in canonical]
    suffixes = list(map(suffix_of, digests))
    numbers = [
        f"pith:{paper.submitted_at.year:04d}:{suffix}"
        for paper, suffix in zip(papers, suffixes, strict=True)
    ]
    crosses = [crosses for _, _, crosses in categories]
    return list(
        map(
            Identity,
            papers,
            canonical,
            digests,
            suffixes,
            numbers,
            titles,
            abstracts,
            crosses,
            said,
        )
    )


_Columns = dict[str, Sequence[bytes]]
"""What each paper says in a gap, by gap."""


@lru_cache(maxsize=1 << 10)
def _license(address: str) -> bytes:
    """Return a licence in canonical JSON: few are there, and orjson's bytes take four kilobytes."""
    return dump_canonical(address)


@lru_cache(maxsize=1 << 14)
def _categories(categories: tuple[str, ...]) -> tuple[bytes, bytes, tuple[str, ...]]:
    """Return the primary category and the cross-lists in canonical JSON, and the cross-lists.

    Raises:
        MalformedError: One of them is no category.
    """
    primary = categories[0]
    for category in categories:
        check_category(category)
    crosses = sorted_categories(category for category in categories if category != primary)
    return dump_canonical(primary), dump_canonical(crosses), crosses


def alias_columns(found: Sequence[Identity]) -> dict[str, list[str]]:
    """Return the other names of papers by kind: as `alias_names`, many at once."""
    ids = [identity.paper.arxiv_id.value for identity in found]
    versions = [identity.paper.version for identity in found]
    return {
        "arxiv": ids,
        "arxiv_version": [f"{name}v{version}" for name, version in zip(ids, versions, strict=True)],
        "doi": [DOI_PREFIX + name for name in ids],
        **{
            f"pith_short_{length}": [identity.suffix[:length] for identity in found]
            for length in SHORT_LENGTHS
        },
    }


class Sealed(NamedTuple):
    """A kind of document, one for each paper.

    Attributes:
        sha256: The digests of their contents, in hexadecimal.
        signatures: The signatures of those digests, in base64; none of states.
        documents: Their canonical JSON, whole.
    """

    sha256: list[str]
    signatures: list[str]
    documents: list[bytes]


class Minted(NamedTuple):
    """All that minting makes of some papers, in columns: a value for each paper.

    Attributes:
        identities: The papers and their names.
        aliases: Their other names, by kind.
        receipt_signatures: The `signature_b64` of each receipt.
        created: The events `record_created`.
        graph: The events `graph_snapshot`.
        state: The merge of both.
        bundle: The bundles.
    """

    identities: Sequence[Identity]
    aliases: dict[str, list[str]]
    receipt_signatures: list[str]
    created: Sealed
    graph: Sealed
    state: Sealed
    bundle: Sealed


class Seal(NamedTuple):
    """Which key signs bundles, and when."""

    signer: Signer
    now: datetime


class Mint:
    """A registry at one instant, ready to mint."""

    def __init__(
        self, registry: Registry, signer: Signer, now: datetime, seal: Seal | None = None
    ) -> None:
        """Take the registry, its key, and the instant that everything minted is dated with.

        A lake's bundles that were signed again later are minted with that `seal`, and all else
        with what signed it first.

        Raises:
            MalformedError: The instant is not of UTC.
        """
        checked_instant(now)
        self.registry = registry
        self.signer = signer
        self.now = now
        self.seal = seal or Seal(signer, now)
        key, sealed = signer.public_key, (self.seal.signer.public_key, self.seal.now)
        one, other = (minted_specimen(seed, registry, key, now, sealed) for seed in (1, 2))
        if one.ends != other.ends:
            raise RuntimeError("the ends of a document's content differ from paper to paper")
        self._templates, self._ends = templates(one, other), one.ends

    def mint(self, found: Sequence[Identity]) -> Minted:
        """Sign receipts, state the records' creation and their graphs, merge, and bundle.

        Four signatures are made of each paper: receipt, two events, bundle.

        Raises:
            MalformedError: A text cannot be written as UTF-8.
        """
        papers = [identity.paper for identity in found]
        suffixes = [identity.suffix.encode() for identity in found]
        columns = list(zip(*[identity.said for identity in found], strict=True))
        said: _Columns = dict(zip(SAID, columns or [()] * len(SAID), strict=True))
        said["record"] = [identity.canonical for identity in found]
        said["number"] = [identity.pith_number.encode() for identity in found]
        said["suffix"] = suffixes
        for length in SHORT_LENGTHS:
            said[f"short_{length}"] = [suffix[:length] for suffix in suffixes]
        said["title"] = [dump_canonical(shown_title(paper.title)) for paper in papers]
        said["excerpt"] = [dump_canonical(abstract_excerpt(paper.abstract)) for paper in papers]
        said["authors"] = [dump_canonical(authors_text(paper.authors)) for paper in papers]
        self._fill("aliases", said)
        self._sign("receipt", [identity.digest for identity in found], said)
        said["digest"] = said["receipt_sha256"]
        for event in ("created", "graph"):
            self._fill(f"{event}_payload", said)
            contents = self._templates[f"{event}_content"].fill(said)
            self._sign(event, [EventDigest(sha256(content)) for content in contents], said)
            self._fill(event, said)
        self._fill("state_head", said)
        tail = self._ends["state_tail"]
        said["state_sha256"] = [hexlify(sha256_joined(head, tail)) for head in said["state_head"]]
        said["state_signature"] = ()
        self._fill("state", said)
        self._fill("bundle_tail", said)
        head = self._ends["bundle_head"]
        digests = [BundleDigest(sha256_joined(head, tail)) for tail in said["bundle_tail"]]
        self._sign("bundle", digests, said, self.seal.signer)
        self._fill("bundle", said)
        return Minted(
            identities=found,
            aliases=alias_columns(found),
            receipt_signatures=list(map(bytes.decode, said["receipt_signature"])),
            created=_sealed("created", said),
            graph=_sealed("graph", said),
            state=_sealed("state", said),
            bundle=_sealed("bundle", said),
        )

    def _fill(self, name: str, said: _Columns) -> None:
        said[name] = self._templates[name].fill(said)

    def _sign(
        self,
        name: str,
        digests: Sequence[SignableDigest],
        said: _Columns,
        signer: Signer | None = None,
    ) -> None:
        sign = (signer or self.signer).sign
        said[f"{name}_sha256"] = list(map(hexlify, digests))
        said[f"{name}_signature"] = [b2a_base64(sign(digest), newline=False) for digest in digests]


def _sealed(name: str, said: _Columns) -> Sealed:
    return Sealed(
        list(map(bytes.decode, said[f"{name}_sha256"])),
        list(map(bytes.decode, said[f"{name}_signature"])),
        list(said[name]),
    )


_RECORD = templates(record_specimen(1)[1], record_specimen(2)[1])["record"]
