"""Pages of a mirror, made from the documents: nothing in them that the documents do not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from pith_builder.core.canonical import JsonValue

ASSETS = ("pith.css", "pith.js", "pith.svg")
"""The files that pages load, all of them from `assets/` of the mirror itself."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'"
)
"""What a page may load: its own style, script and picture, and nothing from anywhere else."""


@dataclass(frozen=True, slots=True)
class Page:
    """Where a page lies and who shows it.

    Attributes:
        registry: The registry's name for people.
        root: The way from the page to the mirror's root: "" or "../" as often as it takes.
    """

    registry: str
    root: str


def rendered(template: str, page: Page, shown: Mapping[str, Any]) -> bytes:
    """Return a page; all that is shown is escaped."""
    known = {"registry": page.registry, "root": page.root, "policy": CONTENT_SECURITY_POLICY}
    return _template(template).render(known, **shown).encode()


def asset(name: str) -> bytes:
    """Return one of `ASSETS`, or the report's style; a style stands on the ground of every page."""
    parts = ("ground.css", name) if name.endswith(".css") else (name,)
    place = files("pith_builder.pages") / "assets"
    return b"\n".join((place / part).read_bytes() for part in parts)


def problem_page(page: Page, problem: Mapping[str, JsonValue]) -> bytes:
    """Return a page that says what went wrong: `status`, `title`, `detail`, `candidates`."""
    candidates: Sequence[JsonValue] = problem.get("candidates", ())
    return rendered("problem.html", page, {**problem, "candidates": candidates})


@cache
def _template(name: str) -> Template:
    # Compiled once in a process: a mirror has a page for each record.
    return environment().get_template(name)


def environment() -> Environment:
    """Return what pages are made with: all is escaped, and what nobody said is an error."""
    return Environment(
        loader=PackageLoader("pith_builder.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
