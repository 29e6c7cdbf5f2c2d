"""Rows edited, by hands that fix hashes up: as far as they can without a key, or with another."""

import json

from pith_builder.core.canonical import canonical_json
from pith_builder.core.manifest import manifest_digest
from pith_builder.disk import Disk
from pith_builder.lake.store import manifest_name, open_lake, write_views
from pith_builder.lake.tables import TABLES, Kind
from tests.faults.mutations.chain import STRANGERS
from tests.faults.mutations.victim import Harm
from tests.lakes import part_of_rows, seal, state_of


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


def edited_rows(victim, table, edit, random):
    """Return a table's rows edited and in order, what was done, and the rows it was done to."""
    held = [dict(row) for row in victim.rows[table]]
    what, touched = edit(table, held, random)
    held.sort(key=lambda row: [(row[key] is not None, row[key]) for key in TABLES[table].key])
    return held, f"{table}: {what}", touched


def by_a_tamperer(table, edit):
    """Rewrite a part: rows, row digests, page checksums and counts all fit, the manifest not."""

    def harm(lake, victim, random):
        held, what, _ = edited_rows(victim, table, edit, random)
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
        held, what, _ = edited_rows(victim, table, edit, random)
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
        held, what, _ = edited_rows(victim, table, edit, random)
        state = state_of(lake, table, held)
        name, signer = random.choice(sorted(STRANGERS.items(), key=lambda item: item[0]))
        seal(lake, {**victim.live.tables, table: state}, signer=signer)
        parts = tuple(part.path for part in state.parts)
        place = (manifest_name(victim.sequence),)
        return Harm(f"{what}, signed with {name}", place, parts=parts)

    return harm
