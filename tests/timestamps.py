"""OpenTimestamps proofs for tests, made with the library that reads them."""

from opentimestamps.core import op
from opentimestamps.core.notary import BitcoinBlockHeaderAttestation, PendingAttestation
from opentimestamps.core.serialize import BytesSerializationContext
from opentimestamps.core.timestamp import DetachedTimestampFile, Timestamp


def stamped(digest, hashed_with="OpSHA256"):
    """Return a detached proof of a digest that ends in a block and in a calendar."""
    stamp = Timestamp(bytes(digest))
    leaf = stamp.ops.add(op.OpAppend(b"salt")).ops.add(op.OpSHA256())
    leaf.attestations.add(BitcoinBlockHeaderAttestation(358391))
    leaf.attestations.add(PendingAttestation("https://calendar.example"))
    context = BytesSerializationContext()
    DetachedTimestampFile(getattr(op, hashed_with)(), stamp).serialize(context)
    return context.getbytes()
