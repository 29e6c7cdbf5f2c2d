"""Minting: the way of one paper from arXiv's words to a signed bundle (DESIGN.md 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pith_builder.core.alias import SourceAlias, source_aliases
from pith_builder.core.bundle import Bundle, signed_bundle
from pith_builder.core.canonical import JsonValue, RecordDigest
from pith_builder.core.event import (
    Event,
    graph_snapshot_payload,
    record_created_payload,
    signed_event,
)
from pith_builder.core.forms import GRAPH_SNAPSHOT, RECORD_CREATED
from pith_builder.core.graph import graph_snapshot
from pith_builder.core.instants import checked_instant, format_microseconds, format_seconds
from pith_builder.core.keys import Signer
from pith_builder.core.merge import State, state_of
from pith_builder.core.number import PithNumber
from pith_builder.core.paper import Paper
from pith_builder.core.receipt import receipt
from pith_builder.core.record import CanonicalRecord
from pith_builder.core.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A paper, what of it is hashed, and the name that follows."""

    paper: Paper
    record: CanonicalRecord
    digest: RecordDigest
    number: PithNumber

    @classmethod
    def of(cls, paper: Paper) -> Identity:
        """Canonicalise a paper, digest it and name it.

        Raises:
            MalformedError: The paper's text cannot be written as UTF-8.
        """
        record = CanonicalRecord.of(paper)
        digest = record.digest()
        number = PithNumber.of(digest, record.submitted_at.year)
        return cls(paper=paper, record=record, digest=digest, number=number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minted:
    """All that minting makes of one paper."""

    identity: Identity
    receipt: dict[str, JsonValue]
    aliases: tuple[SourceAlias, ...]
    events: tuple[Event, Event]
    state: State
    bundle: Bundle


class Mint:
    """A registry at one instant, ready to mint."""

    def __init__(self, registry: Registry, signer: Signer, now: datetime) -> None:
        """Take the registry, its key, and the instant that everything minted is dated with."""
        checked_instant(now)
        self.registry = registry
        self.signer = signer
        self.now = now
        self._microseconds = format_microseconds(now)
        self._seconds = format_seconds(now)

    def mint(self, identity: Identity) -> Minted:
        """Sign a receipt, state the record's creation and its graph, merge, and bundle.

        Four signatures are made: receipt, two events, bundle.
        """
        record, digest, number = identity.record, identity.digest, identity.number
        record_json = record.to_json_object()
        signed_receipt = receipt(
            digest,
            signer=self.signer,
            builder_version=self.registry.builder_version,
            computed_at=self._microseconds,
        )
        created = self._event(
            RECORD_CREATED, number, record_created_payload(record, digest, signed_receipt)
        )
        snapshot = graph_snapshot(identity.paper, record, self.registry.builder_version)
        graph = self._event(GRAPH_SNAPSHOT, number, graph_snapshot_payload(snapshot))
        aliases = source_aliases(record, number, self._seconds)
        state = state_of(str(number), (created, graph), (), aliases)
        bundle = signed_bundle(
            number,
            record_json,
            digest,
            aliases=aliases,
            events=(created, graph),
            state=state,
            registry=self.registry,
            signer=self.signer,
            public_keys=(self.signer.public_key,),
            built_at=self._seconds,
            signed_at=self._microseconds,
        )
        return Minted(
            identity=identity,
            receipt=signed_receipt,
            aliases=aliases,
            events=(created, graph),
            state=state,
            bundle=bundle,
        )

    def _event(self, event_type: str, number: PithNumber, payload: JsonValue) -> Event:
        return signed_event(
            event_type,
            number,
            payload,
            signer=self.signer,
            signer_id=self.registry.signer_id,
            created_at=self._seconds,
            signed_at=self._microseconds,
        )
