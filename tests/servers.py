"""Running `pith serve` on loopback, in a process of its own."""

import json
import signal
import subprocess
from contextlib import contextmanager

from tests.lakes import PITH, bare_environment


@contextmanager
def served(lake, *options, **settings):
    """Serve a lake on a free port; give its URL and its process, and end it."""
    command = [*PITH, "serve", "--port", "0", "--json", "--lake", str(lake), *options]
    process = subprocess.Popen(  # noqa: S603 - our own command
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=bare_environment(**settings),
    )
    with process:
        try:
            said = ""
            while not said.rstrip().endswith("}"):
                line = process.stdout.readline()
                assert line, process.stderr.read()
                said += line
            yield json.loads(said)["url"], process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)
