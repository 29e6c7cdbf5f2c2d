"""A lake in which every table is filled and every kind of commit was made, small enough to harm."""

import json
from datetime import date, timedelta

from pith_builder.core.keys import TrustedKey
from pith_builder.operations.compaction import compact
from pith_builder.operations.harvest import Stretch, harvest
from pith_builder.operations.nightly import nightly
from pith_builder.operations.source_audit import audit_source
from tests.arxiv_server.papers import paper
from tests.graphs import imported_into, merged_into, mirrored, theirs, written
from tests.harvests import Local, bad, many, target, withdrawn
from tests.lakes import AWKWARD, LATER, THIRD_PAPER_AGAIN, build, lines
from tests.makers import OTHER_SIGNER, SIGNER, event, mint

OURS = SIGNER.public_key
THEIRS = TrustedKey(
    key_id=OTHER_SIGNER.public_key.key_id,
    raw=OTHER_SIGNER.public_key.raw,
    event_types=frozenset({"record_created", "graph_snapshot", "author_attestation"}),
)
"""A registry whose events we merge: trusted for those, and for no manifest."""

TRUSTED = (OURS, THEIRS)


def full_lake(folder):
    """Make the lake in a new folder, and return its place.

    Built twice, compacted, harvested twice with a gap healed in between, merged into twice so
    that states and bundles were rewritten and earlier parts are kept, and imported into.
    """
    lake = folder / "lake"
    build(lake, AWKWARD, lines(9, first=11))
    build(lake, THIRD_PAPER_AGAIN, now=LATER)
    compact(target(lake, now=LATER))

    arxiv = Local(
        [
            *many(6, ("2026-11-10", "2026-11-15")),
            bad("2401.00090", "2026-11-15"),
            withdrawn("2401.00091", "2026-11-15"),
        ]
    )
    at = LATER + timedelta(hours=1)
    whole = Stretch(set_spec="", from_on=date(2026, 11, 1), until_on=date(2026, 11, 19))
    harvest(target(lake, now=at), arxiv.source, whole, "backfill")
    arxiv.store.add(paper("2401.00077"), "2026-11-12")  # which a source then gives late
    audit_source(target(lake, now=at + timedelta(hours=1)), arxiv.source, "")
    nightly(target(lake, now=at + timedelta(hours=2)), arxiv.source)

    offered = written(folder / "ours.jsonl", json.loads(mint().bundle.document))
    merged_into(lake, offered, now=at + timedelta(hours=4))
    offered = written(folder / "theirs.jsonl", theirs(), theirs(title="A paper of theirs alone"))
    merged_into(lake, offered, now=at + timedelta(hours=5))
    offered = written(folder / "event.jsonl", event())
    merged_into(lake, offered, now=at + timedelta(hours=6))

    other = folder / "other"
    build(other, lines(2, first=70))
    tree = mirrored(other, folder / "mirror", with_metadata=False)
    imported_into(lake, tree, now=at + timedelta(hours=7))
    return lake
