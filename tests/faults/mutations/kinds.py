"""Every kind of harm by name, and what an audit must name for each.

Four hands: decay, which knows no hash; a tamperer who edits files and makes every hash anew but
has no key; one who signs with a key of their own; and the holder of the lake's own key.
"""

from pith_builder.lake.store import manifest_name
from pith_builder.lake.tables import TABLES
from tests.faults.mutations.chain import (
    carried_on,
    current_moved,
    current_rewritten,
    digit_changed,
    forked,
    left_for_later,
    manifest_replaced_by_an_older,
    manifest_text,
    manifests_exchanged,
    resigned,
    rolled_back,
    shortened,
    spaced,
    views_rewritten,
    whole_chain_resigned,
)
from tests.faults.mutations.decay import (
    become_a_folder,
    bytes_changed,
    cut,
    emptied,
    exchanged,
    flipped,
    grown,
    noise,
    removed,
    replaced_by_a_link,
    replaced_by_an_older,
    zeroed,
)
from tests.faults.mutations.owner import (
    by_the_owner,
    counted_otherwise_by_the_owner,
    older_rows_by_the_owner,
    part_left_out_by_the_owner,
    part_told_otherwise_by_the_owner,
    row_digests_by_the_owner,
)
from tests.faults.mutations.rows import (
    added,
    by_a_tamperer,
    doubled,
    dropped,
    edited,
    swapped,
    with_another_key,
    without_a_key,
)
from tests.lakes import CONTENT

SAID_TWICE = {
    "records": [
        *("pith_number", "canonical_sha256", "arxiv_id", "arxiv_version", "primary_cat"),
        *("cross_cats_sorted", "categories", "license", "submitted_at", "title_canon_sha256"),
        *("abstract_canon_sha256", "title", "abstract", "authors", "is_withdrawn", "key_id"),
        *("public_key_fingerprint", "signature_b64", "signed_at", "first_computed_at"),
        *("last_reissued_at", "builder_version"),
    ],
    "events": [
        *("pith_number", "event_id", "event_type", "target", "created_at", "signer_id"),
        *("signer_type", "prev_event", "supersedes", "key_id", "public_key_fingerprint"),
        *("signature_b64", "signed_at", "document"),
    ],
    "states": [
        *("pith_number", "event_count", "valid_event_count", "invalid_event_count"),
        *("equivocation_count", "state_sha256", "document"),
    ],
    "bundles": [
        *("pith_number", "event_count", "built_at", "bundle_sha256", "key_id"),
        *("public_key_fingerprint", "signature_b64", "signed_at", "document"),
    ],
    "aliases": ["alias_value", "alias_kind", "pith_number", "created_at"],
    "keys": ["key_id", "public_key_fingerprint", "public_key_hex", "first_used_at"],
    "builds": [
        *("build_id", "operation", "started_at", "builder_version", "outcome", "seen", "minted"),
        *("unchanged", "rejected", "rejects_added", "minted_without_license", "minted_withdrawn"),
    ],
    "rejects": ["raw_sha256", "raw"],
}
"""Columns of which a second place says the same, so that their owner cannot change them alone."""

SAID_ONCE = {
    "records": [
        *("version_submitted_at", "submitter", "comments", "journal_ref", "doi", "report_no"),
        *("msc_class", "acm_class", "updated_on", "other_metadata", "source_kind", "source_name"),
        *("source_line", "observed_at"),
    ],
    "builds": ["sources", "is_forced"],
    "windows": [
        *("source", "set_spec", "from_on", "until_on", "status", "attempts", "response_at"),
        "records",
    ],
    "sightings": ["arxiv_id", "datestamp_on"],
    "rejects": ["source_name", "source_line", "observed_at"],
}
"""Columns that the holder of the lake's key can change, and no second place says otherwise."""

_LIVE = {f"a bit of a part of {table}": flipped(lambda v, t=table: v.parts(t)) for table in TABLES}

