import sys

import pytest

from tests.bench.processes import FailedError, checked, run

MEBIBYTE = 1 << 20

HOLDS = "held = bytearray({mebibytes} << 20); import time; time.sleep(0.6)"
"""Python that holds so much memory for a while."""

HAS_TWO = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {HOLDS.format(mebibytes=60)!r}])
{HOLDS.format(mebibytes=80)}
child.wait()
"""
"""Python that holds memory while a process of its own holds more."""


def python(text):
    return sys.executable, "-c", text


def test_seconds_and_output_are_told():
    done = run(python("import time; time.sleep(0.3); print('done')"))

    assert done.out == "done\n"
    assert 0.3 < done.seconds < 10


def test_the_work_of_all_processes_is_told_and_waiting_is_none():
    works = "sum(range(50_000_000))"
    has_two = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {works!r}]); {works}"

    waiting, one, two = (
        run(python(text)).cpu_seconds for text in ("import time; time.sleep(0.5)", works, has_two)
    )

    assert waiting < 0.3
    assert two > 1.5 * one > 0


def test_the_peak_is_of_all_processes():
    assert 140 * MEBIBYTE < run(python(HAS_TWO)).peak_bytes < 240 * MEBIBYTE


def test_no_setting_of_pith_comes_from_outside(monkeypatch):
    monkeypatch.setenv("PITH_LAKE", "elsewhere")
    shown = "import os; print(sorted(name for name in os.environ if name.startswith('PITH')))"

    assert run(python(shown), {"PITH_ATTEMPTS": "1"}).out == "['PITH_ATTEMPTS']\n"


def test_a_command_that_fails_says_why():
    with pytest.raises(FailedError, match="ended with 3: the reason"):
        checked(python("import sys; print('the reason', file=sys.stderr); sys.exit(3)"))
