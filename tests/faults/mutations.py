"""Ways to harm a lake, each drawn by a seed, and what an audit must name for each.

Four hands: decay, which knows no hash; a tamperer who edits files and makes every hash anew but
has no key; one who signs with a key of their own; and the holder of the lake's own key.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pith_builder.core.canonical import canonical_json
from pith_builder.core.manifest import manifest_digest
from pith_builder.disk import Disk
from pith_builder.lake.store import Lake, manifest_name, open_lake, read_manifest, write_views
from pith_builder.lake.tables import TABLES, Kind
from pith_builder.lake.views import views_sql
from pith_builder.signing.ed25519 import Ed25519Signer
from tests.lakes import CONTENT, flip_bit, part_of_rows, root_of, rows, seal, signed_anew, state_of
from tests.makers import OTHER_SIGNER, SIGNER

STRANGERS = {
    "a key of their own": Ed25519Signer("nobody-knows", bytes(range(7, 39))),
    "a key of our key's name": Ed25519Signer(SIGNER.public_key.key_id, bytes(range(8, 40))),
    "a key trusted for events alone": OTHER_SIGNER,
}


@dataclass(frozen=True)
class Harm:
    """What was done: where an audit must find it, and which parts were changed.

    A finding is in the right place if its `place` begins with one of `places` and, where `keys`
    are given, its `key` holds one of them.
    """

    what: str
    places: tuple[str, ...]
    keys: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    def is_named_by(self, finding):
        is_there = any(finding.place.startswith(place) for place in self.places)
        return is_there and (not self.keys or any(key in finding.key for key in self.keys))


class Victim:
    """A lake that copies are harmed of; what draws need to know of it is read once."""

    def __init__(self, lake: Path):
        self.live = open_lake(lake).manifest
        self.sequence = self.live.sequence
        self.manifests = [read_manifest(lake, n) for n in range(1, self.sequence + 1)]
        self.rows = {name: rows(lake, name) for name in TABLES}

    def parts(self, table=None):
        names = TABLES if table is None else (table,)
        return [part.path for name in names for part in self.live.tables[name].parts]

    @cached_property
    def kept_parts(self):
        """Return the parts that only earlier manifests name."""
        named = {
            part.path
            for manifest in self.manifests
            for table in manifest.tables.values()
            for part in table.parts
        }
        return sorted(named - set(self.parts()))

    @cached_property
    def older_parts(self):
        """Return pairs of a live part of states or bundles, and the one it was rewritten from."""
        return [
            (new.path, old.path)
            for before in self.manifests
            for name in ("states", "bundles")
            for old, new in zip(
                before.tables[name].parts, self.live.tables[name].parts, strict=False
            )
            if old != new
        ]


# --- Decay: bytes change, and nothing is made to fit ------------------------------------------


def flipped(choose):
    """Flip one bit anywhere in a file."""

    def harm(lake, victim, random):
        path = random.choice(choose(victim))
        bit = random.randrange(8 * (lake / path).stat().st_size)
        flip_bit(lake / path, bit)
        is_part = path.startswith("tables/")
        return Harm(f"bit {bit} of {path}", (path,), parts=(path,) if is_part else ())

    return harm


def bytes_changed(change):
    """Change the bytes of a part in a larger way."""

    def harm(lake, victim, random):
        path = random.choice(victim.parts())
        data = bytearray((lake / path).read_bytes())
        what = change(data, random)
        (lake / path).write_bytes(data)
        return Harm(f"{what} of {path}", (path,), parts=(path,))

    return harm


def _cut(data, random):
    place = random.randrange(len(data))
    del data[place:]
    return f"all from byte {place} on"


def _grown(data, random):
    more = random.randbytes(random.randint(1, 64))
    data += more
    return f"{len(more)} bytes more at the end"


def _zeroed(data, random):
    start = random.randrange(len(data))
    end = min(len(data), start + random.randint(1, 512))
    if not any(data[start:end]):
        start, end = 0, 8  # what was zero already is no harm
    data[start:end] = bytes(end - start)
    return f"bytes {start} to {end} become zeros"


def _noise(data, random):
    start = random.randrange(max(1, len(data) - 16))
    data[start : start + 16] = random.randbytes(16)
    return f"16 bytes from {start} on become noise"


def removed(choose):
    def harm(lake, victim, random):
        path = random.choice(choose(victim))
        (lake / path).unlink()
        return Harm(f"{path} removed", (path,), parts=(path,) if path[0] == "t" else ())

    return harm


def emptied(lake, victim, random):
    path = random.choice(victim.parts())
    (lake / path).write_bytes(b"")
    return Harm(f"{path} emptied", (path,), parts=(path,))


def become_a_folder(lake, victim, random):
    path = random.choice(victim.parts())
    (lake / path).unlink()
    (lake / path).mkdir()
    return Harm(f"{path} become a folder", (path,), parts=(path,))


def exchanged(*, in_one_table):
    """Exchange the bytes of two parts."""

    def harm(lake, victim, random):
        while True:
            table = random.choice(list(TABLES)) if in_one_table else None
            if len(victim.parts(table)) < 2:
                continue
            one, two = random.sample(victim.parts(table), 2)
            if in_one_table or one.split("/")[1] != two.split("/")[1]:
                break
        spare = (lake / one).read_bytes()
        (lake / one).write_bytes((lake / two).read_bytes())
        (lake / two).write_bytes(spare)
        return Harm(f"{one} and {two} exchanged", (one, two), parts=(one, two))

    return harm


def replaced_by_an_older(lake, victim, random):
    new, old = random.choice(victim.older_parts)
    shutil.copy(lake / old, lake / new)
    return Harm(f"{new} replaced by the older {old}", (new,), parts=(new,))


def replaced_by_a_link(lake, victim, random):
    """Put a link to another file of the lake in a part's place."""
    one, two = random.sample(victim.parts(), 2)
    (lake / one).unlink()
    (lake / one).symlink_to(lake / two)
    return Harm(f"{one} become a link to {two}", (one,), parts=(one,))


