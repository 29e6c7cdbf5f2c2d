"""Importing: a mirror's tree (FORMAT.md 12), or published documents, into the lake as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from pith_builder.core.number import SUFFIX_LENGTH
from pith_builder.errors import UsageError
from pith_builder.operations.offers import Offer, OfferKind, Refused, read_offers

_DOCUMENTS = (".json", ".jsonl", ".ndjson")


def read_imports(sources: Sequence[Path], standard_input: BinaryIO) -> Iterator[Offer | Refused]:
    """Read every document of mirror trees, of folders of documents, and of files.

    Of a mirror's tree, which has a folder `pith`, each record's bundle is read, and the raw
    metadata beside it if there is any; where a record has no bundle, its record document is. What
    else a tree serves says the same again. Of any other folder every .json and .jsonl file is.

    Raises:
        UsageError: A file or folder cannot be read.
        SourceError: A packed file is truncated or damaged.
    """
    for source in sources:
        if str(source) == "-" or not source.is_dir():
            yield from read_offers([source], standard_input)
        elif (source / "pith").is_dir():
            yield from _mirrored(source / "pith", standard_input)
        else:
            files = [file for file in sorted(source.iterdir()) if file.suffix in _DOCUMENTS]
            if not files:
                raise UsageError(f"{source} is no mirror's tree, and holds no .json file")
            yield from read_offers(files, standard_input)


def _mirrored(tree: Path, standard_input: BinaryIO) -> Iterator[Offer | Refused]:
    for entry in os.scandir(tree):  # in no order, which the desk makes
        place = Path(entry.path)
        if place.is_dir() and (place / "bundle.json").exists():
            yield from _record(place, standard_input)
        elif (
            place.suffix == ".json"
            and len(place.stem) == SUFFIX_LENGTH
            and not (tree / place.stem / "bundle.json").exists()
        ):
            yield from read_offers([place], standard_input)


def _record(place: Path, standard_input: BinaryIO) -> Iterator[Offer | Refused]:
    number = ""
    for found in read_offers([place / "bundle.json"], standard_input):
        number = found.number or number
        yield found
    metadata = place / "metadata.json"
    if number and metadata.exists():
        yield Offer(
            number=number,
            kind=OfferKind.METADATA,
            source=str(metadata),
            line=0,
            document=metadata.read_bytes(),
        )
