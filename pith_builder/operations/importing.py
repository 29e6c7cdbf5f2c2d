"""Importing a release dump, a mirror's tree (FORMAT.md 12), or published documents, as they are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from pith_builder.core.canonical import canonical_json
from pith_builder.core.keys import PublicKey
from pith_builder.core.number import SUFFIX_LENGTH
from pith_builder.errors import UsageError, VerificationError
from pith_builder.lake.holdings import read_shelf, shelves
from pith_builder.lake.store import CURRENT, open_lake
from pith_builder.operations.audit import audit
from pith_builder.operations.offers import (
    Offer,
    OfferKind,
    Refused,
    read_in_stretches,
    read_offers,
)
from pith_builder.sources.lines import PlacedBlock

_DOCUMENTS = (".json", ".jsonl", ".ndjson")


def read_imports(
    sources: Sequence[Path], standard_input: BinaryIO, trusted: Iterable[PublicKey]
) -> Iterator[Offer | PlacedBlock | Refused]:
    """Read every document of dumps, of mirror trees, of folders of documents, and of files.

    Of a dump, or any other lake, its manifest, files and content roots are verified first: so
    that none of its records is missing, and the raw metadata, which no document carries, is what
    its signer stated.
    Of a mirror's tree, which has a folder `pith`, each record's bundle is read, and the raw
    metadata beside it if there is any; where a record has no bundle, its record document is. What
    else a tree serves says the same again. Of any other folder every .json and .jsonl file is.

    Raises:
        UsageError: A file or folder cannot be read.
        SourceError: A packed file is truncated or damaged.
        VerificationError: A dump is not what a trusted key signed.
    """
    keys = [*trusted]
    for source in sources:
        if str(source) == "-" or not source.is_dir():
            yield from read_in_stretches([source], standard_input)
        elif (source / CURRENT).exists():
            yield from _held(source, keys)
        elif (source / "pith").is_dir():
            yield from _mirrored(source / "pith", standard_input)
        else:
            files = [file for file in sorted(source.iterdir()) if file.suffix in _DOCUMENTS]
            if not files:
                raise UsageError(f"{source} is no mirror's tree, and holds no .json file")
            yield from read_in_stretches(files, standard_input)


def _held(lake: Path, trusted: Sequence[PublicKey]) -> Iterator[Offer]:
    """Read all records of a lake."""
    report = audit(lake, trusted, roots_only=True)
    if report.findings:
        found = report.findings[0]
        raise VerificationError(
            f"{lake} does not hold: {found.place}: {found.message}; run `pith audit {lake}`"
        )
    opened = open_lake(lake)
    for shelf in shelves(opened):
        for holding in read_shelf(opened, shelf):
            documents = (
                (OfferKind.BUNDLE, holding.bundle),
                (OfferKind.METADATA, canonical_json(holding.metadata)),
            )
            for kind, document in documents:
                yield Offer(
                    number=holding.pith_number,
                    kind=kind,
                    source=str(lake),
                    line=0,
                    document=document,
                )


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