# --- CURRENT, manifests and pith.sql ----------------------------------------------------------


def current_moved(*, forward):
    def harm(lake, victim, random):
        number = (
            victim.sequence + random.randint(1, 9)
            if forward
            else random.randint(1, victim.sequence - 1)
        )
        (lake / "CURRENT").write_text(f"{manifest_name(number)}\n")
        return Harm(f"CURRENT moved to {number}", ("CURRENT",))

    return harm


def current_rewritten(lake, victim, random):
    text = random.choice(
        (
            "",
            "\n",
            f"{manifest_name(victim.sequence)}",
            f"{manifest_name(victim.sequence)}\n\n",
            f"./{manifest_name(victim.sequence)}\n",
            "manifests/../manifests/00000001.json\n",
            "/etc/passwd\n",
            "manifests/00000000.json\n",
            random.randbytes(24).hex(),
        )
    )
    (lake / "CURRENT").write_text(text)
    return Harm(f"CURRENT says {text!r}", ("CURRENT",))


def rolled_back(lake, victim, random):
    """Take back the last commits: manifests removed, CURRENT moved, pith.sql forgotten."""
    number = random.randint(1, victim.sequence - 1)
    for later in range(number + 1, victim.sequence + 1):
        (lake / manifest_name(later)).unlink()
    (lake / "CURRENT").write_text(f"{manifest_name(number)}\n")
    return Harm(f"rolled back to {number}", ("pith.sql",))


def manifest_text(change):
    """Change a manifest's text."""

    def harm(lake, victim, random):
        number = random.randint(1, victim.sequence)
        place = lake / manifest_name(number)
        place.write_bytes(change(place.read_bytes(), random))
        return Harm(f"{manifest_name(number)} edited", (manifest_name(number),))

    return harm


def _spaced(data, random):
    place = random.choice([index for index, byte in enumerate(data) if byte in b",:"]) + 1
    return data[:place] + b" " + data[place:]


def _shortened(data, random):
    return data[: random.randrange(len(data))]


def _digit_changed(data, random):
    places = [index for index, byte in enumerate(data) if 48 <= byte < 57]
    place = random.choice(places)
    return data[:place] + bytes([data[place] + 1]) + data[place + 1 :]


def manifests_exchanged(lake, victim, random):
    one, two = random.sample(range(1, victim.sequence + 1), 2)
    first, second = lake / manifest_name(one), lake / manifest_name(two)
    spare = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(spare)
    return Harm(f"manifests {one} and {two} exchanged", (manifest_name(max(one, two)),))


