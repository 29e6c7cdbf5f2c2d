"""What a verification found: every failure, with a stable code and the place of the field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pith_builder.core.canonical import JsonValue
from pith_builder.errors import VerificationError


class Code(StrEnum):
    """The closed list of failure codes of documents; they are part of the interface."""

    NOT_JSON = "not_json"
    TOO_LARGE = "too_large"
    UNKNOWN_KIND = "unknown_kind"
    MISSING_FIELD = "missing_field"
    UNKNOWN_FIELD = "unknown_field"
    WRONG_TYPE = "wrong_type"
    WRONG_VALUE = "wrong_value"
    CANONICAL_DIGEST_MISMATCH = "canonical_digest_mismatch"
    NUMBER_MISMATCH = "number_mismatch"
    UNKNOWN_KEY = "unknown_key"
    REVOKED_KEY = "revoked_key"
    KEY_OUT_OF_TIME = "key_out_of_time"
    BAD_SIGNATURE = "bad_signature"
    SIGNER_MISMATCH = "signer_mismatch"
    FINGERPRINT_MISMATCH = "fingerprint_mismatch"
    EVENT_DIGEST_MISMATCH = "event_digest_mismatch"
    INVALID_EVENT = "invalid_event"
    NO_RECORD_CREATED = "no_record_created"
    SNAPSHOT_DIGEST_MISMATCH = "snapshot_digest_mismatch"
    COUNT_MISMATCH = "count_mismatch"
    STATE_DIGEST_MISMATCH = "state_digest_mismatch"
    STATE_MISMATCH = "state_mismatch"
    BUNDLE_DIGEST_MISMATCH = "bundle_digest_mismatch"
    MANIFEST_DIGEST_MISMATCH = "manifest_digest_mismatch"
    NOT_INCLUDED = "not_included"
    ROOT_MISMATCH = "root_mismatch"
    ALIAS_MISMATCH = "alias_mismatch"
    DISAGREEMENT = "disagreement"
    LINK_MISMATCH = "link_mismatch"
    STATUS_MISMATCH = "status_mismatch"
    TIME_ORDER = "time_order"


@dataclass(frozen=True, slots=True, order=True)
class Failure:
    """One thing that does not hold.

    Attributes:
        path: The field, as an RFC 6901 JSON pointer; "" is the whole document.
        code: What kind of failure it is.
        message: What was found and what was wanted.
    """

    path: str
    code: Code
    message: str

    def to_json_object(self) -> dict[str, JsonValue]:
        """Return the failure for machines."""
        return {"code": str(self.code), "message": self.message, "path": self.path}


@dataclass(frozen=True, slots=True)
class Report:
    """The answer to "does this document hold?". One with failures is no pass.

    Attributes:
        kind: `bundle`, `state`, `record`, `event`, `equivocation_proof`, `inclusion_proof`,
            `public_key`, `manifest` or `unknown`.
        name: The Pith Number or other name that the document claims, or "".
        failures: Every failure found, in the order of FORMAT.md 14.
    """

    kind: str
    name: str
    failures: tuple[Failure, ...]

    def verified(self) -> str:
        """Return the document's name.

        Raises:
            VerificationError: There is a failure.
        """
        if self.failures:
            first = self.failures[0]
            raise VerificationError(
                f"{self.kind} {self.name}: {len(self.failures)} failures, the first at "
                f"{first.path or '/'}: {first.code}: {first.message}"
            )
        return self.name

    def to_json_object(self) -> dict[str, JsonValue]:
        """Return the report for machines."""
        return {
            "failures": [failure.to_json_object() for failure in self.failures],
            "kind": self.kind,
            "name": self.name,
            "ok": not self.failures,
        }


def pointer(*parts: str | int) -> str:
    """Return the JSON pointer (RFC 6901) through these keys and indexes.

    >>> pointer("events", 0, "a/b")
    '/events/0/a~1b'
    """
    found = ""
    for part in parts:
        text = str(part)
        if "~" in text or "/" in text:
            text = text.replace("~", "~0").replace("/", "~1")
        found += f"/{text}"
    return found


def differences(
    found: JsonValue, wanted: JsonValue, path: str, code: Code, meaning: str
) -> Iterator[Failure]:
    """Yield one failure for each smallest part in which `found` is not what is wanted.

    `meaning` says whence the wanted value follows.
    """
    if isinstance(found, dict) and isinstance(wanted, dict):
        for key in sorted(found.keys() | wanted.keys()):
            here = path + pointer(key)
            if key not in wanted:
                yield Failure(here, code, f"stands here, but not in {meaning}")
            elif key not in found:
                yield Failure(here, code, f"is missing, but stands in {meaning}")
            else:
                yield from differences(found[key], wanted[key], here, code, meaning)
    elif isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        for index, (left, right) in enumerate(zip(found, wanted, strict=True)):
            yield from differences(left, right, path + pointer(index), code, meaning)
    elif type(found) is not type(wanted) or found != wanted:
        yield Failure(path, code, f"found {shown(found)}, by {meaning} it is {shown(wanted)}")


def shown(value: JsonValue) -> str:
    """Return a value short enough for a message."""
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."
