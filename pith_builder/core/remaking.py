"""Reading bundles by making them again: most are exactly as a builder of ours mints them.

What a bundle says of its paper and the signatures it carries are cut out where they should stand,
and the whole bundle is made again with templates. If every byte is the same and every signature is
that of a trusted key, it holds as it would by the readable checks, and in a part of their time.
Whatever is otherwise, is left to those checks: nothing is ever refused here.

1. A registry's first bundles are verified in full. What is the same in all of its bundles is in
   their form because one was seen to hold.
2. What differs from one to another is looked at each time: the canonical record by reading it, its
   number by computing it, texts and instants by their form.
3. All else follows from those, and is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from orjson import Fragment

from pith_builder.core.alias import source_aliases
from pith_builder.core.bundle import Bundle, read_head
from pith_builder.core.canonical import (
    BundleDigest,
    EventDigest,
    JsonValue,
    dump_canonical,
    load_canonical,
    sha256,
)
from pith_builder.core.event import Event
from pith_builder.core.forms import MICROSECONDS
from pith_builder.core.gathering import Gathered
from pith_builder.core.instants import format_microseconds, format_seconds
from pith_builder.core.keys import Keyring, PublicKey, Signature
from pith_builder.core.merge import State
from pith_builder.core.number import SHORT_LENGTHS
from pith_builder.core.record import NamedRecord, read_record
from pith_builder.core.registry import Registry
from pith_builder.core.specimen import Specimen, minted_specimen, templates
from pith_builder.core.template import Template
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

_EVENTS = ("created", "graph")
"""The events of a bundle as they stand in it, by the name of their templates."""

_TEXTS = ("title", "excerpt", "authors")
"""What a graph snapshot says of a paper beside its record."""

_READ = (
    *("record", "microseconds", *_TEXTS),
    *("receipt_signature", "created_signature", "graph_signature"),
    *("bundle_sha256", "bundle_signature"),
)
"""The gaps that are read in a bundle; all others follow from the record and from these."""

_OF_ANY_LENGTH = ("arxiv_id", "version", "license", "primary_cat", "cross_cats")
"""Those of the others that differ in length, which are passed over where they stand."""

_is_instant = MICROSECONDS.quick()
_Read = TypeVar("_Read")


class Remade(NamedTuple):
    """A bundle that was made again.

    Attributes:
        bundle: The bundle, as it came.
        named: Its record.
        valid: Its two events.
        state: The merge of those.
    """

    bundle: Bundle
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
        return load_canonical(self.bundle.document)

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
        self._latest: _Maker | None = None

    def read(self, document: bytes, *, with_seal: bool) -> Remade | None:
        """Return what a bundle says, if it holds and is as minting makes it; None says nothing.

        `with_seal` is whether its own signature counts, besides those of its events.
        """
        latest = self._latest  # the bundles of a registry mostly come one behind the other
        if latest is not None:
            remade = _tried(latest.remade, document, self._keyring, with_seal=with_seal)
            if remade is not None:
                return remade
        maker = _tried(self._maker_of, document)
        if maker is None or maker is latest:
            return None
        self._latest = maker
        return _tried(maker.remade, document, self._keyring, with_seal=with_seal)

    def _maker_of(self, document: bytes) -> _Maker | None:
        bundle, _ = read_head(document)
        header = _header(bundle)
        if header in self._makers:
            return self._makers[header]
        seen = self._seen.get(header, 0) + 1
        if seen > 1 or len(self._seen) < _MOST_REGISTRIES:
            self._seen[header] = seen
        if seen != _VERIFIED_FIRST:
            return None
        verify_bytes(document, self._keyring).verified()
        maker = self._makers[header] = _Maker(bundle)
        return maker


def _tried(read: Callable[..., _Read | None], *given: Any, **how: Any) -> _Read | None:
    """Return what is read, or None where a bundle is made otherwise than minting makes it."""
    try:
        return read(*given, **how)
    except _OTHERWISE:
        return None


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
        whole = one.documents["bundle"]
        gaps = {**one.gaps, "record": one.documents["record"]}
        self._reading = Template(whole, {name: gaps[name] for name in (*_READ, *_OF_ANY_LENGTH)})
        self._made = load_canonical(whole)

    def remade(self, document: bytes, keyring: Keyring, *, with_seal: bool) -> Remade | None:
        """Make a bundle again, and check the signatures in it."""
        said = self._reading.said_in(document)
        named = read_record(said["record"])
        signed_at = said["microseconds"].decode()
        said |= _said(named)
        said["seconds"] = f"{signed_at[:19]}Z".encode()
        digests = [self._event_again(name, said) for name in _EVENTS]
        self._state_again(said)
        whole = self._bundle_again(said, with_seal=with_seal)
        if said["bundle"] != document or not _is_instant(signed_at):
            return None
        if not all(_is_text(said[name]) for name in _TEXTS):
            return None
        made = self._made["events"]
        receipt = _signed(made[0]["payload"]["receipt"], "receipt", signed_at, said)
        keyring.verified(named.digest, Signature.from_block(receipt))
        created, graph = (
            _event(one, name, signed_at, said) for one, name in zip(made, _EVENTS, strict=True)
        )
        for event, digest in zip((created, graph), digests, strict=True):
            signature = Signature.from_block(event.signature, event.created_at)
            keyring.verified(digest, signature, event.event_type, event.signer_id)
        seal = _signed(self._made["bundle_signature"], "bundle", signed_at, said)
        seal["bundle_sha256"] = whole.hex()
        signature = Signature.from_block(seal, created.created_at)
        if with_seal:
            keyring.verified(whole, signature)
        state = State(
            event_count=2,
            invalid_event_count=0,
            equivocation_count=0,
            state_sha256=said["state_sha256"].decode(),
            document=said["state"],
        )
        bundle = Bundle(built_at=created.created_at, signature=seal, document=document)
        return Remade(bundle, named, (created, graph), state)

    def _event_again(self, name: str, said: dict[str, bytes]) -> EventDigest:
        self._fill(f"{name}_payload", said)
        digest = EventDigest(sha256(self._filled(f"{name}_content", said)))
        said[f"{name}_sha256"] = digest.hex().encode()
        self._fill(name, said)
        return digest

    def _state_again(self, said: dict[str, bytes]) -> None:
        self._fill("aliases", said)
        self._fill("state_head", said)
        said["state_sha256"] = sha256(self._filled("state_content", said)).hex().encode()
        self._fill("state", said)

    def _bundle_again(self, said: dict[str, bytes], *, with_seal: bool) -> BundleDigest:
        self._fill("bundle_tail", said)
        digest = BundleDigest.fromhex(said["bundle_sha256"].decode())
        if with_seal:
            digest = BundleDigest(sha256(self._filled("bundle_content", said)))
        said["bundle_sha256"] = digest.hex().encode()
        self._fill("bundle", said)
        return digest

    def _filled(self, name: str, said: Mapping[str, bytes]) -> bytes:
        return self._templates[name].filled(said)

    def _fill(self, name: str, said: dict[str, bytes]) -> None:
        said[name] = self._filled(name, said)


class _Unread(Mapping[str, JsonValue]):
    """A payload that is parsed when somebody looks into it: most are stored unread."""

    def __init__(self, document: bytes) -> None:
        self._document = document

    @cached_property
    def _said(self) -> dict[str, JsonValue]:
        said: dict[str, JsonValue] = load_canonical(self._document)
        return said

    def __getitem__(self, name: str) -> JsonValue:
        return self._said[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._said)

    def __len__(self) -> int:
        return len(self._said)


def _is_text(said: bytes) -> bool:
    """Tell whether these bytes are the canonical JSON of one text."""
    text = load_canonical(said)
    return type(text) is str and dump_canonical(text) == said


def _event(made: JsonValue, name: str, signed_at: str, said: Mapping[str, bytes]) -> Event:
    """Return an event that was made again; `made` is the one of the specimen."""
    created_at = said["seconds"].decode()
    event_id = f"sha256:{said[f'{name}_sha256'].decode()}"
    payload = said[f"{name}_payload"]
    return Event(
        event_type=made["event_type"],
        event_id=event_id,
        created_at=created_at,
        signer_id=made["signer"]["signer_id"],
        prev_event=None,
        supersedes=(),
        payload=_Unread(payload),
        reduced={
            "created_at": created_at,
            "event_id": event_id,
            "payload": Fragment(payload),
            "signer": made["signer"],
            "target": made["target"],
        },
        signature=_signed(made["signature"], name, signed_at, said),
        document=said[name],
    )


def _signed(
    made: JsonValue, name: str, signed_at: str, said: Mapping[str, bytes]
) -> dict[str, JsonValue]:
    """Return a signature block like the one of the specimen."""
    signature = said[f"{name}_signature"].decode()
    return {**made, "signature_b64": signature, "signed_at": signed_at}


def _said(named: NamedRecord) -> dict[str, bytes]:
    """Return what stands in the gaps of templates because of the record."""
    record, digest, number = named
    return {
        "arxiv_id": record.source_id.value.encode(),
        "version": b"%d" % record.source_version,
        "license": dump_canonical(record.license),
        "primary_cat": dump_canonical(record.primary_cat),
        "cross_cats": dump_canonical(record.cross_cats_sorted),
        "submitted_at": format_seconds(record.submitted_at).encode(),
        "digest": digest.hex().encode(),
        "number": str(number).encode(),
        "suffix": number.suffix.encode(),
        **{f"short_{length}": number.suffix[:length].encode() for length in SHORT_LENGTHS},
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
