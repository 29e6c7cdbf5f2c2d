"""OpenTimestamps proofs, read with the project's own library: the only home of opentimestamps."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from pith_builder.core.canonical import RecordDigest
from pith_builder.errors import MalformedError, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampProof:
    """What a detached timestamp says.

    Attributes:
        digest: The SHA-256 that it commits to.
        attestations: What its paths end in, sorted: blocks, or calendars that still owe one.
    """

    digest: RecordDigest
    attestations: tuple[str, ...]


def read_timestamp_proof(data: bytes) -> TimestampProof:
    """Read a detached `.ots` file.

    Every operation is computed while it is read, so that each attestation is of what follows from
    the digest. Whether a block says so too takes a Bitcoin node, and is not checked here.

    Raises:
        UsageError: The library is not installed.
        MalformedError: It is no such file, or commits to no SHA-256.
    """
    # Imported when it is asked for: it is optional, and it brings a cryptographic library along.
    try:
        from opentimestamps.core.notary import (  # noqa: PLC0415
            BitcoinBlockHeaderAttestation,
            PendingAttestation,
        )
        from opentimestamps.core.op import MsgValueError, OpSHA256  # noqa: PLC0415
        from opentimestamps.core.serialize import (  # noqa: PLC0415
            BytesDeserializationContext,
            DeserializationError,
        )
        from opentimestamps.core.timestamp import DetachedTimestampFile  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            "an OpenTimestamps proof is read with the library opentimestamps: "
            "pip install 'pith-builder[timestamps]'"
        ) from error
    if not data.startswith(DetachedTimestampFile.HEADER_MAGIC):
        said = f"it begins {data[:20]!r}" if data else "it is empty"
        raise MalformedError(
            f"not a detached OpenTimestamps proof: {said}; "
            "give the .ots file that `ots stamp` wrote"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PendingDeprecationWarning)  # of an operation in a proof
            detached = DetachedTimestampFile.deserialize(BytesDeserializationContext(data))
    except (DeserializationError, MsgValueError, ValueError) as error:
        raise MalformedError(
            f"not a detached OpenTimestamps proof: it begins as one, but is damaged or of another "
            f"version ({str(error)[:120]}); fetch it again, or stamp anew"
        ) from error
    if not isinstance(detached.file_hash_op, OpSHA256):
        raise MalformedError(
            f"the proof commits to a {detached.file_hash_op.TAG_NAME}, wanted a sha256: "
            "stamp what `pith show REF --as canonical` prints"
        )
    found = set()
    for _, attestation in detached.timestamp.all_attestations():
        if isinstance(attestation, BitcoinBlockHeaderAttestation):
            found.add(f"bitcoin block {attestation.height}")
        elif isinstance(attestation, PendingAttestation):
            found.add(f"pending at {attestation.uri}")
        else:
            found.add(f"unknown attestation {attestation.TAG.hex()}")
    return TimestampProof(
        digest=RecordDigest(detached.file_digest), attestations=tuple(sorted(found))
    )
