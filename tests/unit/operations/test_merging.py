import io
import json

import pytest

from pith_builder.operations.merging import Merged, exit_code, merge_files
from tests.graphs import TRUSTED, theirs, written
from tests.makers import BUNDLE, PUBLISHED_NUMBER, document, event, mint


def merged(*files):
    return list(merge_files(files, io.BytesIO(), TRUSTED))


def test_events_of_several_files_are_grouped_by_record_in_order(tmp_path):
    other = theirs(title="Another paper")
    first = written(tmp_path / "a.jsonl", other, event("correction"))
    second = written(tmp_path / "b.jsonl", document(BUNDLE), theirs())

    found = merged(first, second)

    numbers = [one.number for one in found]
    assert numbers == sorted([other["pith_number"], PUBLISHED_NUMBER])
    by_number = {one.number: one for one in found}
    assert by_number[PUBLISHED_NUMBER].state.event_count == 5
    assert by_number[other["pith_number"]].state.event_count == 2


def test_split_in_any_way_the_state_is_one(tmp_path):
    events = [*theirs()["events"], event("correction"), *document(BUNDLE)["events"]]
    whole = merged(written(tmp_path / "whole.jsonl", events))
    split = merged(
        written(tmp_path / "one.jsonl", *events[3:], events[0]),
        written(tmp_path / "two.jsonl", events[:4]),
    )
    assert [one.state.state_sha256 for one in whole] == [one.state.state_sha256 for one in split]


def test_without_a_creation_there_is_no_state_and_it_is_said(tmp_path):
    (found,) = merged(written(tmp_path / "e.jsonl", event("correction")))
    assert isinstance(found, Merged)
    assert found.state is None
    assert [one.reason for one in found.refused] == ["no_record_created"]


def test_what_names_no_record_comes_first(tmp_path):
    found = merged(
        written(
            tmp_path / "e.jsonl",
            json.loads(mint().bundle.document)["bundle_signature"],
            document(BUNDLE),
        )
    )
    assert found[0].reason == "unknown_kind"
    assert found[1].number == PUBLISHED_NUMBER


@pytest.mark.parametrize(
    ("reasons", "code"),
    [
        ([], 0),
        (["not_json", "unknown_kind", "too_large"], 3),
        (["not_json", "bad_signature"], 4),
        (["no_record_created"], 4),
    ],
)
def test_exit_codes(reasons, code):
    assert exit_code(reasons) == code