BITS = {
    **_LIVE,
    "a bit of a part that only earlier manifests name": flipped(lambda v: v.kept_parts),
    "a bit of the live manifest": flipped(lambda v: [manifest_name(v.sequence)]),
    "a bit of an earlier manifest": flipped(
        lambda v: [manifest_name(number) for number in range(1, v.sequence)]
    ),
    "a bit of CURRENT": flipped(lambda _: ["CURRENT"]),
    "a bit of pith.sql": flipped(lambda _: ["pith.sql"]),
}
"""One bit, anywhere in any file of a lake but `.lock`, which says who wrote last and to nobody."""

FILES = {
    "a part cut": bytes_changed(cut),
    "a part grown": bytes_changed(grown),
    "a stretch of a part zeroed": bytes_changed(zeroed),
    "a stretch of a part made noise": bytes_changed(noise),
    "a part emptied": emptied,
    "a part removed": removed(lambda v: v.parts()),
    "a part become a folder": become_a_folder,
    "a part become a link to another": replaced_by_a_link,
    "two parts of a table exchanged": exchanged(in_one_table=True),
    "two parts of two tables exchanged": exchanged(in_one_table=False),
    "a part replaced by an older one": replaced_by_an_older,
    "CURRENT moved back": current_moved(forward=False),
    "CURRENT moved forward": current_moved(forward=True),
    "CURRENT rewritten": current_rewritten,
    "the last commits taken back": rolled_back,
    "a manifest removed": removed(
        lambda v: [manifest_name(number) for number in range(1, v.sequence + 1)]
    ),
    "a manifest cut": manifest_text(shortened),
    "a space in a manifest": manifest_text(spaced),
    "a digit of a manifest": manifest_text(digit_changed),
    "two manifests exchanged": manifests_exchanged,
    "a manifest replaced by an older one": manifest_replaced_by_an_older,
    "pith.sql removed": removed(lambda _: ["pith.sql"]),
    "pith.sql rewritten": views_rewritten,
}
"""Files harmed by whoever can write to the folder."""

_EDITS = {"dropped": dropped, "added": added, "doubled": doubled, "edited": edited}
_EDITS["swapped"] = swapped

TAMPERED = {
    f"rows {done} in {table}, the part's own hashes made anew": by_a_tamperer(table, edit)
    for table in TABLES
    for done, edit in _EDITS.items()
}

KEYLESS = {
    f"rows {done} in {table}, every digest made anew": without_a_key(table, edit)
    for table in TABLES
    for done, edit in _EDITS.items()
}

FORGED = {
    **{
        f"rows {done} in {table}, signed by a stranger": with_another_key(table, edit)
        for table in TABLES
        for done, edit in _EDITS.items()
    },
    "a manifest signed again by a stranger": resigned,
    "every manifest signed again by a stranger": whole_chain_resigned,
    "a chain forked by a stranger": forked,
    "a chain carried on by a stranger": carried_on,
    "a stranger's manifest left after the live one": left_for_later,
}

OWNED = {
    **{
        f"rows {done} in {table} by the owner": by_the_owner(table, edit)
        for table in (*CONTENT, "builds", "keys", "rejects")
        for done, edit in (("dropped", dropped), ("added", added))
    },
    **{f"a row doubled in {table} by the owner": by_the_owner(table, doubled) for table in TABLES},
    **{
        f"a value {done} in {table} by the owner": by_the_owner(table, edit, names)
        for table, names in SAID_TWICE.items()
        for done, edit in (("edited", edited), ("swapped", swapped))
    },
    **{
        f"a row of {table} given to a build that never was": by_the_owner(
            table, edited, ["build_id"]
        )
        for table in TABLES
    },
    "older states and bundles put back by the owner": older_rows_by_the_owner,
    "a part left out by the owner": part_left_out_by_the_owner,
    "rows miscounted by the owner": counted_otherwise_by_the_owner,
    "a part told otherwise by the owner": part_told_otherwise_by_the_owner,
    "row digests made up by the owner": row_digests_by_the_owner,
}
"""What the holder of the lake's own key does, where two places then say different things."""

KINDS = {**BITS, **FILES, **TAMPERED, **KEYLESS, **FORGED, **OWNED}
