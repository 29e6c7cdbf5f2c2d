"""Running tasks with several processes, their results in the order of the tasks."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class Run(Protocol):
    """Runs tasks, and yields their results in the order of the tasks."""

    def __call__(self, tasks: Iterable[Callable[[], Result]]) -> Iterator[Result]:
        """Run them."""
        ...


@contextmanager
def running(workers: int) -> Iterator[Run]:
    """Give what runs tasks, which several processes must be able to be sent.

    Few tasks wait at a time, so that memory does not grow with their number.
    """
    if workers == 1:
        yield _here
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool:

        def run(tasks: Iterable[Callable[[], Result]]) -> Iterator[Result]:
            waiting: deque[Future[Result]] = deque()
            for task in tasks:
                waiting.append(pool.submit(task))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

        yield run


def _here(tasks: Iterable[Callable[[], Result]]) -> Iterator[Result]:
    return (task() for task in tasks)
