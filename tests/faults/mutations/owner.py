"""What the holder of the lake's own key does: only reading the rows tells."""

import hashlib
import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq

from pith_builder.disk import Disk
from pith_builder.lake.store import manifest_name, open_lake, write_views
from pith_builder.lake.tables import TABLES
from tests.faults.mutations.rows import edited_rows
from tests.faults.mutations.victim import Harm
from tests.lakes import CONTENT, root_of, seal, signed_anew, state_of


def by_the_owner(table, edit, names=None):
    """Edit rows, and sign the whole again with the lake's own key: only reading tells.

    Of a record the finding may stand at its row or at another table's that says the contrary; it
    has the record's number. Of a build it has the build's name.
    """

    def harm(lake, victim, random):
        chosen = (lambda *given: edit(*given, names)) if names else edit
        held, what, touched = edited_rows(victim, table, chosen, random)
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
