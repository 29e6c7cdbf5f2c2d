"""Worker processes: started from one clean server, which has read the program once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any


def process_pool(
    workers: int,
    program: str,
    initializer: Callable[..., None] | None = None,
    arguments: tuple[Any, ...] = (),
) -> ProcessPoolExecutor:
    """Return a pool of processes that have imported the module `program`.

    They are forked from a server that does nothing else, so that none inherits a thread, a lock
    or an open file of the process that asks for them.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([program])
    return ProcessPoolExecutor(workers, context, initializer, arguments)
