"""What the machine could do at best: signing and verifying on all cores, and nothing else."""

import time
from multiprocessing import get_context

from pith_builder.core.canonical import RecordDigest
from pith_builder.core.keys import Signature
from pith_builder.signing.ed25519 import Ed25519Signer, TrustedKeys

TRIED = 4_000


def signing_bound(_worker):
    """Return signatures a second, and nothing else done."""
    signer = Ed25519Signer("bench", bytes(32))
    digest = RecordDigest(bytes(32))
    started = time.perf_counter()
    for _ in range(TRIED):
        signer.sign(digest)
    return TRIED / (time.perf_counter() - started)


def verifying_bound(_worker):
    """Return verifications a second, and nothing else done."""
    signer = Ed25519Signer("bench", bytes(32))
    digest = RecordDigest(bytes(32))
    key = signer.public_key
    signature = Signature(key.key_id, key.fingerprint, signer.sign(digest))
    keyring = TrustedKeys([key])
    started = time.perf_counter()
    for _ in range(TRIED):
        keyring.verified(digest, signature)
    return TRIED / (time.perf_counter() - started)


def on_all_cores(bound, cores):
    with get_context("spawn").Pool(cores) as pool:
        return sum(pool.map(bound, range(cores)))
