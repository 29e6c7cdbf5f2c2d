"""Public keys, signatures, and what it takes to make and to check one (FORMAT.md 5)."""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import ClassVar, Protocol

from pith_builder.core.canonical import JsonValue, SignableDigest, sha256
from pith_builder.core.instants import format_microseconds
from pith_builder.core.number import base32
from pith_builder.core.report import Code
from pith_builder.errors import MalformedError, VerificationError

ALGORITHM = "ed25519"
SIGNATURE_STATUS = "signed_v1"
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64


ONE_LINE = re.compile(r"[^\n]+")
BASE64_PATTERN = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)?")
SIGNATURE_PATTERN = re.compile(r"[A-Za-z0-9+/]{85}[AQgw]==")
ADDRESS = re.compile(r"https?://[!-~]+")


class KeyRefusedError(VerificationError):
    """A key is not trusted for what it is said to have signed.

    Attributes:
        code: Why, from the closed list of failures of documents.
        field: Which field of the signature names what is refused.
    """

    code: ClassVar[Code]

    def __init__(self, message: str, field: str) -> None:
        """Say what was found and what was wanted."""
        super().__init__(message)
        self.field = field


class UnknownKeyError(KeyRefusedError):
    """No trusted key has this id and fingerprint, or it is not trusted for such a document."""

    code = Code.UNKNOWN_KEY


class WrongSignerError(KeyRefusedError):
    """The key is not trusted to sign under this `signer_id`."""

    code = Code.SIGNER_MISMATCH


class RevokedKeyError(KeyRefusedError):
    """The signature was made when the key was revoked, or after."""

    code = Code.REVOKED_KEY


class KeyOutOfTimeError(KeyRefusedError):
    """The signature was made before the key was valid, or when another had taken its place."""

    code = Code.KEY_OUT_OF_TIME


