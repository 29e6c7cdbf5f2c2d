import json

import jsonschema
import pytest

from pith_builder.core.lineage import Input, Output, Run, rows_added, run_event
from tests.makers import NOW, NOW_MICROSECONDS

RUN = Run(
    build_id="00000001-20261120T141709Z",
    previous=None,
    operation="build",
    now=NOW,
    namespace="https://mirror.example",
    builder_version="pith-builder-0.1.0",
    libraries={"pyarrow": "26.0.1", "orjson": "3.13.0"},
)
SNAPSHOT = Input(name="papers.jsonl", version=f"sha256:{'0' * 64}", size_bytes=360_244)
WINDOW = Input(
    namespace="https://oai.example/oai",
    name="cs, 2024-01-01 to 2024-01-31",
    version="2024-02-01T00:00:00Z",
    rows=7,
)
RECORDS = Output(table="records", rows=301, size_bytes=135_299, files=1)

_URI = {"type": "string", "pattern": "^[a-z]+:"}
_FACETS = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "required": ["_producer", "_schemaURL"],
        "properties": {"_producer": _URI, "_schemaURL": _URI},
    },
}
_NAMED = {"namespace": {"type": "string"}, "name": {"type": "string"}, "facets": _FACETS}
_DATASETS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["namespace", "name"],
        "additionalProperties": False,
        "properties": {**_NAMED, "inputFacets": _FACETS, "outputFacets": _FACETS},
    },
}
RUN_EVENT = jsonschema.Draft202012Validator(
    {
        "type": "object",
        "required": ["eventTime", "producer", "schemaURL", "run", "job"],
        "additionalProperties": False,
        "properties": {
            "eventTime": {"type": "string", "format": "date-time"},
            "eventType": {"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
            "producer": _URI,
            "schemaURL": _URI,
            "run": {
                "type": "object",
                "required": ["runId"],
                "properties": {"runId": {"format": "uuid"}, "facets": _FACETS},
            },
            "job": {"type": "object", "required": ["namespace", "name"], "properties": _NAMED},
            "inputs": _DATASETS,
            "outputs": _DATASETS,
        },
    },
    format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
)
"""What OpenLineage 2-0-2 asks of a RunEvent."""


def changed(**changes):
    return Run(**{**{name: getattr(RUN, name) for name in RUN.__slots__}, **changes})


@pytest.mark.parametrize("run", [RUN, changed(outcome="cut.gz is truncated", previous="a" * 64)])
def test_facts_are_a_run_event(run):
    event = run_event(run, [SNAPSHOT, WINDOW, Input(name="-")], [RECORDS])

    assert [*RUN_EVENT.iter_errors(event)] == []
    assert json.loads(json.dumps(event)) == event


def test_facts_say_what_ran_what_it_read_and_what_it_added():
    event = run_event(RUN, [SNAPSHOT, WINDOW], [RECORDS])
    snapshot, window = event["inputs"]

    assert (event["eventType"], event["eventTime"]) == ("COMPLETE", NOW_MICROSECONDS)
    assert event["job"] == {"namespace": "https://mirror.example", "name": "pith.build"}
    assert snapshot["facets"]["version"]["datasetVersion"] == SNAPSHOT.version
    assert snapshot["inputFacets"]["inputStatistics"]["size"] == 360_244
    assert (window["namespace"], window["name"]) == (WINDOW.namespace, WINDOW.name)
    assert window["inputFacets"]["inputStatistics"]["rowCount"] == 7
    assert rows_added(event) == {"records": 301}
    tags = event["run"]["facets"]["tags"]["tags"]
    assert [(tag["key"], tag["value"]) for tag in tags] == [
        ("orjson", "3.13.0"),
        ("pyarrow", "26.0.1"),
    ]


def test_what_ended_a_run_is_its_error():
    event = run_event(changed(outcome="cut.gz is truncated"), [], [])

    assert event["eventType"] == "FAIL"
    assert event["run"]["facets"]["errorMessage"]["message"] == "cut.gz is truncated"


def test_a_run_has_one_id_and_no_other_has_it():
    others = (RUN, changed(previous="a" * 64), changed(build_id="2"), changed(namespace="x:"))
    ids = [run_event(run, [], [])["run"]["runId"] for run in (RUN, *others)]

    assert ids[0] == ids[1]
    assert len({*ids}) == len(others)


def test_sources_are_files_and_addresses():
    assert [one.source for one in (SNAPSHOT, WINDOW)] == ["papers.jsonl", WINDOW.namespace]
