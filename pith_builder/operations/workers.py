"""Minting chunks with several processes, in the order of the input."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain

from pith_builder.lake.known import KnownRecords
from pith_builder.operations.chunks import Chunk, ChunkResult, Plan, discard, mint_chunk
from pith_builder.operations.processes import process_pool

_WAITING = 2
"""Chunks beside those in work: one that is brought to the disk, and one for who is ready."""

Submit = Callable[[Chunk, frozenset[bytes]], Callable[[], ChunkResult]]
"""Starts minting a chunk; what it returns waits for the result."""


def minted_in_order(plan: Plan, chunks: Iterator[Chunk], workers: int) -> Iterator[ChunkResult]:
    """Mint chunks and yield their results in the order of the input.

    What comes out is the same for any number of workers: a chunk's result depends on the chunk,
    the lake and what stands earlier in the input alone. Where a paper of one chunk stood in an
    earlier one, which a worker cannot know, the chunk is minted again without it.

    A failure of `chunks` is raised after the results of what precedes it.
    """
    first = next(chunks, None)
    if first is None:
        return
    second, failure = _peeked(chunks)
    everything = chain([first], [second] if second else [], _rest(chunks, failure))
    if workers == 1 or second is None:
        known = plan.known()
        yield from _in_order(plan, everything, 1, _here(plan, known))
        return
    with process_pool(workers, __name__, _start, (plan,)) as pool:
        yield from _in_order(plan, everything, workers + _WAITING, _in_pool(pool))


def _peeked(chunks: Iterator[Chunk]) -> tuple[Chunk | None, Exception | None]:
    """Look for another chunk; a failure must wait until what precedes it is minted."""
    try:
        return next(chunks, None), None
    except Exception as error:  # noqa: BLE001 - raised again by `_rest`
        return None, error


def _rest(chunks: Iterator[Chunk], failure: Exception | None) -> Iterator[Chunk]:
    if failure is not None:
        raise failure
    yield from chunks


def _here(plan: Plan, known: KnownRecords) -> Submit:
    def submit(chunk: Chunk, earlier: frozenset[bytes]) -> Callable[[], ChunkResult]:
        return lambda: mint_chunk(plan, known, chunk, earlier)

    return submit


def _in_pool(pool: ProcessPoolExecutor) -> Submit:
    def submit(chunk: Chunk, earlier: frozenset[bytes]) -> Callable[[], ChunkResult]:
        future: Future[ChunkResult] = pool.submit(_mint, chunk, earlier)
        return future.result

    return submit


def _in_order(
    plan: Plan, chunks: Iterator[Chunk], ahead: int, submit: Submit
) -> Iterator[ChunkResult]:
    minted = KnownRecords()
    running: deque[tuple[Chunk, Callable[[], ChunkResult]]] = deque()

    def finished() -> ChunkResult:
        chunk, wait = running.popleft()
        result = wait()
        earlier = minted.among(result.minted)
        if earlier:
            discard(plan, result)
            result = submit(chunk, earlier)()
        minted.add(result.minted)
        return result

    failure: Exception | None = None
    try:
        for chunk in chunks:
            running.append((chunk, submit(chunk, frozenset())))
            if len(running) >= ahead:
                yield finished()
    except Exception as error:  # noqa: BLE001 - raised again once what precedes it is yielded
        failure = error
    while running:
        try:
            result = finished()
        except Exception as error:  # noqa: BLE001 - one is raised again; the others have its reason
            failure = failure or error
        else:
            yield result
    if failure is not None:
        raise failure


_worker: tuple[Plan, KnownRecords] | None = None


def _start(plan: Plan) -> None:
    """Prepare a worker process: it reads the known records once."""
    global _worker  # noqa: PLW0603 - a process pool has no other place for what a worker keeps
    _worker = plan, plan.known()


def _mint(chunk: Chunk, earlier: frozenset[bytes]) -> ChunkResult:
    if _worker is None:
        raise RuntimeError("the worker was not started")
    plan, known = _worker
    return mint_chunk(plan, known, chunk, earlier)
