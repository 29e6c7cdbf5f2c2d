import json
from pathlib import Path

import pytest

from pith_builder.errors import MalformedError, UsageError
from pith_builder.settings import Settings
from tests.makers import OTHER_SIGNER, PUBLISHED_KEY


def written(path, key):
    path.write_text(json.dumps(key.to_json_object()))
    return path


def test_without_settings_the_defaults_hold():
    settings = Settings.of({})

    assert settings.lake == Path("data/lake")
    assert settings.signing_key_file == Path("data/keys/signing-key.json")
    assert settings.trusted_keys == ()
    assert settings.registry.signer_id == "pith-builder.local"
    assert settings.registry.builder_version.startswith("pith-builder-")


def test_every_setting_has_its_variable():
    settings = Settings.of(
        {
            "PITH_LAKE": "/lake",
            "PITH_SIGNING_KEY_FILE": "/key.json",
            "PITH_TRUSTED_KEYS": "/one.json:/two",
            "PITH_SIGNER_ID": "mirror.example",
            "PITH_REGISTRY_NAME": "Our Mirror",
            "PITH_BASE_URL": "https://mirror.example/pith/",
            "PITH_BUILDER_VERSION": "another-builder-7",
        },
        trust=(Path("/three.json"),),
    )

    assert (settings.lake, settings.signing_key_file) == (Path("/lake"), Path("/key.json"))
    assert set(map(str, settings.trusted_keys)) == {"/one.json", "/two", "/three.json"}
    assert settings.registry.signer_id == "mirror.example"
    assert settings.registry.name == "Our Mirror"
    assert settings.registry.base_url == "https://mirror.example/pith"
    assert settings.registry.builder_version == "another-builder-7"


def test_an_empty_place_is_the_default():
    settings = Settings.of({"PITH_LAKE": "", "PITH_SIGNING_KEY_FILE": "", "PITH_TRUSTED_KEYS": ":"})

    assert settings.lake == Path("data/lake")
    assert settings.signing_key_file == Path("data/keys/signing-key.json")
    assert settings.trusted_keys == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PITH_BASE_URL", "mirror.example"),
        ("PITH_BASE_URL", "ftp://mirror.example"),
        ("PITH_BASE_URL", ""),
        ("PITH_SIGNER_ID", ""),
        ("PITH_REGISTRY_NAME", ""),
        ("PITH_BUILDER_VERSION", ""),
    ],
)
def test_a_setting_that_would_be_signed_must_have_its_form(name, value):
    with pytest.raises(MalformedError, match=r"\w"):
        Settings.of({name: value})


def test_trusted_are_the_public_registrys_key_ones_own_and_those_named(tmp_path, key_file):
    written(tmp_path / "their.json", OTHER_SIGNER.public_key)
    settings = Settings.of({"PITH_SIGNING_KEY_FILE": str(key_file)}, (tmp_path,))

    trusted = settings.trusted()

    own = settings.signer().public_key
    assert [key for key, _ in trusted] == [PUBLISHED_KEY, own, OTHER_SIGNER.public_key]
    assert trusted[0][1] == "shipped with Pith Builder"
    assert trusted[2][1] == str(tmp_path / "their.json")
    assert set(settings.keyring()) == {key for key, _ in trusted}


def test_without_a_key_of_ones_own_the_public_registrys_is_trusted(tmp_path):
    settings = Settings.of({"PITH_SIGNING_KEY_FILE": str(tmp_path / "none.json")})

    assert [key for key, _ in settings.trusted()] == [PUBLISHED_KEY]


def test_a_key_that_is_not_there_is_not_passed_over(tmp_path):
    settings = Settings.of({}, (tmp_path / "none.json",))

    with pytest.raises(UsageError, match=r"none\.json"):
        settings.keyring()
