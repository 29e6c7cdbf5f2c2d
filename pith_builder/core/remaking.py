"""Reading bundles by making them again: most are exactly as a builder of ours mints them.

From what a bundle says of its paper and the signatures it carries, the whole bundle is made again
with templates. If every byte is the same and every signature is that of a trusted key, it holds
as it would by the readable checks, and in a part of their time. Whatever is otherwise, is left to
those checks: nothing is ever refused here.

1. A registry's first bundles are verified in full. What is the same in all of its bundles is in
   their form because one was seen to hold.
2. What differs from one to another is looked at each time: the canonical record by reading it, its
   number by computing it, texts and instants by their form.
3. All else follows from those, and is compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from orjson import Fragment

from pith_builder.core.alias import source_aliases
from pith_builder.core.bundle import read_head
from pith_builder.core.canonical import (
    BundleDigest,
    EventDigest,
    JsonValue,
    SignableDigest,
    dump_canonical,
    load_canonical,
    sha256,
)
from pith_builder.core.event import Event
from pith_builder.core.forms import GRAPH_SNAPSHOT, MICROSECONDS, RECORD_CREATED
from pith_builder.core.gathering import Gathered
from pith_builder.core.instants import format_microseconds, format_seconds
from pith_builder.core.keys import Keyring, PublicKey, Signature
from pith_builder.core.merge import State
from pith_builder.core.number import SHORT_LENGTHS, PithNumber
from pith_builder.core.record import NamedRecord, read_record
from pith_builder.core.registry import Registry
from pith_builder.core.specimen import Specimen, minted_specimen, templates
from pith_builder.core.verification import verify_bytes
from pith_builder.errors import MalformedError, VerificationError

_VERIFIED_FIRST = 4
"""Of a registry so many bundles go by before templates are cut, which takes as long as some."""

_MOST_REGISTRIES = 32

_OTHERWISE = (
    MalformedError,
    VerificationError,
    RuntimeError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
"""What stands in the way of making a bundle again that was made otherwise."""

_INSTANTS = (
    datetime(2999, 11, 28, 17, 46, 39, 123456, tzinfo=UTC),
    datetime(2998, 10, 27, 16, 45, 38, 654321, tzinfo=UTC),
)
"""When specimens are minted: texts that stand nowhere else in them."""

_is_instant = MICROSECONDS.quick()


class Remade(NamedTuple):
    """A bundle that was made again.

    Attributes:
        document: Its canonical JSON, which is as it came.
        head: What it says but for its state, which follows.
        named: Its record.
        valid: Its two events.
        state: The merge of those.
    """

    document: bytes
    head: JsonValue
    named: NamedRecord
    valid: tuple[Event, ...]
    state: State

    @property
    def found(self) -> Gathered:
        """The record as its two events tell it."""
        record, digest, number = self.named
        return Gathered(
            number=number,
            record=record,
            digest=digest,
            valid=self.valid,
            invalid=(),
            aliases=source_aliases(record, number, self.valid[0].created_at),
            state=self.state,
        )

    def whole(self) -> JsonValue:
        """Return what it says."""
        return load_canonical(self.document)

    def says_all(self, valid: Sequence[Event]) -> bool:
        """Tell whether these events, by id, are those of the bundle."""
        stated = {event.event_id: event.document for event in self.valid}
        return {event.event_id: event.document for event in valid} == stated


class Remaking:
    """Reads bundles of the registries whose keys are trusted."""

    def __init__(self, keyring: Keyring) -> None:
        """Begin without having seen any."""
        self._keyring = keyring
        self._seen: dict[bytes, int] = {}
        self._makers: dict[bytes, _Maker] = {}

    def read(self, document: bytes, *, with_seal: bool) -> Remade | None:
        """Return what a bundle says, if it holds and is as minting makes it; None says nothing.

        `with_seal` is whether its own signature counts, besides those of its events.
        """
        try:
            bundle, _ = read_head(document)
            header = _header(bundle)
            maker = self._makers.get(header) or self._maker_of(header, bundle, document)
            if maker is not None:
                return maker.remade(bundle, document, self._keyring, with_seal=with_seal)
        except _OTHERWISE:
            pass
        return None

    def _maker_of(self, header: bytes, bundle: JsonValue, document: bytes) -> _Maker | None:
        seen = self._seen.get(header, 0) + 1
        if seen > 1 or len(self._seen) < _MOST_REGISTRIES:
            self._seen[header] = seen
        if seen != _VERIFIED_FIRST:
            return None
        verify_bytes(document, self._keyring).verified()
        maker = self._makers[header] = _Maker(bundle)
        return maker


def _header(bundle: JsonValue) -> bytes:
    """Return what all bundles of one registry have in common and templates are cut for."""
    created, hint = bundle["events"][0], bundle["mirror_hints"][0]
    return dump_canonical(
        [
            created["signer"]["signer_id"],
            created["payload"]["receipt"]["builder_version"],
            hint["name"],
            hint["base_url"],
            bundle["public_keys"],
        ]
    )


class _Maker:
    """Makes the bundles of one registry again."""

    def __init__(self, bundle: JsonValue) -> None:
        """Cut templates from specimens minted as the registry of `bundle` would."""
        registry = Registry.of_bundle(bundle)
        key = PublicKey.from_json_object(bundle["public_keys"][0])
        one, other = (
            _dated(minted_specimen(seed, registry, key, now), now)
            for seed, now in enumerate(_INSTANTS, 1)
        )
        self._templates = templates(one, other)

    def remade(
        self, bundle: JsonValue, document: bytes, keyring: Keyring, *, with_seal: bool
    ) -> Remade | None:
        """Make a bundle again, and check the signatures in it."""
        created, graph = bundle["events"]
        receipt = created["payload"]["receipt"]
        paper = graph["payload"]["graph_snapshot"]["paper"]
        shown = paper["title"], paper["abstract_excerpt"], paper["authors_text"]
        signed_at = receipt["signed_at"]
        if not _is_instant(signed_at) or any(type(text) is not str for text in shown):
            return None
        canonical = dump_canonical(bundle["canonical_record"])
        named = read_record(canonical)
        said = _said(bundle["canonical_record"], named.number, signed_at)
        said["record"] = canonical
        for name, text in zip(("title", "excerpt", "authors"), shown, strict=True):
            said[name] = dump_canonical(text)
        self._fill("aliases", said)
        keyring.verified(named.digest, Signature.from_block(receipt))
        _seal("receipt", named.digest, receipt, said)
        said["digest"] = said["receipt_sha256"]
        for name, event in (("created", created), ("graph", graph)):
            self._fill(f"{name}_payload", said)
            digest = EventDigest(sha256(self._filled(f"{name}_content", said)))
            signature = Signature.from_block(event["signature"], event["created_at"])
            signer_id = event["signer"]["signer_id"]
            keyring.verified(digest, signature, event["event_type"], signer_id)
            _seal(name, digest, event["signature"], said)
            self._fill(name, said)
        self._fill("state_head", said)
        said["state_sha256"] = sha256(self._filled("state_content", said)).hex().encode()
        self._fill("state", said)
        self._fill("bundle_tail", said)
        seal = bundle["bundle_signature"]
        signature = Signature.from_block(seal, bundle["built_at"])
        whole = BundleDigest.fromhex(seal["bundle_sha256"])
        if with_seal:
            whole = BundleDigest(sha256(self._filled("bundle_content", said)))
            keyring.verified(whole, signature)
        _seal("bundle", whole, seal, said)
        if self._filled("bundle", said) != document:
            return None
        state = State(
            event_count=2,
            invalid_event_count=0,
            equivocation_count=0,
            state_sha256=said["state_sha256"].decode(),
            document=said["state"],
        )
        valid = (
            _event(created, RECORD_CREATED, said["created_payload"], said["created"]),
            _event(graph, GRAPH_SNAPSHOT, said["graph_payload"], said["graph"]),
        )
        return Remade(document, bundle, named, valid, state)

    def _filled(self, name: str, said: Mapping[str, bytes]) -> bytes:
        return self._templates[name].filled(said)

    def _fill(self, name: str, said: dict[str, bytes]) -> None:
        said[name] = self._filled(name, said)


def _seal(name: str, digest: SignableDigest, block: JsonValue, said: dict[str, bytes]) -> None:
    """Say what stands in the places of a digest and of its signature."""
    said[f"{name}_sha256"] = digest.hex().encode()
    said[f"{name}_signature"] = block["signature_b64"].encode()


def _said(record: JsonValue, number: PithNumber, signed_at: str) -> dict[str, bytes]:
    """Return what stands in the gaps of templates, of a sound canonical record."""
    source, metadata = record["source"], record["metadata"]
    return {
        "arxiv_id": source["id"].encode(),
        "version": b"%d" % source["version"],
        "license": dump_canonical(metadata["license"]),
        "primary_cat": dump_canonical(metadata["primary_cat"]),
        "cross_cats": dump_canonical(metadata["cross_cats_sorted"]),
        "submitted_at": metadata["submitted_at"].encode(),
        "title_sha256": metadata["title_canon_sha256"].encode(),
        "abstract_sha256": metadata["abstract_canon_sha256"].encode(),
        "number": str(number).encode(),
        "suffix": number.suffix.encode(),
        **{f"short_{length}": number.suffix[:length].encode() for length in SHORT_LENGTHS},
        "seconds": f"{signed_at[:19]}Z".encode(),
        "microseconds": signed_at.encode(),
    }


def _dated(specimen: Specimen, now: datetime) -> Specimen:
    """Return a specimen whose instant of minting is a gap too, wherever it stands."""
    gaps = {
        "seconds": format_seconds(now).encode(),
        "microseconds": format_microseconds(now).encode(),
    }
    contents = {
        "state_content": specimen.documents["state_head"] + specimen.ends["state_tail"],
        "bundle_content": specimen.ends["bundle_head"] + specimen.documents["bundle_tail"],
    }
    return Specimen(
        gaps={**specimen.gaps, **gaps}, documents={**specimen.documents, **contents}, ends={}
    )


def _event(value: JsonValue, event_type: str, payload: bytes, document: bytes) -> Event:
    return Event(
        event_type=event_type,
        event_id=value["event_id"],
        created_at=value["created_at"],
        signer_id=value["signer"]["signer_id"],
        prev_event=None,
        supersedes=(),
        payload=value["payload"],
        reduced={
            "created_at": value["created_at"],
            "event_id": value["event_id"],
            "payload": Fragment(payload),
            "signer": value["signer"],
            "target": value["target"],
        },
        signature=value["signature"],
        document=document,
    )
