"""Makers of what others publish: bundles of another registry, mirrors, and events to offer."""

import json
from datetime import timedelta

from pith_builder.core.canonical import canonical_json
from pith_builder.core.registry import Registry
from pith_builder.lake.parts import day_of, instant_of
from pith_builder.lake.raw_metadata import RAW_COLUMNS
from pith_builder.operations.importing import read_imports
from pith_builder.operations.offers import read_in_stretches
from pith_builder.operations.run_facts import files_read
from pith_builder.operations.taking_in import take_in
from pith_builder.operations.transaction import Target
from pith_builder.signing.ed25519 import TrustedKeys
from tests.lakes import rows
from tests.makers import (
    KEYRING,
    NOW,
    OTHER_SIGNER,
    PUBLISHED_KEY,
    REGISTRY,
    SIGNER,
    mint_one,
    paper,
)

OTHER_REGISTRY = Registry(
    signer_id="other.example",
    name="Their Mirror",
    base_url="https://other.example",
    builder_version="other-builder-1",
)
EARLIER = NOW - timedelta(days=30)
TRUSTED = TrustedKeys([*KEYRING, PUBLISHED_KEY])


def theirs(now=EARLIER, **changes):
    """Return the bundle that another registry, which was first, mints of a paper."""
    minted = mint_one(paper(**changes), registry=OTHER_REGISTRY, signer=OTHER_SIGNER, now=now)
    return json.loads(minted.bundle.document)


def written(path, *documents):
    """Write documents as JSON lines, and return the file."""
    path.write_bytes(b"".join(canonical_json(one) + b"\n" for one in documents))
    return path


def merged_into(lake, *files, reader=read_in_stretches, **changes):
    """Merge files into a lake, as `pith merge --into` does."""
    target = {"lake": lake, "registry": REGISTRY, "signer": SIGNER, "now": NOW, **changes}
    return take_in(
        Target(**target),
        TRUSTED,
        reader(files, None, *([TRUSTED] if reader is read_imports else [])),
        operation="merge",
        sources=lambda: files_read(files),
        is_import=reader is read_imports,
    )


def imported_into(lake, *places, **changes):
    """Import files or trees into a lake, as `pith import` does."""
    return merged_into(lake, *places, reader=read_imports, **changes)


def mirrored(lake, place, *, with_metadata=True):
    """Write what of a mirror's tree (FORMAT.md 12) an import reads, and return its folder."""
    raw = {row["pith_number"]: row for row in rows(lake, "records")}
    for bundle in rows(lake, "bundles"):
        number = bundle["pith_number"]
        folder = place / "pith" / number[-26:]
        folder.mkdir(parents=True)
        (folder / "bundle.json").write_text(bundle["document"], "utf-8")
        if with_metadata:
            (folder / "metadata.json").write_bytes(canonical_json(_metadata(raw[number])))
    return place


def _metadata(row):
    said = {name: row[name] for name in RAW_COLUMNS}
    if said["version_submitted_at"] is not None:
        instant = instant_of(said["version_submitted_at"])
        said["version_submitted_at"] = f"{instant:%Y-%m-%dT%H:%M:%SZ}"
    if said["updated_on"] is not None:
        said["updated_on"] = str(day_of(said["updated_on"]))
    return said
