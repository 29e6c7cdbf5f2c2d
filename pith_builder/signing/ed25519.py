"""Ed25519 by libsodium: a signer, and a keyring of trusted public keys (FORMAT.md 5)."""

from __future__ import annotations

import resource
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError as SodiumRefusedError

from pith_builder.core.canonical import (
    BundleDigest,
    EventDigest,
    JsonValue,
    RecordDigest,
    SignableDigest,
)
from pith_builder.core.forms import RECORD_CREATED
from pith_builder.core.keys import (
    SIGNATURE_BYTES,
    BadSignatureError,
    KeyRefusedError,
    PublicKey,
    Signature,
    TrustedKey,
    UnknownKeyError,
    WrongSignerError,
    as_microseconds,
)
from pith_builder.errors import MalformedError

SEED_BYTES = 32


class Ed25519Signer:
    """A private key in memory. It is never shown, and a process that holds it leaves no core dump.

    Worker processes are sent it through a pipe; whoever may read a process's memory may read it.
    """

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
        _leave_no_core_dump()
        raw, self._secret_key = crypto_sign_seed_keypair(seed)
        self.public_key = PublicKey(key_id=key_id, raw=raw, url=url, notes=notes)

    def __getstate__(self) -> tuple[bytes, PublicKey]:
        return self._secret_key, self.public_key

    def __setstate__(self, state: tuple[bytes, PublicKey]) -> None:
        _leave_no_core_dump()
        self._secret_key, self.public_key = state

    def __repr__(self) -> str:
        return f"Ed25519Signer(key_id={self.public_key.key_id!r})"

    def sign(self, digest: SignableDigest) -> bytes:
        """Return the 64 bytes of the signature over the 32 raw bytes of `digest`."""
        signed: bytes = crypto_sign(digest, self._secret_key)
        return signed[:SIGNATURE_BYTES]


def _leave_no_core_dump() -> None:
    """See to it that the system writes none of this process, whatever ends it."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))


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
    """The keys that a verifier trusts, by key id and fingerprint, for what and when.

    Ruling: a key without `event_types` may sign anything. One that has them signs events of those
    types, receipts and bundles only where `record_created` is among them, and no manifest. One with
    `signer_ids` signs events under those alone. Of a key that is named twice either trust is
    enough for what it may sign; but the narrower of two times holds, so that who is told of a
    revocation need not search for what was said before.
    """

    def __init__(self, keys: Iterable[PublicKey]) -> None:
        """Take the trusted keys.

        Raises:
            MalformedError: The `rotates_at` of one is no instant.
        """
        self._keys: dict[tuple[str, str], PublicKey] = {}
        self._trust: dict[tuple[str, str], TrustedKey] = {}
        for key in keys:
            name = key.key_id, key.fingerprint
            self._keys[name] = _both(self._keys[name], key) if name in self._keys else key
            self._trust[name] = TrustedKey.of(self._keys[name])
            if key.rotates_at is not None:
                as_microseconds(key.rotates_at)

    def __iter__(self) -> Iterator[PublicKey]:
        return iter(self._keys.values())

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def by_name(self) -> Mapping[tuple[str, str], PublicKey]:
        """The keys by id and fingerprint."""
        return self._keys

    def verified(
        self,
        digest: SignableDigest,
        signature: Signature,
        event_type: str | None = None,
        signer_id: str | None = None,
    ) -> PublicKey:
        """Return the trusted key, once it is shown to have signed `digest`.

        The rule for edge cases (small-order points, non-canonical encodings, malleable S) is
        libsodium's.

        Raises:
            KeyRefusedError: No trusted key has this id and fingerprint, or the one that has them
                is not trusted for such a document, for this signer, or at that time.
            BadSignatureError: The key did not sign this digest.
        """
        name = signature.key_id, signature.fingerprint
        key = self._named(*name)
        scope, signers = key.event_types, key.signer_ids
        if scope is not None and not _is_within(scope, digest, event_type):
            raise UnknownKeyError(
                f"key {signature.key_id!r} is trusted for {', '.join(sorted(scope))} alone, "
                f"not for {event_type or digest.signed_message}",
                "key_id",
            )
        if signers is not None and signer_id is not None and signer_id not in signers:
            raise WrongSignerError(
                f"key {signature.key_id!r} is trusted to sign as {', '.join(sorted(signers))} "
                f"alone, not as {signer_id}",
                "key_id",
            )
        key.check_time(signature.made_at)
        _check(signature.value + digest, key, digest)
        return self._keys[name]

    def check_time(self, block: dict[str, JsonValue], stated_at: str) -> None:
        """Refuse what a key did not sign in its time; whether it signed is not looked at.

        Args:
            block: The signature block.
            stated_at: When the content that it signs says it was stated.

        Raises:
            KeyRefusedError: No trusted key has this id and fingerprint, or not at that time.
        """
        key = self._named(block["key_id"], block["public_key_fingerprint"])
        if key.is_bounded:
            key.check_time(Signature.from_block(block, stated_at).made_at)

    def _named(self, key_id: str, fingerprint: str) -> TrustedKey:
        key = self._trust.get((key_id, fingerprint))
        if key is None:
            is_named = any(known == key_id for known, _ in self._keys)
            raise UnknownKeyError(
                f"no trusted key is named {key_id!r} with fingerprint {fingerprint} "
                "(trust one with --trust FILE)",
                "public_key_fingerprint" if is_named else "key_id",
            )
        return key

    def holds(self, key: PublicKey, signer_id: str, at: str) -> bool:
        """Tell whether a key that a document names may sign anything as `signer_id`, at that time.

        `at` is in the form T6.
        """
        known = self._trust.get((key.key_id, key.fingerprint))
        if known is None or known.event_types is not None:
            return False
        if known.signer_ids is not None and signer_id not in known.signer_ids:
            return False
        try:
            known.check_time(at)
        except KeyRefusedError:
            return False
        return True


def _is_within(scope: frozenset[str], digest: SignableDigest, event_type: str | None) -> bool:
    if isinstance(digest, EventDigest):
        return event_type in scope
    return isinstance(digest, RecordDigest | BundleDigest) and RECORD_CREATED in scope


def _both(one: PublicKey, other: PublicKey) -> PublicKey:
    """Return one key that may sign what either may, while both may."""
    if one == other:
        return one
    first, second = TrustedKey.of(one), TrustedKey.of(other)
    revoked = min(
        (key for key in (first, second) if key.revoked_at is not None),
        key=lambda key: key.revoked_at or "",
        default=first,
    )
    rotations = [key.rotates_at for key in (first, second) if key.rotates_at is not None]
    return replace(
        first,
        rotates_at=min(rotations, key=as_microseconds, default=None),
        event_types=_union(first.event_types, second.event_types),
        signer_ids=_union(first.signer_ids, second.signer_ids),
        valid_from=max(filter(None, (first.valid_from, second.valid_from)), default=None),
        revoked_at=revoked.revoked_at,
        revocation_reason=revoked.revocation_reason,
    )


def _union(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return None if one is None or other is None else one | other
