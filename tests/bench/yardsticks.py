"""What the machine could do at best: PyNaCl signing or verifying on all cores, and nothing else."""

import os
import time
from contextlib import contextmanager
from multiprocessing import get_context

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair

SIGNATURES_A_PAPER = 4
"""Receipt, two events, bundle."""

TIMED_SECONDS = 1.0
DIGESTS = [number.to_bytes(32, "big") for number in range(256)]


@contextmanager
def yardsticks():
    """Give a process to each core, to measure bounds with."""
    cores = len(os.sched_getaffinity(0))
    context = get_context("spawn")
    start = context.Barrier(cores)
    with context.Pool(cores, _take, (start,)) as pool:
        yield Yardsticks(pool, cores)


class Yardsticks:
    """The bounds of this machine, in papers a second, each time it is asked anew."""

    def __init__(self, pool, cores):
        """Take a pool with a process for each core."""
        self.cores = cores
        self._pool = pool

    def signing(self):
        """Return how many papers' signatures all cores make in a second."""
        return self._papers_a_second(_signatures_a_second)

    def verifying(self):
        """Return how many papers' signatures all cores verify in a second."""
        return self._papers_a_second(_verifications_a_second)

    def _papers_a_second(self, bound):
        rates = self._pool.map(bound, range(self.cores), chunksize=1)
        return sum(rates) / SIGNATURES_A_PAPER


def _take(start):
    """Keep the barrier: all cores begin at once."""
    global _START  # noqa: PLW0603 - a pool's processes can be given it in no other way
    _START = start


def _signatures_a_second(_core):
    secret_key = crypto_sign_seed_keypair(bytes(32))[1]
    return _rate(lambda digest: crypto_sign(digest, secret_key), DIGESTS)


def _verifications_a_second(_core):
    public_key, secret_key = crypto_sign_seed_keypair(bytes(32))
    signed = [crypto_sign(digest, secret_key) for digest in DIGESTS]
    return _rate(lambda message: crypto_sign_open(message, public_key), signed)


def _rate(step, messages):
    """Return steps a second, from the instant that every core is ready."""
    _START.wait()
    started, steps = time.perf_counter(), 0
    while (seconds := time.perf_counter() - started) < TIMED_SECONDS:
        for message in messages:
            step(message)
        steps += len(messages)
    return steps / seconds
