"""`pith` in processes of its own that find the program read: each is forked from one that has it.

To start Python and read the program takes a third of a second of a core, which a thousand calls
would pay each. The server here pays it once and does nothing else; what it forks is a whole
process, with arguments, folder, environment, standard streams and an end of its own. `pith` is
started from cold where the guides are run, and wherever a test names `PITH`.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]


class Forked:
    """A process of `pith`, with what the tests use of `subprocess.Popen`.

    Attributes:
        returncode: How it ended; None until `poll` or `wait` finds that it has.
        out: What it wrote on standard output, once it has ended.
        err: What it wrote on standard error, once it has ended.
    """

    def __init__(self, arguments, env, stdin=b"", cwd=None):
        """Start it."""
        self.returncode = self.out = self.err = None
        call = {"arguments": [str(each) for each in arguments], "environment": env}
        given = (json.dumps({**call, "folder": str(cwd or Path.cwd())}).encode(), stdin, b"", b"")
        self._call, self._in, self._out, self._err = files = [_file_of(data) for data in given]
        self._told, teller = socket.socketpair(type=socket.SOCK_SEQPACKET)
        socket.send_fds(_server(), [b"1"], [each.fileno() for each in (teller, *files)])
        teller.close()
        self.pid = _number(self._told.recv(8))

    def poll(self):
        """Return how it ended, or None while it goes on."""
        if self.returncode is None:
            with suppress(BlockingIOError):
                self._end(self._told.recv(8, socket.MSG_DONTWAIT))
        return self.returncode

    def wait(self, seconds=120):
        """Return how it ends; after so many seconds it is killed."""
        if self.returncode is None:
            self._told.settimeout(seconds)
            try:
                self._end(self._told.recv(8))
            except TimeoutError:
                self.send_signal(signal.SIGKILL)
                raise
        return self.returncode

    def send_signal(self, number):
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def _end(self, said):
        self.returncode = os.waitstatus_to_exitcode(_number(said))
        self.out, self.err = (_from_the_start(each) for each in (self._out, self._err))
        for each in (self._told, self._call, self._in, self._out, self._err):
            each.close()


def _file_of(data):
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process has ended
    file.write(data)
    file.seek(0)
    return file


def _from_the_start(file):
    file.seek(0)
    return file.read()


def _bytes(number):
    return number.to_bytes(8, "big")


def _number(data):
    return int.from_bytes(data, "big")


# --- The server ---------------------------------------------------------------------------------


@cache
def _server():
    """Start this process's server, and return the socket on which it is called."""
    calls, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
    with theirs:
        server = subprocess.Popen(  # noqa: S603 - our own module
            (sys.executable, "-m", "tests.forks", str(theirs.fileno())),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            cwd=ROOT,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )

    def end():
        calls.close()
        server.wait()

    atexit.register(end)
    return calls


def served(calls):
    """Fork a process for each call, and return in it; the server ends with its caller."""
    while called := socket.recv_fds(calls, 1, 5)[1]:
        teller, *files = called
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass  # a keeper has ended
        if os.fork() == 0:
            calls.close()
            if (pid := os.fork()) == 0:
                os.close(teller)
                return files
            _keep(pid, socket.socket(fileno=teller), files)
        for each in (teller, *files):
            os.close(each)
    os._exit(0)


def _keep(pid, teller, files):
    """Tell who was forked, and how it ended."""
    for each in files:
        os.close(each)
    with suppress(BrokenPipeError):  # the caller may have ended meanwhile
        teller.send(_bytes(pid))
        teller.send(_bytes(os.waitpid(pid, 0)[1]))
    os._exit(0)


def run(files):
    """Be the `pith` that was called."""
    from pith_builder import cli  # noqa: PLC0415 - the caller need not read it

    with open(files[0], "rb") as file:  # noqa: PTH123 - it has no name
        call = json.load(file)
    for stream, each in enumerate(files[1:]):
        os.dup2(each, stream)
        os.close(each)
    os.chdir(call["folder"])
    os.environ.clear()
    os.environ.update(call["environment"])
    time.tzset()
    tempfile.tempdir = None
    sys.argv = [cli.__file__, *call["arguments"]]
    sys.modules["__main__"] = cli
    try:
        cli.main()
    except SystemExit as end:
        # What was read is not torn down piece by piece: that would take longer than many a call.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        os._exit(end.code)


def main(number):
    """Read the program, then wait for calls until the caller has ended."""
    import pith_builder  # noqa: PLC0415 - the caller need not read it

    for module in pkgutil.walk_packages(pith_builder.__path__, "pith_builder."):
        with suppress(ImportError):  # an extra that is not there
            importlib.import_module(module.name)
    gc.freeze()  # what was read stays as it is, in memory that all share
    run(served(socket.socket(fileno=number)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