def manifest_replaced_by_an_older(lake, victim, random):
    number = random.randint(2, victim.sequence)
    shutil.copy(lake / manifest_name(random.randint(1, number - 1)), lake / manifest_name(number))
    return Harm(f"manifest {number} replaced by an older", (manifest_name(number),))


def views_rewritten(lake, victim, random):
    """Have pith.sql read another file, hide rows, or be the views of an earlier commit."""
    place = lake / "pith.sql"
    text = place.read_text()
    part = random.choice(victim.parts())
    number = random.randint(1, victim.sequence - 2)
    changed = random.choice(
        (
            text.replace(f"getvariable('pith_lake') || '/{part}'", "'/tmp/evil.parquet'"),
            text.replace("from read_parquet([", "from read_parquet(['/tmp/evil.parquet',", 1),
            text.replace("\n])", "\n]) where title <> 'x'", 1),
            f"{text}create or replace view keys as select 1;\n",
            text.removesuffix(";\n"),
            views_sql(lake, victim.manifests[number - 1]),
        )
    )
    place.write_text(changed)
    return Harm("pith.sql rewritten", ("pith.sql",))


# --- Hands that fix hashes up -----------------------------------------------------------------
# Edits of a table's rows; each returns what it did and the keys of the rows it touched.


def dropped(_table, held, random):
    row = held.pop(random.randrange(len(held)))
    return "a row dropped", [row]


def added(table, held, random):
    """Add a row that is like another but for its key."""
    row = dict(random.choice(held))
    name = next(name for name in TABLES[table].key if isinstance(row[name], str))
    row[name] = _other(table, name, row[name], random)
    held.append(row)
    return "a row added", [row]


def doubled(_table, held, random):
    row = random.choice(held)
    held.append(dict(row))
    return "a row doubled", [row]


def edited(table, held, random, names=None):
    """Edit one value of one row."""
    names = names or [column.name for column in TABLES[table].columns]
    row, name = random.choice(held), random.choice(names)
    before = dict(row)
    row[name] = _other(table, name, row[name], random)
    return f"{name} edited", [before, row]


def swapped(table, held, random, names=None):
    """Exchange a value between two rows that differ in it."""
    names = [name for name in names or _names(table) if len({str(row[name]) for row in held}) > 1]
    if not names:
        return edited(table, held, random)
    name = random.choice(names)
    while True:
        one, two = random.sample(held, 2)
        if one[name] != two[name]:
            break
    touched = [dict(one), dict(two), one, two]
    one[name], two[name] = two[name], one[name]
    return f"{name} of two rows swapped", touched


def _names(table):
    return [column.name for column in TABLES[table].columns]


def _other(table, name, value, random):
    """Return another value of a column, such as no rule takes for the same."""
    kind = TABLES[table].column(name).kind
    if kind in (Kind.TEXT, Kind.JSON):
        places = [index for index, letter in enumerate(value or "") if letter.isalnum()]
        if not places:
            return "http://creativecommons.org/publicdomain/zero/1.0/"
        place = random.choice(places)
        digit = random.choice([digit for digit in "0123456789" if digit != value[place]])
        return value[:place] + digit + value[place + 1 :]
    if kind is Kind.TEXTS:
        return [*(value or ()), "cs.XX"]
    if kind is Kind.BOOLEAN:
        return not value
    if kind in (Kind.BYTES, Kind.SHA256):
        return (value or b"") + b"more"
    return (value or 0) + random.choice((-1, 1, 7, 1_000_000))


def _edited_rows(victim, table, edit, random):
    """Return a table's rows edited and in order, what was done, and the rows it was done to."""
    held = [dict(row) for row in victim.rows[table]]
    what, touched = edit(table, held, random)
    held.sort(key=lambda row: [str(row[name]) for name in TABLES[table].key])
    return held, f"{table}: {what}", touched


def by_a_tamperer(table, edit):
    """Rewrite a part: rows, row digests, page checksums and counts all fit, the manifest not."""

    def harm(lake, victim, random):
        held, what, _ = _edited_rows(victim, table, edit, random)
        part = part_of_rows(lake, table, held)
        data = (lake / part.path).read_bytes()
        others = [path for path in victim.parts(table) if (lake / path).read_bytes() != data]
        target = random.choice(others)
        (lake / part.path).replace(lake / target)
        return Harm(f"{what}, written over {target}", (target,), parts=(target,))

    return harm


