"""What the machine could do at best: PyNaCl signing or verifying on all cores, and nothing else."""

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair

SIGNATURES_A_PAPER = 4
"""Receipt, two events, bundle."""

TIMED_SECONDS = 1.0
DIGESTS = [number.to_bytes(32, "big") for number in range(256)]


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast all cores work together, and how much work of a core a paper is."""

    papers_a_second: float
    cpu_microseconds_a_paper: float


@contextmanager
def yardsticks():
    """Give a process to each core, to measure bounds with."""
    cores = len(os.sched_getaffinity(0))
    context = get_context("spawn")
    start = context.Barrier(cores)
    with context.Pool(cores, _take, (start,)) as pool:
        yield Yardsticks(pool, cores)


class Yardsticks:
    """The bounds of this machine, measured each time they are asked for."""

    def __init__(self, pool, cores):
        """Take a pool with a process for each core."""
        self.cores = cores
        self._pool = pool

    def signing(self):
        """Return the speed of making papers' signatures on all cores."""
        return self._speed(_signing)

    def verifying(self):
        """Return the speed of verifying papers' signatures on all cores."""
        return self._speed(_verifying)

    def _speed(self, bound):
        timed = self._pool.map(bound, range(self.cores), chunksize=1)
        steps = sum(steps for steps, _, _ in timed)
        return Speed(
            papers_a_second=sum(steps / seconds for steps, seconds, _ in timed)
            / SIGNATURES_A_PAPER,
            cpu_microseconds_a_paper=sum(cpu for *_, cpu in timed)
            / steps
            * SIGNATURES_A_PAPER
            * 1_000_000,
        )


def _take(start):
    """Keep the barrier: all cores begin at once."""
    global _START  # noqa: PLW0603 - a pool's processes can be given it in no other way
    _START = start


def _signing(_core):
    secret_key = crypto_sign_seed_keypair(bytes(32))[1]
    return _timed(lambda digest: crypto_sign(digest, secret_key), DIGESTS)


def _verifying(_core):
    public_key, secret_key = crypto_sign_seed_keypair(bytes(32))
    signed = [crypto_sign(digest, secret_key) for digest in DIGESTS]
    return _timed(lambda message: crypto_sign_open(message, public_key), signed)


def _timed(step, messages):
    """Return steps done, seconds and seconds of work, from when every core is ready."""
    _START.wait()
    started, worked, steps = time.perf_counter(), time.process_time(), 0
    while (seconds := time.perf_counter() - started) < TIMED_SECONDS:
        for message in messages:
            step(message)
        steps += len(messages)
    return steps, seconds, time.process_time() - worked
