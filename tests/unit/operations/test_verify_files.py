import io
import json

import pytest

from pith_builder.core.report import Code, Failure, Report
from pith_builder.errors import UsageError
from pith_builder.operations import verify_files
from pith_builder.operations.verify_files import exit_code, verify_file
from tests.lakes import rows
from tests.makers import KEYRING, PUBLISHED_KEYRING


@pytest.fixture(scope="module")
def bundle(lake_of_two):
    return rows(lake_of_two, "bundles")[0]["document"].encode()


def written(folder, data):
    path = folder / "document.json"
    path.write_bytes(data)
    return path


def test_a_file_and_standard_input_are_verified_alike(tmp_path, bundle):
    from_file = verify_file(written(tmp_path, bundle), KEYRING, io.BytesIO())
    from_input = verify_file(type(tmp_path)("-"), KEYRING, io.BytesIO(bundle))

    assert from_file == from_input
    assert from_file.failures == ()
    assert from_file.kind == "bundle"


def test_trust_comes_from_the_keyring_alone(tmp_path, bundle):
    report = verify_file(written(tmp_path, bundle), PUBLISHED_KEYRING, io.BytesIO())

    assert {failure.code for failure in report.failures} >= {Code.UNKNOWN_KEY}
    assert exit_code([report]) == 4


def test_a_document_in_any_key_order_is_verified(tmp_path, bundle):
    pretty = json.dumps(dict(reversed(json.loads(bundle).items())), indent=3).encode()

    assert verify_file(written(tmp_path, pretty), KEYRING, io.BytesIO()).failures == ()


def test_a_document_too_large_is_refused_unread(tmp_path, bundle, monkeypatch):
    monkeypatch.setattr(verify_files, "MAX_DOCUMENT_BYTES", len(bundle))
    assert verify_file(written(tmp_path, bundle), KEYRING, io.BytesIO()).failures == ()

    report = verify_file(written(tmp_path, bundle + b" "), KEYRING, io.BytesIO())
    assert [failure.code for failure in report.failures] == [Code.TOO_LARGE]
    assert exit_code([report]) == 3


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_file_that_cannot_be_read_is_the_callers_affair(tmp_path, name):
    with pytest.raises(UsageError, match="cannot read"):
        verify_file(tmp_path / name, KEYRING, io.BytesIO())


def report(*codes):
    return Report("bundle", "", tuple(Failure("", code, "") for code in codes))


@pytest.mark.parametrize(
    ("reports", "code"),
    [
        ([], 0),
        ([report(), report()], 0),
        ([report(Code.NOT_JSON)], 3),
        ([report(Code.NOT_JSON), report(Code.UNKNOWN_KIND), report(Code.TOO_LARGE)], 3),
        ([report(Code.NOT_JSON), report(Code.BAD_SIGNATURE)], 4),
        ([report(), report(Code.MISSING_FIELD)], 4),
    ],
)
def test_the_exit_code_is_of_the_worst(reports, code):
    assert exit_code(reports) == code
