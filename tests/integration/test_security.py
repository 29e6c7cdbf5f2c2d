"""What SECURITY.md names is there: tests, targets, commands and codes; none of it by hand."""

import re

import pytest

from pith_builder.core.report import Code
from tests.lakes import ROOT

TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"`([^`\n]+)`", TEXT)
TESTS = sorted({path for path in re.findall(r"tests/[\w/.]+", TEXT) if path.rstrip(".")})


@pytest.mark.parametrize("path", TESTS)
def test_a_test_that_is_named_is_there(path):
    place = ROOT / path
    assert place.is_dir() or place.is_file()


def test_every_search_for_faults_is_named_and_every_promise_has_its_command():
    searches = {f"tests/faults/{file.name}" for file in (ROOT / "tests/faults").glob("test_*.py")}
    assert searches - {"tests/faults/test_harvest_kills.py"} <= set(TESTS)
    promises = TEXT.partition("## What is promised")[2].partition("## Keys")[0]
    rows = [line for line in promises.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 12
    for row in rows:
        assert re.search(r"`(python -m pytest|make|pith) [^`]+` \|$", row), row


def test_codes_that_are_named_are_codes():
    named = {word for word in COMMANDS if re.fullmatch(r"[a-z]+(_[a-z]+)+", word)}
    fields = {
        *("public_keys", "signed_at", "created_at", "built_at", "valid_from", "rotates_at"),
        *("revoked_at", "signer_id", "signer_ids"),
    }
    assert named - fields <= set(map(str, Code))
    assert {"unknown_key", "revoked_key", "key_out_of_time", "signer_mismatch"} <= named
