"""A reader at a terminal, in what looks like a fresh clone: runs the blocks of one page."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import tomllib
from contextlib import ExitStack

from click.testing import CliRunner

from pith_builder.cli import pith
from tests.arxiv_server.server import LoopbackArxiv
from tests.arxiv_server.store import Store
from tests.lakes import ROOT, SAMPLE, bare_environment
from tests.ports import held_port

WIDTH = 110
"""Columns of the reader's terminal."""

PORTS = ("4200", "8000", "8018")
"""Ports that the guides name; here the reader's own stand for them."""

STAYING = {
    "make loopback-arxiv": "PITH_API_URL=",
    "prefect server start": "API reference documentation",
    "prefect worker start": "started!",
    "pith serve": "serving ",
}
"""What goes on in a terminal of its own until the page's end, and what it says once it is up."""

START_SECONDS = 300
NOT_MADE = (
    "bench",
    "bench-merge",
    "check",
    "clean",
    "demo-wheel",
    "faults",
    "fuzz",
    "lint",
    "test",
)
"""Targets of the Makefile that are not made here: CI makes them, or a person with time."""

_INSTALL = re.compile(r"(?:\S*/)?pip install (.*)")
_MAKE = re.compile(r"make ([a-z-]+)\b")
_COLOUR = re.compile(r"\x1b\[\d*m")
_COMMENT = re.compile(r"(?:^|\s+)#\s.*$", re.MULTILINE)


