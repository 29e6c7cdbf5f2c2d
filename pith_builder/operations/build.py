"""Building: from a snapshot's lines to a committed lake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

from pith_builder.core.lineage import COMPLETE
from pith_builder.errors import SourceError
from pith_builder.operations.chunks import snapshot_chunks
from pith_builder.operations.run_facts import files_read
from pith_builder.operations.transaction import BuildResult, Progress, Target, transaction
from pith_builder.sources.lines import Lines, blocks


def build(
    target: Target,
    sources: Sequence[Path],
    standard_input: BinaryIO,
    progress: Progress = lambda _: None,
) -> BuildResult:
    """Mint every paper of snapshot files, `-` being standard input, that the lake has no record of.

    It is one commit; where nothing is new, none. Where a source fails midway, what was sound is
    committed first.

    Raises:
        SourceError: A source is not what it says; the lake holds what was sound.
        LakeBusyError: Another process is writing to the lake.
        StorageError: The disk is full, or the folder takes no files.
        VerificationError: The lake is damaged.
    """
    with transaction(target, "build") as opened, ThreadPoolExecutor(1) as beside:
        inputs = beside.submit(files_read, sources)
        failure: SourceError | None = None
        try:
            opened.mint(snapshot_chunks(_lines(sources, standard_input)), progress)
        except SourceError as error:
            failure = error
        outcome = COMPLETE if failure is None else str(failure)
        result = opened.commit(inputs.result(), outcome)
    if failure is not None:
        raise SourceError(
            f"{failure} (before it: {result.seen} seen, {result.minted} minted, "
            f"{result.unchanged} unchanged, {result.rejected} rejected)"
        ) from failure
    return result


def _lines(sources: Sequence[Path], standard_input: BinaryIO) -> Iterator[Lines]:
    for source in sources:
        yield from blocks(source, standard_input)
