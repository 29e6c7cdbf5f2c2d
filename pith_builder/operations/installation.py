"""What is installed: versions of the formats and of the libraries, and those known to work."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.resources import files
from pathlib import Path

DISTRIBUTION = "pith-builder"
PYTHONS = ("3.11", "3.12", "3.13")
"""Versions of Python that CI and people run this on."""

NOT_FOR_USERS = ("bench", "dev", "fuzz")
"""Extras of those who change this package."""

_EXTRA = re.compile(r"extra == ['\"](\w+)['\"]")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_CONSTRAINTS = "constraints.txt"


def builder_version() -> str:
    """Return the version of this package."""
    return version(DISTRIBUTION)


def formats() -> dict[str, str]:
    """Return the version of each format that this builder writes."""
    # Imported when it is asked for: only `pith --version` does.
    from pith_builder.core.forms import (  # noqa: PLC0415
        BUNDLE_VERSION,
        MERGE_VERSION,
        STATE_VERSION,
    )
    from pith_builder.core.manifest import MANIFEST_VERSION  # noqa: PLC0415
    from pith_builder.core.receipt import RECEIPT_VERSION  # noqa: PLC0415
    from pith_builder.core.record import SCHEMA_VERSION  # noqa: PLC0415

    return {
        "record": SCHEMA_VERSION,
        "receipt": RECEIPT_VERSION,
        "bundle": BUNDLE_VERSION,
        "state": STATE_VERSION,
        "merge": MERGE_VERSION,
        "lake": MANIFEST_VERSION,
    }


def python_version() -> str:
    """Return the version of Python that runs."""
    return platform.python_version()


def libraries() -> dict[str, str | None]:
    """Return the version of each library that users want, None where it is missing.

    Those of extras are there only if they are installed: nobody needs all of them.
    """
    found: dict[str, str | None] = {}
    for wanted in requires(DISTRIBUTION) or ():
        name, extra = _NAME.match(wanted), _EXTRA.search(wanted)
        if name is None or (extra is not None and extra[1] in NOT_FOR_USERS):
            continue
        installed = _version(name[0])
        if installed is not None or extra is None:
            found[name[0]] = installed
    return found


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def known_to_work() -> Mapping[str, str]:
    """Return the versions of `constraints.txt`, which the wheel holds and the checkout."""
    packed = files("pith_builder") / _CONSTRAINTS
    beside = Path(str(files("pith_builder"))).parent / _CONSTRAINTS
    place = packed if packed.is_file() else beside
    lines = place.read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if "==" in line)
    return {name.strip().lower(): pinned.strip() for name, pinned in pairs}
