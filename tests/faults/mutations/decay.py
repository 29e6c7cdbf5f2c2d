"""Decay: bytes change, and nothing is made to fit."""

import shutil

from pith_builder.lake.tables import TABLES
from tests.faults.mutations.victim import Harm
from tests.lakes import flip_bit


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


def cut(data, random):
    place = random.randrange(len(data))
    del data[place:]
    return f"all from byte {place} on"


def grown(data, random):
    more = random.randbytes(random.randint(1, 64))
    data += more
    return f"{len(more)} bytes more at the end"


def zeroed(data, random):
    start = random.randrange(len(data))
    end = min(len(data), start + random.randint(1, 512))
    if not any(data[start:end]):
        start, end = 0, 8  # what was zero already is no harm
    data[start:end] = bytes(end - start)
    return f"bytes {start} to {end} become zeros"


def noise(data, random):
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
