"""Taking another key in the place of one, whatever kills it, and revoking one."""

import json
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pith_builder.core.keys import PublicKey, TrustedKey
from pith_builder.disk import Disk
from pith_builder.errors import StorageError, UsageError
from pith_builder.settings import Settings
from pith_builder.signing.key_files import (
    new_key_file,
    public_path,
    read_key_file,
    read_public_key,
)
from pith_builder.signing.rotation import (
    finish_rotation,
    retired_files,
    retired_folder,
    revoke,
    revoked_files,
    rotate,
)
from tests.lakes import files
from tests.makers import NOW, OTHER_SIGNER

LATER = NOW + timedelta(days=30)
TURN = "2026-12-20T14:17:09.598220Z"


@pytest.fixture
def path(tmp_path):
    new_key_file(tmp_path / "keys" / "key.json", "one", url="http://a.example/k", notes="", now=NOW)
    return tmp_path / "keys" / "key.json"


def rotated(path, key_id="two", now=LATER, disk=None):
    return rotate(path, key_id, url="http://a.example/k", notes="", now=now, disk=disk)


def own_settings(path):
    return Settings.of({"PITH_SIGNING_KEY_FILE": str(path)})


def trusted_names(path):
    return {key.key_id: key for key, _ in own_settings(path).trusted()[1:]}


def test_the_new_key_signs_and_both_are_trusted(path):
    old = read_key_file(path).public_key
    new = rotated(path)

    assert read_key_file(path).public_key == new == read_public_key(public_path(path))
    assert new.raw != old.raw
    assert trusted_names(path) == {"two": new, "one": replace(old, rotates_at=TURN)}


def test_the_old_private_key_is_kept_for_its_owner_alone(path):
    before = path.read_bytes()
    old = read_key_file(path).public_key
    rotated(path)

    kept = retired_folder(path) / f"{old.fingerprint}.json"
    assert kept.read_bytes() == before
    assert stat.S_IMODE(kept.stat().st_mode) == stat.S_IMODE(path.stat().st_mode) == 0o600
    seed = json.loads(before)["seed_b64"]
    for file, data in files(path.parent).items():
        assert (seed.encode() in data) == (file == str(kept.relative_to(path.parent)))


def test_keys_follow_one_another(path):
    for number, key_id in enumerate(("two", "three", "four")):
        rotated(path, key_id, LATER + timedelta(days=number))

    assert trusted_names(path).keys() == {"one", "two", "three", "four"}
    assert [read_public_key(file).rotates_at is not None for file in retired_files(path)] == [
        True
    ] * 3


def test_a_name_is_given_once(path):
    rotated(path)
    before = files(path.parent)
    for key_id in ("one", "two"):
        with pytest.raises(UsageError, match=f"a key of ours is named '{key_id}' already"):
            rotated(path, key_id)
    assert files(path.parent) == before


def test_without_a_key_there_is_nothing_to_rotate(tmp_path):
    for path in (tmp_path / "key.json", tmp_path / "none" / "key.json"):
        with pytest.raises(UsageError, match="pith keys new"):
            rotated(path)


class Killed(BaseException):
    pass


class KilledAt(Disk):
    """A disk on which the process dies before the file of a number is given its name."""

    def __init__(self, step):
        self.left = step

    def replace(self, partial, final):
        if not self.left:
            raise Killed
        self.left -= 1
        super().replace(partial, final)


@pytest.mark.parametrize("step", range(4))
def test_a_rotation_killed_at_any_step_is_as_before_or_is_finished(path, step):
    old = read_key_file(path).public_key
    with pytest.raises(Killed):
        rotated(path, disk=KilledAt(step))

    signer = own_settings(path).signer()  # whoever signs finishes it
    named = trusted_names(path)
    assert named[signer.public_key.key_id] == signer.public_key
    if step < 2:
        assert (signer.public_key, list(named)) == (old, ["one"])
    else:
        assert signer.public_key.key_id == "two"
        assert named["one"].rotates_at == TURN
    rotated(path, "three", LATER + timedelta(days=1))
    assert trusted_names(path).keys() >= {"one", "three"}


