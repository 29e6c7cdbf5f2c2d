"""What a run came to, in words: Markdown for people. Nothing here knows Prefect."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pith_builder.operations.transaction import BuildResult

LONGEST_TEXT = 500
"""Characters of a message: a source's own words can be a whole page."""

_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&])")


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a run: a window, a snapshot, a plan.

    Attributes:
        name: What it was.
        seconds: How long it took, waits and retries left out.
        result: What it minted, if that is what it does.
    """

    name: str
    seconds: float
    result: BuildResult | None = None


@dataclass(slots=True)
class Report:
    """What a run came to, also if it failed midway.

    Attributes:
        title: What ran.
        stages: Its steps so far.
        notes: What else there is to say, one line each.
        failure: Why it stopped, or "".
    """

    title: str
    stages: list[Stage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failure: str = ""

    @property
    def results(self) -> list[BuildResult]:
        """What the steps minted."""
        return [stage.result for stage in self.stages if stage.result is not None]

    @property
    def build_ids(self) -> list[str]:
        """The builds that the lake holds of this run."""
        return [result.build_id for result in self.results if result.committed]

    def summary(self) -> str:
        """Return the counts of all steps in one line."""
        results = self.results
        seen, minted, unchanged, rejected = (
            sum(getattr(result, name) for result in results)
            for name in ("seen", "minted", "unchanged", "rejected")
        )
        return (
            f"{seen} papers seen: {minted} minted, {unchanged} unchanged, {rejected} rejected; "
            f"{len(self.build_ids)} commits"
        )

    def markdown(self) -> str:
        """Return the report as Markdown."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield f"# {escaped(self.title)}"
        if self.failure:
            yield f"\n**Failed:** {escaped(self.failure)}"
        if self.results:
            yield f"\n{self.summary()}"
            heads = ("Window", "Seen", "Minted", "Unchanged", "Rejected", "Manifest")
            yield from markdown_table("What was read", heads, map(_counts, self._minting()))
            yield from _counted("Rejects by reason", "Reason", "rejected_by_reason", self.results)
            yield from _counted(
                "New records by category", "Primary category", "minted_by_category", self.results
            )
        for note in self.notes:
            yield f"\n{escaped(note)}"
        times = [(stage.name, f"{stage.seconds:.1f}") for stage in self.stages]
        yield from markdown_table("Time", ("Stage", "Seconds"), times)

    def _minting(self) -> Iterator[tuple[str, BuildResult]]:
        for stage in self.stages:
            if stage.result is not None:
                yield stage.name, stage.result


def escaped(text: str) -> str:
    """Return a text for Markdown, where it stands for itself: on one line, no markup, not endless.

    A source's own words are among it, and must not become a picture or a link.
    """
    return _MARKUP.sub(r"\\\1", shortened(text))


def shortened(text: str) -> str:
    """Return a text on one line, its end left out if it is long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_TEXT else f"{line[:LONGEST_TEXT]} …"


def _counts(named: tuple[str, BuildResult]) -> tuple[object, ...]:
    name, result = named
    manifest = result.sequence if result.committed else "nothing new"
    return name, result.seen, result.minted, result.unchanged, result.rejected, manifest


def _counted(
    title: str, what: str, attribute: str, results: Iterable[BuildResult]
) -> Iterator[str]:
    total: Counter[str] = Counter()
    for result in results:
        total.update(getattr(result, attribute))
    ordered = sorted(total.items(), key=lambda entry: (-entry[1], entry[0]))
    yield from markdown_table(title, (what, "Records"), ordered)


def markdown_table(
    title: str, heads: Sequence[str], rows: Iterable[Sequence[object]]
) -> Iterator[str]:
    """Yield a heading and a table, or nothing where there are no rows."""
    listed = list(rows)
    if not listed:
        return
    yield f"\n## {title}\n"
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in listed:
        yield f"| {' | '.join(escaped(str(cell)) for cell in row)} |"
