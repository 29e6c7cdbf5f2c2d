"""Worker processes: started from one clean server, which has read the program once."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from typing import Any

_LONGEST_FOLDER = 64
"""Characters: a socket's whole path may have 107, some 30 of them its own name."""

_TUNABLES = "GLIBC_TUNABLES"
_HUGE_PAGES = "glibc.malloc.hugetlb=1"
"""Has glibc ask Linux for huge pages (its manual, Memory Allocation Tunables); others pass it."""


def process_pool(
    workers: int,
    program: str,
    initializer: Callable[..., None] | None = None,
    arguments: tuple[Any, ...] = (),
) -> ProcessPoolExecutor:
    """Return a pool of processes that have imported the module `program`.

    They are forked from a server that does nothing else, so that none inherits a thread, a lock
    or an open file of the process that asks for them. Where the folder for temporary files has
    too long a name for the server's socket, each process imports the program itself. They end when
    the process that asked for them does, also if it was killed.
    """
    return ProcessPoolExecutor(workers, _context(program), _start, (initializer, arguments))


def begin_server(program: str, *, huge_pages: bool = False) -> None:
    """Let the server of `process_pool` read the program, while this process reads its own.

    For whoever will surely want a pool: the third of a second that it takes is not waited for.
    With `huge_pages` its processes ask for such: for those that hold many large documents it is a
    sixteenth less work. An operator's own tunables of glibc go before.
    """
    if _context(program).get_start_method() == "forkserver":
        with _tuned() if huge_pages else nullcontext():
            forkserver.ensure_running()


@contextmanager
def _tuned() -> Iterator[None]:
    """Have what is started meanwhile ask for huge pages, unless the operator tunes glibc."""
    if _TUNABLES in os.environ:
        yield
        return
    os.environ[_TUNABLES] = _HUGE_PAGES
    try:
        yield
    finally:
        del os.environ[_TUNABLES]


def _context(program: str) -> BaseContext:
    if len(tempfile.gettempdir()) > _LONGEST_FOLDER:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([program])
    return context


def _start(initializer: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    threading.Thread(target=_end_with_parent, name="end with parent", daemon=True).start()
    if initializer is not None:
        initializer(*arguments)


def _end_with_parent() -> None:
    """Wait for the parent's end; a worker would wait for its next task for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
