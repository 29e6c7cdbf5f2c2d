"""Verifying a document of any kind: every failure found, in one report (FORMAT.md 14)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from pith_builder.core.bundle_checks import bundle_failures, state_failures
from pith_builder.core.canonical import JsonValue, canonical_json, dump_canonical, parse_json
from pith_builder.core.event_checks import event_findings
from pith_builder.core.form import AnyObject, Form, Quick
from pith_builder.core.forms import BUNDLE, PUBLIC_KEY, RECORD_DOCUMENT, STATE
from pith_builder.core.inclusion import INCLUSION, inclusion_failures
from pith_builder.core.keys import Keyring
from pith_builder.core.manifest import MANIFEST
from pith_builder.core.manifest_checks import manifest_failures
from pith_builder.core.proof import PROOF, proof_failures
from pith_builder.core.record_document_checks import record_document_failures
from pith_builder.core.report import Code, Failure, Report
from pith_builder.core.sound import Sound, fingerprint_failures
from pith_builder.errors import MalformedError


def verify_bytes(data: bytes, keyring: Keyring) -> Report:
    """Verify the one document that `data` holds; never raises, whatever the bytes are."""
    try:
        value = parse_json(data)
    except MalformedError as error:
        return _not_json(error)
    return verify(value, keyring)


def verify_value(value: JsonValue, keyring: Keyring) -> Report:
    """Verify what a program made of a document; never raises, also where JSON cannot say it."""
    try:
        canonical_json(value)
    except MalformedError as error:
        return _not_json(error)
    return verify(value, keyring)


def _not_json(error: MalformedError) -> Report:
    return Report("unknown", "", (Failure("", Code.NOT_JSON, str(error)),))


def verify(document: JsonValue, keyring: Keyring) -> Report:
    """Verify a parsed document of any kind; the fields it has tell which kind it is.

    Trust comes from `keyring`; keys that the document carries prove its integrity at most.

    Raises:
        MalformedError: It holds what JSON cannot say, which no parser gives.
    """
    for kind in _KINDS:
        if isinstance(document, dict) and not kind.told_by.isdisjoint(document):
            if kind.is_sound(document):
                holds = Sound(document, (), dump_canonical)
            else:
                holds = Sound(document, tuple(kind.form.failures(document, "")))
            checked = tuple(kind.failures(holds, keyring))
            name = str(document.get(kind.named_by, ""))[:80]
            return Report(kind.name, name, (*holds.failures, *checked))
    message = f"not a Pith document: it has none of the fields {_TELLING}"
    return Report("unknown", "", (Failure("", Code.UNKNOWN_KIND, message),))


def _whole_event_failures(holds: Sound, keyring: Keyring) -> Iterator[Failure]:
    for _, failure in event_findings(holds.document, None, keyring):
        yield failure


def _public_key_failures(holds: Sound, keyring: Keyring) -> Iterator[Failure]:
    del keyring
    if holds.has(""):
        yield from fingerprint_failures(holds.document, "")


@dataclass(frozen=True, kw_only=True)
class _Kind:
    name: str
    told_by: frozenset[str]
    named_by: str
    form: Form
    failures: Callable[[Sound, Keyring], Iterator[Failure]]

    @cached_property
    def is_sound(self) -> Quick:
        """What tells quickly that a document is of the form; if not, the form must tell."""
        return self.form.quick()


_KINDS = (
    _Kind(
        name="bundle",
        told_by=frozenset({"bundle_type", "bundle_signature"}),
        named_by="pith_number",
        form=BUNDLE,
        failures=bundle_failures,
    ),
    _Kind(
        name="state",
        told_by=frozenset({"state_type", "state_sha256"}),
        named_by="pith_number",
        form=STATE,
        failures=state_failures,
    ),
    _Kind(
        name="record",
        told_by=frozenset({"record_type", "agent_actions"}),
        named_by="pith_number",
        form=RECORD_DOCUMENT,
        failures=record_document_failures,
    ),
    _Kind(
        name="event",
        told_by=frozenset({"event_type", "event_id"}),
        named_by="event_id",
        form=AnyObject(),
        failures=_whole_event_failures,
    ),
    _Kind(
        name="equivocation_proof",
        told_by=frozenset({"proof_type"}),
        named_by="pith_number",
        form=PROOF,
        failures=proof_failures,
    ),
    _Kind(
        name="inclusion_proof",
        told_by=frozenset({"inclusion_type", "inclusion_version"}),
        named_by="pith_number",
        form=INCLUSION,
        failures=inclusion_failures,
    ),
    _Kind(
        name="manifest",
        told_by=frozenset({"manifest_type", "manifest_signature"}),
        named_by="sequence",
        form=MANIFEST,
        failures=manifest_failures,
    ),
    _Kind(
        name="public_key",
        told_by=frozenset({"public_key_hex", "public_key_b64"}),
        named_by="key_id",
        form=PUBLIC_KEY,
        failures=_public_key_failures,
    ),
)
_TELLING = ", ".join(sorted(field for kind in _KINDS for field in kind.told_by))
