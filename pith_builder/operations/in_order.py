"""Running tasks with several processes, their results in the order of the tasks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Protocol, TypeVar

from pith_builder.operations.processes import process_pool

Result = TypeVar("Result")


class Run(Protocol):
    """Runs tasks, and yields their results in the order of the tasks."""

    def __call__(self, tasks: Iterable[Callable[[], Result]]) -> Iterator[Result]:
        """Run them."""
        ...


@contextmanager
def running(workers: int, program: str = __name__) -> Iterator[Run]:
    """Give what runs tasks, which several processes must be able to be sent.

    They have read the module `program` when they start. Few tasks wait at a time, so that memory
    does not grow with their number. No process is started before there is a task for it.
    """
    if workers == 1:
        yield here
        return
    with process_pool(workers, program) as pool:

        def run(tasks: Iterable[Callable[[], Result]]) -> Iterator[Result]:
            waiting: deque[Future[Result]] = deque()
            for task in tasks:
                waiting.append(pool.submit(task))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

        yield run


def here(tasks: Iterable[Callable[[], Result]]) -> Iterator[Result]:
    """Run tasks in this process, each when its result is asked for."""
    return (task() for task in tasks)
