import json
import os
import pickle
import stat
from base64 import b64decode, b64encode

import pytest
from nacl.signing import SigningKey

from pith_builder.core.canonical import RecordDigest
from pith_builder.errors import MalformedError, StorageError, UsageError
from pith_builder.signing.key_files import (
    new_key_file,
    public_path,
    read_key_file,
    read_public_key,
    shipped_keys,
)
from tests.lakes import files
from tests.makers import NOW, PUBLISHED_KEY

URL = "https://mirror.example/pith-signing-key.json"


def made(path, key_id="ours-2026-11"):
    return new_key_file(path, key_id, url=URL, notes="A note.", now=NOW)


@pytest.fixture
def path(tmp_path):
    made(tmp_path / "key.json")
    return tmp_path / "key.json"


def fields_of(path):
    return json.loads(path.read_bytes())


def rewrite(path, **changes):
    fields = {**fields_of(path), **changes}
    path.write_text(json.dumps({name: said for name, said in fields.items() if said is not ...}))


def test_a_key_file_is_for_its_owner_alone_whatever_the_umask(tmp_path):
    old = os.umask(0)
    try:
        made(tmp_path / "new" / "folder" / "key.json")
    finally:
        os.umask(old)

    mode = (tmp_path / "new" / "folder" / "key.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_the_key_read_is_the_key_made(tmp_path):
    key = made(tmp_path / "key.json")
    signer = read_key_file(tmp_path / "key.json")

    assert signer.public_key == key
    assert (key.key_id, key.url, key.notes) == ("ours-2026-11", URL, "A note.")
    digest = RecordDigest(bytes(32))
    seed = b64decode(fields_of(tmp_path / "key.json")["seed_b64"])
    assert signer.sign(digest) == SigningKey(seed).sign(bytes(32)).signature


def test_a_key_file_says_what_it_is(path):
    fields = fields_of(path)

    assert fields["kind"] == "pith_signing_key"
    assert fields["algorithm"] == "ed25519"
    assert fields["created_at"] == "2026-11-20T14:17:09.598220Z"
    assert len(b64decode(fields["seed_b64"])) == 32


def test_the_public_key_lies_beside_and_holds_nothing_private(path):
    public = public_path(path)

    assert public == path.with_name("key.pub.json")
    assert read_public_key(public) == read_key_file(path).public_key
    assert fields_of(path)["seed_b64"].encode() not in public.read_bytes()
    assert fields_of(public).keys() == {
        "key_id",
        "algorithm",
        "format",
        "public_key_b64",
        "public_key_hex",
        "fingerprint_sha256_hex",
        "fingerprint_sha256_b32_first128bits",
        "rotates_at",
        "url",
        "notes",
    }


def test_two_keys_are_never_the_same(tmp_path):
    assert made(tmp_path / "one.json").raw != made(tmp_path / "two.json").raw


@pytest.mark.parametrize("there", [b"", b"another file", None])
def test_a_key_is_never_written_over(path, there):
    if there is not None:
        path.write_bytes(there)
    before = files(path.parent)

    with pytest.raises(UsageError, match="never written over"):
        made(path)

    assert files(path.parent) == before


def test_a_link_that_leads_nowhere_is_not_followed(tmp_path):
    (tmp_path / "key.json").symlink_to(tmp_path / "elsewhere.json")

    with pytest.raises(UsageError, match="never written over"):
        made(tmp_path / "key.json")

    assert not (tmp_path / "elsewhere.json").exists()


@pytest.mark.parametrize("below", ["key.json", "folder/key.json"])
def test_a_folder_that_takes_no_files_is_an_error_of_storage(tmp_path, below):
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(StorageError, match=r"cannot (write|make).*file"):
        made(tmp_path / "file" / below)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o601, 0o620, 0o602, 0o777])
