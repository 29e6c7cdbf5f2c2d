"""Reissuing: signing receipts and bundles again with the key that signs now, in one commit.

What is signed again, and what is not, is ruled in `core.receipt.reissued`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pith_builder.core.canonical import parse_json
from pith_builder.core.keys import PublicKey
from pith_builder.core.lineage import Input
from pith_builder.core.manifest import Part
from pith_builder.core.verification import verify
from pith_builder.disk import Disk
from pith_builder.lake.reissued_rows import ReissuedRows, signed_by
from pith_builder.lake.rewriting import changed_part
from pith_builder.lake.store import open_lake
from pith_builder.lake.tables import BUNDLES, RECORDS, TABLES
from pith_builder.operations.collecting import no_collecting
from pith_builder.operations.in_order import running
from pith_builder.operations.transaction import BuildResult, Target, transaction
from pith_builder.signing.ed25519 import TrustedKeys


@dataclass(slots=True, kw_only=True)
class Reissued:
    """What a run came to.

    Attributes:
        result: What was committed; each record is seen, and unchanged.
        receipts: Receipts signed again.
        bundles: Bundles signed again.
    """

    result: BuildResult
    receipts: int = 0
    bundles: int = 0


def reissue(
    target: Target,
    trusted: Iterable[PublicKey],
    former: Iterable[PublicKey],
    progress: Callable[[int], None] = lambda _: None,
) -> Reissued:
    """Sign again what keys signed before: receipts in `records`, and bundles.

    Nothing is signed that does not hold: the manifest, each file, and the signature of each row
    are verified first. What others signed stays as it is. A run that is killed has changed nothing;
    another does it all, and one more has nothing to do and commits nothing.

    Args:
        target: The lake, and who signs with which key.
        trusted: The keys that are trusted besides the target's own.
        former: The keys whose signatures are made again.
        progress: Is told how many rows were gone through.

    Raises:
        UsageError: There is no lake.
        VerificationError: The lake is damaged, or holds what no trusted key signed.
        LakeBusyError: Another process is writing to the lake.
        StorageError: The disk is full, or the folder takes no files.
    """
    open_lake(target.lake)
    own = target.signer.public_key
    keyring = TrustedKeys([*trusted, own])
    names = {(key.key_id, key.fingerprint): key for key in former if key.raw != own.raw}
    with transaction(target, "reissue") as opened:
        manifest = open_lake(target.lake).manifest
        verify(parse_json(manifest.document), keyring).verified()
        rows = ReissuedRows(
            former=frozenset(names),
            keyring=keyring,
            keys=keyring.by_name,
            signer=target.signer,
            now=target.now,
            build_id=opened.plan.build_id,
        )
        done = Reissued(result=opened.result)
        parts = [
            (table, part)
            for table in (RECORDS.name, BUNDLES.name)
            for part in manifest.tables[table].parts
        ]
        label = f"{opened.plan.sequence:08d}-s"
        tasks = (
            partial(
                _reissue_part, target.disk, target.lake, rows, table, part, f"{label}{index:05d}"
            )
            for index, (table, part) in enumerate(parts)
        )
        gone_through = 0
        with running(target.workers) as run:
            for (table, old), (new, count) in zip(parts, run(tasks), strict=True):
                if new is not None:
                    opened.swap(old, new)
                if table == RECORDS.name:
                    done.receipts += count
                else:
                    done.bundles += count
                gone_through += old.rows
                progress(gone_through)
        done.result.seen = done.result.unchanged = manifest.tables[RECORDS.name].rows
        opened.commit([Input(namespace="key", name=" ".join(name)) for name in sorted(names)])
    return done


def _reissue_part(
    disk: Disk, lake: Path, rows: ReissuedRows, name: str, part: Part, label: str
) -> tuple[Part | None, int]:
    """Write a part anew if one of the keys signed any of it; return it, and how many rows."""
    table = TABLES[name]
    signed = signed_by(lake, table, part)
    count = sum(signed[key] for key in rows.former)
    if not count:
        return None, 0
    with no_collecting():
        return changed_part(disk, lake, table, part, label, partial(rows.changed, table)), count
