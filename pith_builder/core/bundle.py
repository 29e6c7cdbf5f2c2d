"""The bundle: everything a stranger needs to check one record, signed whole (FORMAT.md 10)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orjson import Fragment

from pith_builder.core.alias import SourceAlias
from pith_builder.core.canonical import (
    BundleDigest,
    JsonValue,
    RecordDigest,
    Writer,
    canonical_json,
    dump_canonical,
    load_canonical,
    sha256,
)
from pith_builder.core.event import Event
from pith_builder.core.forms import BUNDLE_TYPE, BUNDLE_VERSION, MERGE_VERSION
from pith_builder.core.keys import PublicKey, Signer, signature_block
from pith_builder.core.merge import State
from pith_builder.core.number import PithNumber
from pith_builder.core.registry import Registry, bundle_links, primary_mirror_hint
from pith_builder.errors import MalformedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A signed bundle.

    Attributes:
        built_at: When it was built.
        signature: Its `bundle_signature`.
        document: Its canonical JSON, whole.
    """

    built_at: str
    signature: dict[str, JsonValue]
    document: bytes


def signed_bundle(  # noqa: PLR0913 - a bundle gathers all that is said of a record
    number: PithNumber,
    record: JsonValue,
    digest: RecordDigest,
    *,
    aliases: Iterable[SourceAlias],
    events: Sequence[Event],
    state: State,
    registry: Registry,
    signer: Signer,
    public_keys: Sequence[PublicKey],
    built_at: str,
    signed_at: str,
    timestamp_proofs: Sequence[JsonValue] = (),
    mirror_hints: Sequence[JsonValue] = (),
) -> Bundle:
    """Gather what is known of a record and sign it.

    Args:
        number: The record's name.
        record: The canonical record, as JSON value.
        digest: Its canonical digest.
        aliases: Its aliases, sorted by kind and value.
        events: Its events, valid or not, in the order they are listed in.
        state: The merge of those events.
        registry: Who builds the bundle.
        signer: The registry's key.
        public_keys: The keys that signed any of it.
        built_at: When, `YYYY-MM-DDTHH:MM:SSZ`.
        signed_at: When it is signed, in the form T6.
        timestamp_proofs: What its events show of proofs that it is as old as it says.
        mirror_hints: What its events show of mirrors beside the registry itself.
    """
    bundle: dict[str, JsonValue] = {
        "built_at": built_at,
        "bundle_type": BUNDLE_TYPE,
        "bundle_version": BUNDLE_VERSION,
        "canonical_record": record,
        "canonical_sha256": digest.hex(),
        "events": [Fragment(event.document) for event in events],
        "links": bundle_links(registry.base_url, number),
        "merge_version": MERGE_VERSION,
        "mirror_hints": [
            primary_mirror_hint(registry.base_url, registry.name, number),
            *mirror_hints,
        ],
        "pith_number": str(number),
        "public_keys": [key.to_json_object() for key in public_keys],
        "short_pith_number": number.short(),
        "source": record["source"],
        "source_aliases": [alias.to_json_object() for alias in aliases],
        "state": Fragment(state.document),
        "timestamp_proofs": Fragment(canonical_json(list(timestamp_proofs))),
    }
    content = dump_canonical(bundle)
    signature = _seal(content, signer, signed_at)
    # It is written once: only an instant stands before its signature.
    before, behind, rest = content.partition(b',"bundle_type":')
    written = dump_canonical(signature)
    document = b'%b,"bundle_signature":%b%b%b' % (before, written, behind, rest)
    return Bundle(built_at=built_at, signature=signature, document=document)


def sealed_anew(
    bundle: dict[str, JsonValue],
    *,
    signer: Signer,
    public_keys: Sequence[PublicKey],
    built_at: str,
    signed_at: str,
) -> Bundle:
    """Sign a bundle again that is right, with another key; what it says of its record stays.

    Args:
        bundle: The bundle, as JSON value.
        signer: The registry's key.
        public_keys: The keys that signed any of it, the signer's first.
        built_at: When, `YYYY-MM-DDTHH:MM:SSZ`.
        signed_at: When it is signed, in the form T6.
    """
    kept = {name: value for name, value in bundle.items() if name != "bundle_signature"}
    kept["built_at"] = built_at
    kept["public_keys"] = [key.to_json_object() for key in public_keys]
    signature = _seal(canonical_json(kept), signer, signed_at)
    document = canonical_json({**kept, "bundle_signature": signature})
    return Bundle(built_at=built_at, signature=signature, document=document)


def _seal(content: bytes, signer: Signer, signed_at: str) -> dict[str, JsonValue]:
    """Return the signature of a bundle, of which `content` is all the rest."""
    digest = BundleDigest(sha256(content))
    return {**signature_block(signer, digest, signed_at), "bundle_sha256": digest.hex()}


def bundle_digest(bundle: dict[str, JsonValue], write: Writer = canonical_json) -> BundleDigest:
    """Recompute the digest of a bundle without its signature.

    Raises:
        MalformedError: The bundle has no canonical JSON.
    """
    unsigned = {key: value for key, value in bundle.items() if key != "bundle_signature"}
    return BundleDigest(sha256(write(unsigned)))


def read_head(document: bytes) -> tuple[JsonValue, bytes]:
    """Read a bundle's canonical JSON as far as its state, which says again what stands before.

    What is read is returned, and its canonical JSON: all of the bundle, where an event has a field
    of that name.

    Raises:
        MalformedError: It is no JSON.
    """
    # In JSON these bytes are a field's name wherever they stand, and no object is whole without
    # what closes it: so what is cut at any but the bundle's own field cannot be read.
    end = document.find(b',"state":{"applied_event_ids":[')
    head = document if end < 0 else document[:end] + b"}"
    try:
        return load_canonical(head), head
    except MalformedError:
        return load_canonical(document), document
