"""Ed25519 by libsodium: a signer, and a keyring of trusted public keys (FORMAT.md 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError as SodiumRefusedError

from pith_builder.core.canonical import (
    BundleDigest,
    EventDigest,
    RecordDigest,
    SignableDigest,
)
from pith_builder.core.forms import RECORD_CREATED
from pith_builder.core.keys import (
    SIGNATURE_BYTES,
    BadSignatureError,
    PublicKey,
    Signature,
    TrustedKey,
    UnknownKeyError,
)
from pith_builder.errors import MalformedError

SEED_BYTES = 32


class Ed25519Signer:
    """A private key in memory. It is never shown: not by `repr`, not by pickling to a log."""

    __slots__ = ("_secret_key", "public_key")

    def __init__(
        self,
        key_id: str,
        seed: bytes,
        *,
        url: str | None = None,
        notes: str | None = None,
    ) -> None:
        """Derive the key pair from a seed of 32 bytes.

        Raises:
            MalformedError: The seed has another length.
        """
        if len(seed) != SEED_BYTES:
            raise MalformedError(f"an Ed25519 seed has 32 bytes, not {len(seed)}")
        raw, self._secret_key = crypto_sign_seed_keypair(seed)
        self.public_key = PublicKey(key_id=key_id, raw=raw, url=url, notes=notes)

    def __repr__(self) -> str:
        return f"Ed25519Signer(key_id={self.public_key.key_id!r})"

    def sign(self, digest: SignableDigest) -> bytes:
        """Return the 64 bytes of the signature over the 32 raw bytes of `digest`."""
        signed: bytes = crypto_sign(digest, self._secret_key)
        return signed[:SIGNATURE_BYTES]


class SignatureChecker:
    """Stands in for the signer that made signatures: asked to sign, it checks the one found.

    So what was minted can be minted again without the private key.
    """

    def __init__(self, public_key: PublicKey) -> None:
        """Take the key that is said to have signed."""
        self.public_key = public_key
        self._found: Iterator[bytes] = iter(())

    def expect(self, signatures: Iterable[bytes]) -> None:
        """Take the signatures found, each of 64 bytes, in the order they will be asked for."""
        self._found = iter(signatures)

    def sign(self, digest: SignableDigest) -> bytes:
        """Return the signature found, once it is shown to be one of `digest`.

        Raises:
            BadSignatureError: The key did not sign this digest.
        """
        signature = next(self._found)
        if len(signature) != SIGNATURE_BYTES:
            raise BadSignatureError(f"a signature of {len(signature)} bytes")
        _check(signature + digest, self.public_key, digest)
        return signature


def _check(signed: bytes, key: PublicKey, digest: SignableDigest) -> None:
    try:
        crypto_sign_open(signed, key.raw)
    except SodiumRefusedError as error:
        raise BadSignatureError(
            f"key {key.key_id!r} did not sign {digest.signed_message} {digest.hex()}"
        ) from error


class TrustedKeys:
    """The keys that a verifier trusts, by key id and fingerprint, and for what.

    Ruling: a key without `event_types` may sign anything. One that has them signs events of those
    types, receipts and bundles only where `record_created` is among them, and no manifest. Of a
    key that is named twice either trust is enough.
    """

    def __init__(self, keys: Iterable[PublicKey]) -> None:
        """Take the trusted keys."""
        self._keys: dict[tuple[str, str], PublicKey] = {}
        for key in keys:
            name = key.key_id, key.fingerprint
            self._keys[name] = _either(self._keys[name], key) if name in self._keys else key

    def __iter__(self) -> Iterator[PublicKey]:
        return iter(self._keys.values())

    def __len__(self) -> int:
        return len(self._keys)

    def verified(
        self, digest: SignableDigest, signature: Signature, event_type: str | None = None
    ) -> PublicKey:
        """Return the trusted key, once it is shown to have signed `digest`.

        The rule for edge cases (small-order points, non-canonical encodings, malleable S) is
        libsodium's.

        Raises:
            UnknownKeyError: No trusted key has this id and fingerprint, or the one that has them
                is not trusted for such a document.
            BadSignatureError: The key did not sign this digest.
        """
        key = self._keys.get((signature.key_id, signature.fingerprint))
        if key is None:
            is_named = any(known == signature.key_id for known, _ in self._keys)
            raise UnknownKeyError(
                f"no trusted key is named {signature.key_id!r} "
                f"with fingerprint {signature.fingerprint} (trust one with --trust FILE)",
                "public_key_fingerprint" if is_named else "key_id",
            )
        scope = _scope(key)
        if scope is not None and not _is_within(scope, digest, event_type):
            raise UnknownKeyError(
                f"key {signature.key_id!r} is trusted for {', '.join(sorted(scope))} alone, "
                f"not for {event_type or digest.signed_message}",
                "key_id",
            )
        _check(signature.value + digest, key, digest)
        return key

    def holds(self, key: PublicKey) -> bool:
        """Tell whether a key that a document names is trusted for anything it may sign."""
        known = self._keys.get((key.key_id, key.fingerprint))
        return known is not None and _scope(known) is None


def _scope(key: PublicKey) -> frozenset[str] | None:
    return key.event_types if isinstance(key, TrustedKey) else None


def _is_within(scope: frozenset[str], digest: SignableDigest, event_type: str | None) -> bool:
    if isinstance(digest, EventDigest):
        return event_type in scope
    return isinstance(digest, RecordDigest | BundleDigest) and RECORD_CREATED in scope


def _either(one: PublicKey, other: PublicKey) -> PublicKey:
    """Return one key that is trusted for what either is."""
    if not isinstance(one, TrustedKey) or one.event_types is None:
        return one
    if not isinstance(other, TrustedKey) or other.event_types is None:
        return other
    return replace(one, event_types=one.event_types | other.event_types)
