"""What was minted, as columns of the tables whose rows follow from the papers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, repeat

from pith_builder.core.forms import EVENT_TARGETS, GRAPH_SNAPSHOT, RECORD_CREATED
from pith_builder.core.keys import PublicKey
from pith_builder.core.minting import Mint, Minted, Sealed
from pith_builder.core.registry import SIGNER_TYPE
from pith_builder.lake.arrays import Same
from pith_builder.lake.parts import Columns, days, microseconds
from pith_builder.lake.rows import Observed

AliasRow = tuple[str, str, str]
"""A name, its kind, and the Pith Number it stands for: the key of `aliases`."""


class MintedRows:
    """Makes the columns of what one mint makes; what is the same in all rows is said once."""

    def __init__(self, mint: Mint, build_id: str, sealed_in: str | None = None) -> None:
        """Take the mint, and the build that the rows name.

        Rows of bundles name that of their seal, where a later one signed again.
        """
        key, seal = mint.signer.public_key, mint.seal
        self._now = Same(microseconds(mint.now))
        self._second = Same(microseconds(mint.now.replace(microsecond=0)))
        self._build_id = Same(build_id)
        self._builder_version = Same(mint.registry.builder_version)
        self._signer_id = Same(mint.registry.signer_id)
        self._key = _named(key)
        self._seal_key = _named(seal.signer.public_key)
        self._sealed_at = Same(microseconds(seal.now))
        self._sealed_second = Same(microseconds(seal.now.replace(microsecond=0)))
        self._sealed_in = Same(sealed_in or build_id)

    def records(
        self,
        minted: Minted,
        observed: Sequence[Observed],
        reissued: Sequence[str] | None = None,
    ) -> Columns:
        """Return columns of `records`; `reissued` are signatures of receipts signed again."""
        found = minted.identities
        papers = [identity.paper for identity in found]
        return (
            [identity.pith_number for identity in found],
            [identity.digest.hex() for identity in found],
            [paper.arxiv_id.value for paper in papers],
            [paper.version for paper in papers],
            [paper.categories[0] for paper in papers],
            [identity.cross_cats_sorted for identity in found],
            [paper.categories for paper in papers],
            [paper.license for paper in papers],
            [_whole_second(paper.submitted_at) for paper in papers],
            [microseconds(paper.version_submitted_at) for paper in papers],
            [identity.title_sha256 for identity in found],
            [identity.abstract_sha256 for identity in found],
            [paper.title for paper in papers],
            [paper.abstract for paper in papers],
            [paper.authors for paper in papers],
            [paper.submitter for paper in papers],
            [paper.comments for paper in papers],
            [paper.journal_ref for paper in papers],
            [paper.doi for paper in papers],
            [paper.report_no for paper in papers],
            [paper.msc_class for paper in papers],
            [paper.acm_class for paper in papers],
            [None if paper.updated_on is None else days(paper.updated_on) for paper in papers],
            [paper.is_withdrawn for paper in papers],
            [paper.other_metadata for paper in papers],
            *self._seal_key,
            minted.receipt_signatures if reissued is None else reissued,
            self._sealed_at,
            self._now,
            self._sealed_at,
            self._builder_version,
            [one.source_kind for one in observed],
            [one.source_name for one in observed],
            [one.source_line for one in observed],
            self._now,
            self._build_id,
        )

    def events(self, minted: Minted) -> Columns:
        """Return columns of `events`: two rows a paper, sorted by their key."""
        created = _events(RECORD_CREATED, minted.created)
        graph = _events(GRAPH_SNAPSHOT, minted.graph)
        pairs = ((a, b) if a < b else (b, a) for a, b in zip(created, graph, strict=True))
        event_ids, types, targets, signatures, documents = zip(
            *chain.from_iterable(pairs), strict=True
        )
        numbers = [identity.pith_number for identity in minted.identities for _ in range(2)]
        return (
            numbers,
            event_ids,
            types,
            targets,
            self._second,
            self._signer_id,
            Same(SIGNER_TYPE),
            Same(None),
            Same(()),
            *self._key,
            signatures,
            self._now,
            documents,
            self._build_id,
        )

    def states(self, minted: Minted) -> Columns:
        """Return columns of `states`."""
        return (
            [identity.pith_number for identity in minted.identities],
            Same(2),
            Same(2),
            Same(0),
            Same(0),
            minted.state.sha256,
            minted.state.documents,
            self._build_id,
        )

    def bundles(self, minted: Minted) -> Columns:
        """Return columns of `bundles`."""
        return (
            [identity.pith_number for identity in minted.identities],
            Same(2),
            self._sealed_second,
            minted.bundle.sha256,
            *self._seal_key,
            minted.bundle.signatures,
            self._sealed_at,
            minted.bundle.documents,
            self._sealed_in,
        )

    def aliases(self, rows: Iterable[AliasRow]) -> Columns:
        """Return columns of `aliases`."""
        return (*zip(*sorted(rows), strict=True), self._second, self._build_id)

    def names(self, minted: Minted) -> Columns:
        """Return columns of `aliases`, by kind of name, unsorted."""
        numbers = [identity.pith_number for identity in minted.identities]
        return (
            [*chain.from_iterable(minted.aliases.values())],
            [kind for kind in minted.aliases for _ in numbers],
            numbers * len(minted.aliases),
            self._second,
            self._build_id,
        )


def _named(key: PublicKey) -> tuple[Same, Same]:
    return Same(key.key_id), Same(key.fingerprint)


def _events(event_type: str, events: Sealed) -> Iterator[tuple[str, str, str, str, bytes]]:
    return zip(
        [f"sha256:{digest}" for digest in events.sha256],
        repeat(event_type),
        repeat(EVENT_TARGETS[event_type]),
        events.signatures,
        events.documents,
    )


def _whole_second(instant: datetime) -> int:
    return microseconds(instant) // 1_000_000 * 1_000_000


def alias_rows(minted: Minted) -> Iterator[AliasRow]:
    """Yield the keys of the rows of `aliases`, unsorted."""
    numbers = [identity.pith_number for identity in minted.identities]
    for kind, values in minted.aliases.items():
        yield from zip(values, repeat(kind), numbers)