class Reader:
    """One page's reader; leaving the page ends what goes on in other terminals."""

    def __init__(self, folder):
        """Make the clone in `folder`."""
        self.clone = folder / "pith-builder"
        self._held = ExitStack()
        self._ports = {port: str(self._held.enter_context(held_port())) for port in PORTS}
        self._arxiv = LoopbackArxiv(Store.read(SAMPLE))
        self._staying = []
        self._environment = folder / "environment"
        self.environment = {
            **{k: v for k, v in bare_environment().items() if not k.startswith("PREFECT_")},
            "COLUMNS": str(WIDTH),
            "HOME": str(folder),
            "NO_COLOR": "1",
            "PATH": f"{self.clone}/.venv/bin:{os.environ['PATH']}",
            "PITH_OAI_URL": self._arxiv.oai_url,
            "PITH_API_URL": self._arxiv.api_url,
            "PITH_PACE_FILE": str(folder / "pace"),
            "PITH_PACE_SECONDS": "0",
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_SERVER_API_PORT": self._ports["4200"],
            "PREFECT_SERVER_UI_ENABLED": "false",
        }
        self._make_clone()

    def _make_clone(self):
        """Link what is under version control; settings that name a port are copied."""
        (self.clone / "data").mkdir(parents=True)
        (self.clone / "data" / "sample").symlink_to(ROOT / "data" / "sample")
        (self.clone / ".venv").symlink_to(sys.prefix)
        for entry in ROOT.iterdir():
            if entry.name in ("Makefile", "pyproject.toml"):
                (self.clone / entry.name).write_text(self._ported(entry.read_text("utf-8")))
            elif entry.name != "data" and not entry.name.startswith("."):
                (self.clone / entry.name).symlink_to(entry)

    def __enter__(self):
        """Let arXiv be there."""
        self._arxiv.__enter__()
        return self

    def __exit__(self, *failure):
        """End what goes on, the last started first, as Ctrl-C would."""
        for process in reversed(self._staying):
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._arxiv.__exit__(*failure)
        self._held.close()

    def run(self, block):
        """Run a block, and return all that it printed.

        A block that is none of the known ones, or fails, is the page's fault: it raises.
        """
        if block.language == "diagram":
            return block.answer or ""
        if block.language == "python":
            return self._ended(("python", "-c", self._ported(block.body)))
        if block.language == "pycon":
            session = self.clone.with_name("session.txt")
            session.write_text(block.body, encoding="utf-8")
            return self._ended(("python", "-m", "doctest", str(session)))
        if block.language == "sql":
            return self._asked(block.body)
        assert block.language == "sh", f"no reader runs {block.language!r}:\n{block.body}"
        command = _plain(block.body)
        for start, is_up in STAYING.items():
            if re.search(rf"(?:^|[ /]){start}\b", command):
                return self._stay(command, is_up)
        return self._pasted(command)

    def _asked(self, query):
        """Return what `pith sql` answers, in this process: a page may ask thirty questions."""
        lake = self.clone / self.environment.get("PITH_LAKE", "data/lake")
        asked = ["sql", "-", "--lake", str(lake)]
        done = CliRunner().invoke(pith, asked, input=query, env={"COLUMNS": str(WIDTH)})
        assert done.exit_code == 0, f"{query}\n{done.output}\n{done.exception}"
        return self._as_printed(done.output)

    def _pasted(self, command):
        """Run lines in a shell; what they export is there for the next block."""
        lines = "\n".join(line for line in command.splitlines() if not _is_only_checked(line))
        made = "make --no-print-directory -o .venv/installed -o .venv/installed-dev"
        script = (
            f'set -eu\nmake() {{ command {made} "$@"; }}\n{lines}\n'
            f"env -0 > {shlex.quote(str(self._environment))}\n"
        )
        found = self._ended(("bash", "-c", self._ported(script)))
        said = self._environment.read_bytes().decode().split("\0")
        self.environment = dict(each.split("=", 1) for each in said if "=" in each)
        return found

    def _ended(self, command, given=""):
        """Run a process to its end; it must end well."""
        done = subprocess.run(  # noqa: S603 - our own pages
            command,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.clone,
            env={**self.environment, "PWD": str(self.clone)},
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"{command[-1]}\nexit code {done.returncode}:\n{done.stdout}"
        return self._as_printed(done.stdout)

    def _stay(self, command, is_up):
        """Start what does not end, and return what it says until it is up."""
        made = self._ported(command).replace("make ", "make -s -o .venv/installed ")
        log = self.clone.with_name(f"terminal-{len(self._staying)}")
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: S603 - our own pages
                ("/bin/bash", "-c", f"exec env {made}"),
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self.clone,
                env={**self.environment, "PWD": str(self.clone), "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )
        self._staying.append(process)
        deadline = time.monotonic() + START_SECONDS
        while not re.search(rf"{re.escape(is_up)}.*\n", said := log.read_text("utf-8")):
            assert process.poll() is None, f"{command} ended:\n{said}"
            assert time.monotonic() < deadline, f"{command} is not up:\n{said}"
            time.sleep(0.1)
        if url := re.search(r"http://127\.0\.0\.1:(\d+)", said):
            self._until_heard(process, int(url[1]), deadline)
        return self._as_printed(said)

    @staticmethod
    def _until_heard(process, port, deadline):
        """Wait until the process listens: Prefect says where before it does."""
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            assert process.poll() is None, f"what should listen on {port} ended"
            assert time.monotonic() < deadline, f"nothing listens on {port}"
            time.sleep(0.2)

    def _ported(self, text):
        for port, free in self._ports.items():
            text = re.sub(rf"(?<=[: =]){port}\b", free, text)
        return text

    def _as_printed(self, text):
        text = _COLOUR.sub("", text)
        for port, free in self._ports.items():
            text = text.replace(free, port)
        text = text.replace(str(self._arxiv.oai_url), "https://oaipmh.arxiv.org/oai")
        return text.replace(str(self.clone), "/home/you/pith-builder")


def _plain(command):
    """Return a command without the remarks beside it."""
    return _COMMENT.sub("", command).strip()


def _is_only_checked(line):
    """Tell whether a line is checked instead of run; it is refused where it is wrong."""
    if install := _INSTALL.fullmatch(line.strip()):
        check_install(install[1])
        return True
    if (made := _MAKE.match(line.strip())) and made[1] in NOT_MADE:
        assert re.search(rf"^{made[1]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
        return True
    return False


def check_install(arguments):
    """See that an installation names files and extras that there are."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]
    for argument in shlex.split(arguments):
        named = re.fullmatch(r"(?:\.|pith-builder)\[(.*)\]", argument)
        if named:
            assert set(named[1].split(",")) <= set(extras), arguments
        else:
            assert argument in ("-c", "-e", ".") or (ROOT / argument).is_file(), arguments