def without_a_key(table, edit):
    """Make everything anew up to the manifest and its digest; the signature stays the old one."""

    def harm(lake, victim, random):
        held, what, _ = _edited_rows(victim, table, edit, random)
        state = state_of(lake, table, held)
        place = lake / manifest_name(victim.sequence)
        value = json.loads(place.read_bytes())
        value["tables"][table] = state.to_json_object()
        value["manifest_signature"]["manifest_sha256"] = manifest_digest(value).hex()
        place.write_bytes(canonical_json(value))
        write_views(Disk(), open_lake(lake))
        parts = tuple(part.path for part in state.parts)
        return Harm(f"{what}, digested", (manifest_name(victim.sequence),), parts=parts)

    return harm


def with_another_key(table, edit):
    """The same, and the manifest signed with a key that is not trusted for manifests."""

    def harm(lake, victim, random):
        held, what, _ = _edited_rows(victim, table, edit, random)
        state = state_of(lake, table, held)
        name, signer = random.choice(sorted(STRANGERS.items(), key=lambda item: item[0]))
        seal(lake, {**victim.live.tables, table: state}, signer=signer)
        parts = tuple(part.path for part in state.parts)
        place = (manifest_name(victim.sequence),)
        return Harm(f"{what}, signed with {name}", place, parts=parts)

    return harm


def resigned(lake, victim, random):
    """Sign a manifest again, as it is, with another key."""
    number = random.randint(1, victim.sequence)
    signed_anew(lake, number, random.choice(list(STRANGERS.values())))
    return Harm(f"manifest {number} signed again", (manifest_name(number),))


def whole_chain_resigned(lake, victim, random):
    """Sign every manifest again with another key, each following the one before."""
    signer = random.choice(list(STRANGERS.values()))
    previous = None
    for number in range(1, victim.sequence + 1):
        previous = signed_anew(lake, number, signer, previous=previous)
    write_views(Disk(), open_lake(lake))
    return Harm("every manifest signed again", (manifest_name(random.randint(1, number)),))


def forked(lake, victim, random):
    """Put another manifest, signed by another key, in the place of an earlier one."""
    number = random.randint(1, victim.sequence - 1)
    build_id = f"{number:08d}-20260101T000000Z"
    signed_anew(lake, number, random.choice(list(STRANGERS.values())), build_id=build_id)
    return Harm(f"forked at {number}", (manifest_name(number),))


def carried_on(lake, victim, random):
    """Commit another manifest after the live one, signed by another key."""
    number = victim.sequence + 1
    shutil.copy(lake / manifest_name(victim.sequence), lake / manifest_name(number))
    signer = random.choice(list(STRANGERS.values()))
    changes = {"sequence": number, "previous": victim.live.manifest_sha256}
    signed_anew(lake, number, signer, build_id=f"{number:08d}-20261230T000000Z", **changes)
    (lake / "CURRENT").write_text(f"{manifest_name(number)}\n")
    write_views(Disk(), open_lake(lake))
    return Harm("carried on by another key", (manifest_name(number),))


def left_for_later(lake, victim, random):
    """Leave a manifest after the live one, without making it live."""
    harm = carried_on(lake, victim, random)
    (lake / "CURRENT").write_text(f"{manifest_name(victim.sequence)}\n")
    write_views(Disk(), Lake(lake, victim.live))
    return Harm(f"{harm.what}, not live", ("CURRENT",))


# --- The holder of the lake's own key ---------------------------------------------------------


def by_the_owner(table, edit, names=None):
    """Edit rows, and sign the whole again with the lake's own key: only reading tells.

    Of a record the finding may stand at its row or at another table's that says the contrary; it
    has the record's number. Of a build it has the build's name.
    """

    def harm(lake, victim, random):
        chosen = (lambda *given: edit(*given, names)) if names else edit
        held, what, touched = _edited_rows(victim, table, chosen, random)
        state = state_of(lake, table, held)
        seal(lake, {**victim.live.tables, table: state})
        keys = {row[name] for row in touched for name in ("pith_number", "build_id") if name in row}
        if table == "keys":
            return Harm(what, ("tables/", "keys"))
        places = [table, *(f"tables/{name}/" for name in (table, "bundles", "records"))]
        if table in ("builds", "records", "rejects"):
            places += ["builds", "records", "rejects"]  # a build counts rows of these
        return Harm(what, tuple(places), tuple(keys) if table in (*CONTENT, "builds") else ())

    return harm


