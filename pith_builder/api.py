"""What Python programs call: minting, verifying and merging in memory, and asking a lake.

`import pith_builder` gives these names, each imported when it is first used.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from pith_builder.core.canonical import canonical_json
from pith_builder.core.keys import PublicKey, Signer
from pith_builder.core.merge import State
from pith_builder.core.minting import Identity, Mint
from pith_builder.core.paper import Paper
from pith_builder.core.registry import Registry
from pith_builder.core.report import Report
from pith_builder.core.verification import verify_bytes, verify_value
from pith_builder.errors import MalformedError
from pith_builder.lake.query import connect, parts
from pith_builder.operations.merging import Merged, merged_record
from pith_builder.operations.offers import Offer, Refused, offers_in
from pith_builder.settings import Settings
from pith_builder.signing.ed25519 import Ed25519Signer, TrustedKeys
from pith_builder.signing.key_files import read_key_file, read_public_key, shipped_keys
from pith_builder.sources.snapshot import RejectedLineError, read_line

__all__ = [
    "Ed25519Signer",
    "Merged",
    "MintedRecord",
    "Minting",
    "Paper",
    "PublicKey",
    "Registry",
    "RejectedLine",
    "Report",
    "State",
    "connect",
    "merge",
    "mint",
    "parts",
    "shipped_keys",
    "verify",
]

Key: TypeAlias = PublicKey | str | Path
"""A public key to trust, or the file it lies in."""

Document: TypeAlias = bytes | str | Mapping[str, Any]
"""A Pith document: JSON text, or what it parses to."""


@dataclass(frozen=True, slots=True)
class MintedRecord:
    """One record that was minted.

    Attributes:
        pith_number: Its name.
        arxiv_id: The paper's arXiv identifier, without version.
        arxiv_version: The version recorded.
        bundle: Its signed bundle, in canonical JSON: all a stranger needs to check it.
    """

    pith_number: str
    arxiv_id: str
    arxiv_version: int
    bundle: bytes

    def to_json_object(self) -> dict[str, Any]:
        """Return the bundle, parsed."""
        parsed: dict[str, Any] = json.loads(self.bundle)
        return parsed


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """One line that makes no paper.

    Attributes:
        line: Which, from 1.
        reason: Why, from a closed list.
        message: Why, in words.
    """

    line: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Minting:
    """What papers came to: each is minted, repeated or rejected.

    Attributes:
        records: The records, in the order of their papers.
        repeated: How many papers have a record that a paper before them has.
        rejected: Lines that make no paper.
        public_key: The key that verifies them, to give away.
    """

    records: tuple[MintedRecord, ...]
    repeated: int
    rejected: tuple[RejectedLine, ...]
    public_key: PublicKey


def mint(
    papers: Iterable[Paper | bytes | str],
    signer: Signer | str | Path,
    now: datetime,
    *,
    registry: Registry | None = None,
) -> Minting:
    r"""Mint papers in memory: the same numbers and, by the same key, instant and registry, bytes.

    Args:
        papers: Papers, or lines of arXiv's bulk snapshot; an open file gives those. All that is
            minted is held in memory, some ten kilobytes a paper: for lakes there is `pith build`.
        signer: Who signs, or the file of a private key as `pith keys new` makes it.
        now: The instant everything is dated with, UTC.
        registry: Who builds; otherwise as the settings of `pith` are without any.

    Raises:
        UsageError: There is no key file, or others can read it.
        MalformedError: The instant is not of UTC, or the key file is none.

    >>> from datetime import UTC, datetime
    >>> line = '''{"id": "1804.01852", "submitter": "D. Picard", "authors": "M. Blot, D. Picard",
    ...   "title": "GoSGD", "comments": null, "journal-ref": null, "doi": null, "report-no": null,
    ...   "categories": "cs.LG stat.ML", "license": null, "abstract": "  We address.\\n",
    ...   "versions": [{"version": "v1", "created": "Wed, 4 Apr 2018 12:13:41 GMT"}],
    ...   "update_date": "2018-04-06"}'''
    >>> signer = Ed25519Signer("example-2026", seed=bytes(32))
    >>> minting = mint([line, "no paper"], signer, datetime(2026, 11, 26, tzinfo=UTC))
    >>> [record.pith_number for record in minting.records]
    ['pith:2018:XWLNDNEOIU7X4LQ22ZWYNE6GOX']
    >>> minting.rejected[0].line, minting.rejected[0].reason
    (2, 'not_json')
    """
    if isinstance(signer, str | Path):
        signer = read_key_file(Path(signer))
    minted = Mint(registry or Settings.of({}).registry, signer, now)
    found: dict[bytes, Identity] = {}
    rejected: list[RejectedLine] = []
    seen = 0
    for seen, paper in enumerate(papers, 1):
        try:
            identity = Identity.of(paper if isinstance(paper, Paper) else read_line(_bytes(paper)))
        except RejectedLineError as error:
            rejected.append(RejectedLine(seen, str(error.reason), str(error)))
        else:
            found.setdefault(identity.digest, identity)
    made = minted.mint([*found.values()])
    return Minting(
        records=tuple(
            MintedRecord(
                identity.pith_number,
                identity.paper.arxiv_id.value,
                identity.paper.version,
                bundle,
            )
            for identity, bundle in zip(made.identities, made.bundle.documents, strict=True)
        ),
        repeated=seen - len(found) - len(rejected),
        rejected=tuple(rejected),
        public_key=signer.public_key,
    )


def verify(document: Document, trusted: Iterable[Key]) -> Report:
    """Verify a Pith document of any kind; every failure found is in the report.

    It never raises for what a document holds; `report.verified()` does, if there is a failure.

    Args:
        document: A bundle, state, record, event, public key or manifest: JSON, or parsed.
        trusted: The keys to go by, or files of them. What a document carries gives no trust.

    Raises:
        UsageError: There is no such key file.
        MalformedError: A key file is none.

    >>> report = verify(b'{"bundle_type": "pith_open_graph_bundle"}', shipped_keys())
    >>> report.kind, len(report.failures) > 0
    ('bundle', True)
    >>> report.verified()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    pith_builder.errors.VerificationError: bundle : ... failures, the first at ...
    """
    keyring = _keyring(trusted)
    if isinstance(document, bytes | str):
        return verify_bytes(_bytes(document), keyring)
    return verify_value(dict(document), keyring)


def merge(documents: Iterable[Document], trusted: Iterable[Key]) -> dict[str, Merged]:
    """Merge the events of documents, record by record, into the states they come to.

    The states are functions of the set of events: order, repetition, and which bundle carried
    which event change nothing.

    Args:
        documents: Bundles and events, of any records and from any mirrors.
        trusted: The keys to go by, or files of them.

    Returns:
        By Pith Number what was merged; its `state` is None where nobody trusted created the
        record, and what does not hold is listed with its reason.

    Raises:
        UsageError: There is no such key file.
        MalformedError: A document is none, or a key file is none.

    >>> merge([], shipped_keys())
    {}
    """
    keyring = _keyring(trusted)
    offers: defaultdict[str, list[Offer]] = defaultdict(list)
    for place, document in enumerate(documents, 1):
        data = _bytes(document) if isinstance(document, bytes | str) else canonical_json(document)
        for offer in offers_in(f"document {place}", 0, data):
            if isinstance(offer, Refused):
                raise MalformedError(f"{offer.source}: {offer.message}")
            offers[offer.number].append(offer)
    return {number: merged_record(number, offers[number], keyring) for number in sorted(offers)}


def _keyring(trusted: Iterable[Key]) -> TrustedKeys:
    return TrustedKeys(
        key if isinstance(key, PublicKey) else read_public_key(Path(key)) for key in trusted
    )


def _bytes(text: bytes | str) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