def test_a_rotation_has_four_steps(path):
    disk = KilledAt(4)
    rotated(path, disk=disk)
    assert disk.left == 0


def test_finishing_what_is_finished_changes_nothing(path):
    new = rotated(path)
    before = files(path.parent)
    finish_rotation(path, new)
    assert files(path.parent) == before
    public_path(path).unlink()
    finish_rotation(path, new)
    assert not public_path(path).exists()


def test_a_folder_that_takes_no_files_is_an_error_of_storage(path):
    retired_folder(path).write_bytes(b"")
    before = files(path.parent)
    with pytest.raises(StorageError, match="cannot write"):
        rotated(path)
    assert files(path.parent) == before


# --- Revoking -----------------------------------------------------------------------------------

AT = datetime(2026, 11, 1, tzinfo=UTC)
REVOKED_AT = "2026-11-01T00:00:00.000000Z"


def revoked(path, keys, name, at=AT, reason="stolen"):
    return revoke(path, keys, name, at=at, reason=reason)


@pytest.mark.parametrize("by", ["key_id", "fingerprint"])
def test_a_revocation_lies_beside_the_signing_key_and_can_be_given_away(path, by, tmp_path):
    key = OTHER_SIGNER.public_key
    told, place = revoked(path, [key], getattr(key, by))

    assert (told.raw, told.revoked_at, told.revocation_reason) == (key.raw, REVOKED_AT, "stolen")
    assert revoked_files(path) == [place]
    assert read_public_key(place) == told
    assert trusted_names(path)[key.key_id] == told
    elsewhere = Settings.of({"PITH_SIGNING_KEY_FILE": str(tmp_path / "none.json")}, (place,))
    assert [key for key, _ in elsewhere.trusted()][1:] == [told]


def test_what_a_key_was_trusted_for_stays_so(path):
    key = replace(TrustedKey.of(OTHER_SIGNER.public_key), event_types=frozenset({"correction"}))
    told, place = revoked(path, [key], key.key_id)
    assert read_public_key(place).event_types == told.event_types == {"correction"}


def test_a_name_must_stand_for_one_trusted_key(path):
    renamed = PublicKey(key_id=OTHER_SIGNER.public_key.key_id, raw=bytes(32))
    with pytest.raises(UsageError, match="no trusted key is named 'nobody'"):
        revoked(path, [renamed], "nobody")
    with pytest.raises(UsageError, match=f"names several keys, say which: .*{renamed.fingerprint}"):
        revoked(path, [renamed, OTHER_SIGNER.public_key], renamed.key_id)
    assert revoked_files(path) == []


def test_a_reason_is_one_line(path):
    key = OTHER_SIGNER.public_key
    with pytest.raises(UsageError, match="in one line"):
        revoked(path, [key], key.key_id, reason="two\nlines")


def test_a_key_may_be_revoked_from_earlier_but_not_from_later(path):
    key = OTHER_SIGNER.public_key
    told, _ = revoked(path, [key], key.key_id)
    with pytest.raises(UsageError, match="is revoked from 2026-11-01"):
        revoked(path, [told], key.key_id, AT + timedelta(seconds=1))
    earlier, place = revoked(
        path, [told], key.key_id, AT - timedelta(days=1), "since the day before"
    )
    assert read_public_key(place) == earlier


def test_a_revoked_key_signs_nothing_more(path):
    own = read_key_file(path).public_key
    revoked(path, [own], own.key_id)
    with pytest.raises(UsageError, match=r"is revoked, .*take another with `pith keys rotate`"):
        own_settings(path).signer()

    new = rotated(path)

    assert own_settings(path).signer().public_key == new