class BadSignatureError(VerificationError):
    """The key did not make this signature of this digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """An Ed25519 public key and what its holder says of it.

    Attributes:
        key_id: The name its holder gives it.
        raw: The 32 bytes.
        rotates_at: When the holder will take another, or None.
        url: Where the holder publishes it, or None.
        notes: What the holder says of it, or None.
        fingerprint: The first 32 hexadecimal digits of the SHA-256 of the bytes.
        fingerprint_b32: The first 26 characters of base32 of that whole SHA-256.
    """

    key_id: str
    raw: bytes
    rotates_at: str | None = None
    url: str | None = None
    notes: str | None = None
    fingerprint: str = field(init=False)
    fingerprint_b32: str = field(init=False)

    def __post_init__(self) -> None:
        if len(self.raw) != PUBLIC_KEY_BYTES:
            raise MalformedError(f"an Ed25519 public key has 32 bytes, not {len(self.raw)}")
        if not self.key_id:
            raise MalformedError("the key id is empty")
        if not ONE_LINE.fullmatch(self.key_id):
            raise MalformedError(f"the key id {self.key_id!r} is more than one line")
        if self.url is not None and not ADDRESS.fullmatch(self.url):
            raise MalformedError(f"not an http or https address: {self.url!r}")
        whole = sha256(self.raw)
        object.__setattr__(self, "fingerprint", whole.hex()[:32])
        object.__setattr__(self, "fingerprint_b32", base32(whole)[:26])

    def to_json_object(self) -> dict[str, JsonValue]:
        """Return the public-key object."""
        return {
            "algorithm": ALGORITHM,
            "fingerprint_sha256_b32_first128bits": self.fingerprint_b32,
            "fingerprint_sha256_hex": self.fingerprint,
            "format": "raw",
            "key_id": self.key_id,
            "notes": self.notes,
            "public_key_b64": b64encode(self.raw).decode(),
            "public_key_hex": self.raw.hex(),
            "rotates_at": self.rotates_at,
            "url": self.url,
        }

    @classmethod
    def from_json_object(cls, value: JsonValue) -> PublicKey:
        """Read a public-key object, whose several forms of one key must agree.

        Raises:
            MalformedError: The value is no public-key object, or contradicts itself.
        """
        try:
            key = cls(
                key_id=value["key_id"],
                raw=bytes.fromhex(value["public_key_hex"]),
                rotates_at=value.get("rotates_at"),
                url=value.get("url"),
                notes=value.get("notes"),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MalformedError(f"not a public-key object: {error!r}") from error
        for name, said in (("notes", key.notes), ("rotates_at", key.rotates_at)):
            if not isinstance(said, str | None):
                raise MalformedError(f"{name} of key {key.key_id!r} is {said!r}, wanted text")
        for name, wanted in key.to_json_object().items():
            if name in value and value[name] != wanted:
                raise MalformedError(
                    f"the public key {key.key_id!r} contradicts itself: "
                    f"{name} is {value[name]!r}, by its public_key_hex it is {wanted!r}"
                )
        return key


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey(PublicKey):
    """A public key, what it is trusted for, and from when to when.

    Attributes:
        event_types: The types of events it may sign, or None: any, and any other document.
        signer_ids: The `signer_id`s it may sign events under, or None: any.
        valid_from: The first instant of its signatures, in the form T6, or None.
        revoked_at: The first instant at which it is no longer trusted, in the form T6, or None.
        revocation_reason: Why, or None.
    """

    event_types: frozenset[str] | None = None
    signer_ids: frozenset[str] | None = None
    valid_from: str | None = None
    revoked_at: str | None = None
    revocation_reason: str | None = None

    @classmethod
    def of(cls, key: PublicKey) -> TrustedKey:
        """Trust a key for everything, unless it says already what it is trusted for."""
        if isinstance(key, TrustedKey):
            return key
        return cls(
            key_id=key.key_id, raw=key.raw, rotates_at=key.rotates_at, url=key.url, notes=key.notes
        )

    def trust(self) -> dict[str, JsonValue]:
        """Return what a trusted-key file says beside the public-key object."""
        said = {
            "event_types": None if self.event_types is None else sorted(self.event_types),
            "revocation_reason": self.revocation_reason,
            "revoked_at": self.revoked_at,
            "signer_ids": None if self.signer_ids is None else sorted(self.signer_ids),
            "valid_from": self.valid_from,
        }
        return {name: value for name, value in said.items() if value is not None}

    @property
    def is_bounded(self) -> bool:
        """Whether there is a time at which it may not sign."""
        return any((self.valid_from, self.revoked_at, self.rotates_at))

    def check_time(self, made_at: str | None) -> None:
        """Refuse a signature made when the key was not, or no longer, to sign.

        Ruling: a key signs from `valid_from` on, until `rotates_at`, when its holder takes
        another, and until `revoked_at`; at that very instant it no longer does. `made_at` is in
        the form T6; a signature of no known time is out of any bound.

        Raises:
            RevokedKeyError: It was revoked by then.
            KeyOutOfTimeError: It was not valid yet, or another had taken its place.
        """
        said = made_at or "at no known time"
        if self.revoked_at is not None and (made_at is None or made_at >= self.revoked_at):
            why = f": {self.revocation_reason}" if self.revocation_reason else ""
            raise RevokedKeyError(
                f"key {self.key_id!r} signed {said}, and is revoked from {self.revoked_at}{why}",
                "key_id",
            )
        if self.valid_from is not None and (made_at is None or made_at < self.valid_from):
            raise KeyOutOfTimeError(
                f"key {self.key_id!r} signed {said}, and is valid from {self.valid_from}",
                "signed_at",
            )
        if self.rotates_at is not None and (
            made_at is None or made_at >= as_microseconds(self.rotates_at)
        ):
            raise KeyOutOfTimeError(
                f"key {self.key_id!r} signed {said}, and another took its place at "
                f"{self.rotates_at}",
                "signed_at",
            )


@lru_cache(maxsize=1 << 10)  # the documents of one run state few instants, some many times
def as_microseconds(instant: str) -> str:
    """Return an instant in any form that public keys and documents have, in the form T6.

    Raises:
        MalformedError: The text is no instant, or names no time zone.
    """
    try:
        found = datetime.fromisoformat(instant)
    except ValueError as error:
        raise MalformedError(f"no instant: {instant[:60]!r}") from error
    if found.tzinfo is None:
        raise MalformedError(f"the instant {instant!r} names no time zone")
    return format_microseconds(found.astimezone(UTC))


@dataclass(frozen=True, slots=True)
class Signature:
    """An Ed25519 signature, the name of the key that is said to have made it, and when.

    Attributes:
        key_id: The key's id.
        fingerprint: Its fingerprint.
        value: The 64 bytes.
        made_at: When it was made, in the form T6, or None where nothing says so.
    """

    key_id: str
    fingerprint: str
    value: bytes
    made_at: str | None = None

    def __post_init__(self) -> None:
        if len(self.value) != SIGNATURE_BYTES:
            raise MalformedError(f"an Ed25519 signature has 64 bytes, not {len(self.value)}")

    @classmethod
    def from_block(cls, block: JsonValue, stated_at: str | None = None) -> Signature:
        """Read the signature out of a receipt or a signature block of sound form.

        Ruling: no signature covers its own `signed_at`, which anyone can change; it covers the
        time at which the content says it was stated. So of the two the later counts. `stated_at`
        is that time, in whole seconds or in the form T6; a receipt's content has none.

        Raises:
            MalformedError: `signature_b64` is not standard base64 of 64 bytes.
        """
        made_at: str = block["signed_at"]
        if stated_at is not None:
            made_at = max(made_at, as_microseconds(stated_at))
        return cls(
            block["key_id"],
            block["public_key_fingerprint"],
            decode_base64(block["signature_b64"]),
            made_at,
        )


class Signer(Protocol):
    """Whatever holds a private key."""

    @property
    def public_key(self) -> PublicKey:
        """The public half of the key."""
        ...

    def sign(self, digest: SignableDigest) -> bytes:
        """Return the 64 bytes of an Ed25519 signature over the 32 bytes of `digest`."""
        ...


class Keyring(Protocol):
    """The keys a verifier trusts. Trust comes from here, never from a document."""

    def verified(
        self,
        digest: SignableDigest,
        signature: Signature,
        event_type: str | None = None,
        signer_id: str | None = None,
    ) -> PublicKey:
        """Return the trusted key, once it is shown to have signed `digest`.

        `event_type` and `signer_id` are those of the event that the digest is of, if it is of one.

        Raises:
            KeyRefusedError: No trusted key has this id and fingerprint, or the one that has them
                is not trusted for such a document, for this signer, or at that time.
            BadSignatureError: The key did not sign this digest.
        """
        ...


def signature_block(signer: Signer, digest: SignableDigest, signed_at: str) -> dict[str, JsonValue]:
    """Sign `digest` and return the block that events, bundles and manifests carry.

    `signed_at` is an instant in the form T6.
    """
    key = signer.public_key
    return {
        "algorithm": ALGORITHM,
        "key_id": key.key_id,
        "public_key_fingerprint": key.fingerprint,
        "signature_b64": b64encode(signer.sign(digest)).decode(),
        "signature_status": SIGNATURE_STATUS,
        "signed_at": signed_at,
        "signed_message": digest.signed_message,
    }


def decode_base64(text: str) -> bytes:
    """Decode standard base64 in its one canonical spelling.

    Raises:
        MalformedError: The text is not base64, or not as an encoder writes it.
    """
    try:
        data = a2b_base64(text, strict_mode=True)
    except (Base64Error, ValueError) as error:
        raise MalformedError(f"not standard base64: {text[:40]!r}") from error
    if b2a_base64(data, newline=False).decode() != text:
        raise MalformedError(f"not canonical base64: {text[:40]!r}")
    return data