def test_a_key_that_others_can_reach_is_refused_and_the_remedy_named(path, mode):
    path.chmod(mode)

    with pytest.raises(UsageError, match=rf"mode {mode:04o}.*chmod 600 .*key.json"):
        read_key_file(path)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_for_its_owner_alone_is_read(path, mode):
    path.chmod(mode)

    assert read_key_file(path).public_key.key_id == "ours-2026-11"


def test_without_a_key_the_message_says_how_to_make_one(tmp_path):
    with pytest.raises(UsageError, match=r"make one with `pith keys new`.*PITH_SIGNING_KEY_FILE"):
        read_key_file(tmp_path / "key.json")


def test_a_folder_is_no_key(tmp_path):
    (tmp_path / "key.json").mkdir(mode=0o700)

    with pytest.raises(UsageError, match="Is a directory"):
        read_key_file(tmp_path / "key.json")


OTHER_SEED = b64encode(bytes(range(32))).decode()
SECRETS = ("hunter2", OTHER_SEED)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "hunter2"},
        {"kind": ...},
        {"algorithm": "hunter2"},
        {"key_id": ...},
        {"key_id": ""},
        {"seed_b64": "hunter2"},
        {"seed_b64": ...},
        {"seed_b64": None},
        {"seed_b64": 7},
        {"seed_b64": b64encode(bytes(31)).decode()},
        {"seed_b64": OTHER_SEED},
        {"seed_b64": OTHER_SEED.rstrip("=")},
        {"public_key_hex": "00" * 32},
        {"public_key_hex": ...},
        {"public_key_hex": None},
        {"url": ...},
        {"notes": ...},
        {"key_id": 7},
        {"url": 7},
        {"notes": ["hunter2"]},
    ],
    ids=str,
)
def test_a_file_that_contradicts_itself_is_refused_without_showing_it(path, changes):
    rewrite(path, **changes)

    _refused_without_showing(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hunter2",
        b"\xff\xfehunter2",
        b"[]",
        b"null",
        b'"hunter2"',
        b'{"kind": "pith_signing_key", "kind": "hunter2"}',
        b'{"kind": "pith_signing_key"}',
        b"[" * 10_000,
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n",
    ],
)
def test_a_file_of_another_form_is_refused_without_showing_it(path, data):
    path.write_bytes(data)

    _refused_without_showing(path)


def _refused_without_showing(path):
    with pytest.raises(MalformedError, match="is no private key file as `pith keys new`") as caught:
        read_key_file(path)

    shown = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert all(secret not in repr(error) for secret in SECRETS for error in shown)


def test_a_signer_is_shown_without_its_key(path):
    signer = read_key_file(path)

    assert repr(signer) == str(signer) == "Ed25519Signer(key_id='ours-2026-11')"
    assert not hasattr(signer, "__dict__")
    assert pickle.loads(pickle.dumps(signer)).public_key == signer.public_key  # noqa: S301 - ours


def test_the_public_registrys_key_is_shipped():
    assert shipped_keys() == (PUBLISHED_KEY,)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", MalformedError),
        (b"{}", MalformedError),
        (b"[]", MalformedError),
        (b"7", MalformedError),
        (b'{"key_id": "x", "public_key_hex": "00"}', MalformedError),
        (b'{"key_id": "x", "public_key_hex": "zz"}', MalformedError),
        (b'{"key_id": "", "public_key_hex": "' + b"00" * 32 + b'"}', MalformedError),
        (b'{"key_id": 7, "public_key_hex": null}', MalformedError),
        (
            b'{"key_id": "x", "public_key_b64": "AA==", "public_key_hex": "' + b"00" * 32 + b'"}',
            MalformedError,
        ),
        (None, UsageError),
    ],
)
def test_what_is_no_public_key_is_refused_by_its_name(tmp_path, data, error):
    if data is not None:
        (tmp_path / "their-key.json").write_bytes(data)

    with pytest.raises(error, match=r"their-key\.json"):
        read_public_key(tmp_path / "their-key.json")
