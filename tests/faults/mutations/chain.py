"""CURRENT, manifests and pith.sql: moved, edited, exchanged, rolled back, forked, signed again."""

import shutil

from pith_builder.disk import Disk
from pith_builder.lake.store import Lake, manifest_name, open_lake, write_views
from pith_builder.lake.views import views_sql
from pith_builder.signing.ed25519 import Ed25519Signer
from tests.faults.mutations.victim import Harm
from tests.lakes import signed_anew
from tests.makers import OTHER_SIGNER, SIGNER

STRANGERS = {
    "a key of their own": Ed25519Signer("nobody-knows", bytes(range(7, 39))),
    "a key of our key's name": Ed25519Signer(SIGNER.public_key.key_id, bytes(range(8, 40))),
    "a key trusted for events alone": OTHER_SIGNER,
}


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


def spaced(data, random):
    place = random.choice([index for index, byte in enumerate(data) if byte in b",:"]) + 1
    return data[:place] + b" " + data[place:]


def shortened(data, random):
    return data[: random.randrange(len(data))]


def digit_changed(data, random):
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
