"""What sdist and wheel hold; `make demo-wheel` installs and runs them."""

import subprocess
import sys
import tarfile
import zipfile
from email.parser import BytesParser

import pytest

from tests.lakes import ROOT


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """An sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = (sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    return folder


@pytest.fixture(scope="module")
def wheel(dist):
    [place] = dist.glob("*.whl")
    with zipfile.ZipFile(place) as opened:
        yield opened


def files_of(*folders):
    """Return the files of the checkout below some folders, caches left out."""
    return {
        str(file.relative_to(ROOT))
        for folder in folders
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


def test_the_wheel_holds_the_package_with_all_its_data_and_nothing_else(wheel):
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert held == files_of("pith_builder") | {"pith_builder/constraints.txt"}
    assert "pith_builder/py.typed" in held
    assert "pith_builder/signing/pith-v1-2026-05.json" in held


def test_the_wheel_says_what_it_needs_and_what_it_runs(wheel):
    [place] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    said = BytesParser().parsebytes(wheel.read(place))
    entry_points = wheel.read(place.replace("METADATA", "entry_points.txt")).decode()

    assert said["Requires-Python"] == ">=3.11"
    assert set(said.get_all("Provides-Extra")) >= {"flows", "report", "serve", "timestamps"}
    assert "pith = pith_builder.cli:main" in entry_points
    assert wheel.read(place.replace("METADATA", "licenses/LICENSE"))


def test_the_sdist_holds_what_schedules_and_what_tests(dist):
    [place] = dist.glob("*.tar.gz")
    with tarfile.open(place) as opened:
        held = {name.partition("/")[2] for name in opened.getnames()}

    assert held >= files_of("flows", "pith_builder", "docs", "data/sample")
    assert held >= {"prefect.yaml", "constraints.txt", "Makefile", "tests/conftest.py"}
