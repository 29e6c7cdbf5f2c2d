"""Worker processes: started from one clean server, which has read the program once."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import BaseContext
from typing import Any

_LONGEST_FOLDER = 64
"""Characters: a socket's whole path may have 107, some 30 of them its own name."""


def process_pool(
    workers: int,
    program: str,
    initializer: Callable[..., None] | None = None,
    arguments: tuple[Any, ...] = (),
) -> ProcessPoolExecutor:
    """Return a pool of processes that have imported the module `program`.

    They are forked from a server that does nothing else, so that none inherits a thread, a lock
    or an open file of the process that asks for them. Where the folder for temporary files has
    too long a name for the server's socket, each process imports the program itself.
    """
    if len(tempfile.gettempdir()) > _LONGEST_FOLDER:
        context: BaseContext = multiprocessing.get_context("spawn")
    else:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([program])
    return ProcessPoolExecutor(workers, context, initializer, arguments)