def older_rows_by_the_owner(lake, victim, random):
    """Put the states and bundles of an earlier commit back, consistent with each other."""
    before = victim.manifests[random.choice((-3, -4))]
    older = {name: before.tables[name] for name in ("states", "bundles")}
    for name, state in older.items():
        more = victim.live.tables[name].parts[len(state.parts) :]
        parts = (*state.parts, *more)
        older[name] = replace(state, parts=parts, content_root=root_of(lake, parts))
    seal(lake, {**victim.live.tables, **older})
    return Harm("older states and bundles put back", ("tables/events/",))


def part_left_out_by_the_owner(lake, victim, random):
    """Leave a part of a table out, with the root that is true of the rest."""
    table = random.choice([name for name in CONTENT if name != "aliases"])
    state = victim.live.tables[table]
    left_out = random.choice(state.parts)
    parts = tuple(part for part in state.parts if part != left_out)
    left = replace(state, parts=parts, content_root=root_of(lake, parts))
    seal(lake, {**victim.live.tables, table: left})
    others = tuple(f"tables/{name}/" for name in CONTENT if name != table)
    return Harm(f"{left_out.path} left out", (*others, "records"), parts=())


def counted_otherwise_by_the_owner(lake, victim, random):
    """Have the manifest count more rows of a table than its parts have."""
    value = json.loads((lake / manifest_name(victim.sequence)).read_bytes())
    table = random.choice(list(TABLES))
    value["tables"][table]["rows"] += random.randint(1, 9)
    signed_anew(lake, victim.sequence, tables=value["tables"])
    write_views(Disk(), open_lake(lake))
    return Harm(f"rows of {table} miscounted", (manifest_name(victim.sequence),))


def part_told_otherwise_by_the_owner(lake, victim, random):
    """Have an earlier manifest of a chain signed anew say other of a part than the live one."""
    number = random.randint(1, victim.sequence - 1)
    value = json.loads((lake / manifest_name(number)).read_bytes())
    table = random.choice([name for name in CONTENT if value["tables"][name]["parts"]])
    value["tables"][table]["parts"][0]["sha256"] = "0" * 64
    previous = signed_anew(lake, number, tables=value["tables"])
    for later in range(number + 1, victim.sequence + 1):
        previous = signed_anew(lake, later, previous=previous)
    write_views(Disk(), open_lake(lake))
    path = value["tables"][table]["parts"][0]["path"]
    return Harm(f"manifest {number} says other of {path}", (manifest_name(number), path))


def row_digests_by_the_owner(lake, victim, random):
    """Sign parts whose row digests are not of their rows."""
    table = random.choice(list(TABLES))
    parts = list(victim.live.tables[table].parts)
    index = random.randrange(len(parts))
    path = lake / parts[index].path
    held = pq.read_table(path)
    digests = [hashlib.sha256(random.randbytes(9)).digest() for _ in range(held.num_rows)]
    column = pa.array(digests, pa.binary(32))
    name = held.num_columns - 1
    pq.write_table(held.set_column(name, held.schema.field("row_sha256"), column), path)
    data = path.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    parts[index] = replace(parts[index], sha256=sha256, size_bytes=len(data))
    state = replace(
        victim.live.tables[table], parts=tuple(parts), content_root=root_of(lake, parts)
    )
    seal(lake, {**victim.live.tables, table: state})
    return Harm(f"row digests of {parts[index].path}", (parts[index].path,))


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
        *("build_id", "started_at", "builder_version", "seen", "minted", "unchanged", "rejected"),
        *("rejects_added", "minted_without_license", "minted_withdrawn"),
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
    "builds": ["operation", "sources", "outcome", "is_forced"],
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
    "a part cut": bytes_changed(_cut),
    "a part grown": bytes_changed(_grown),
    "a stretch of a part zeroed": bytes_changed(_zeroed),
    "a stretch of a part made noise": bytes_changed(_noise),
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
    "a manifest cut": manifest_text(_shortened),
    "a space in a manifest": manifest_text(_spaced),
    "a digit of a manifest": manifest_text(_digit_changed),
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
