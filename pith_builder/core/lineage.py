"""The facts of a run in the shape of an OpenLineage RunEvent (specification 2-0-2).

One event tells of the whole run. Ruling: its time is the instant that the run dates everything
with, and nothing in it tells of clocks, processes or the machine, so that the same input gives the
same lake.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from pith_builder.core.canonical import JsonValue
from pith_builder.core.instants import format_microseconds

COMPLETE = "complete"
"""The outcome of a run that read its input to the end."""

FILE = "file"
"""The namespace of files, which go by their names."""

_PRODUCER = "pkg:pypi/pith-builder"
_SPECIFICATION = "https://openlineage.io/spec"
_VERSIONS = {
    "DatasetVersionDatasetFacet": "1-0-1",
    "ErrorMessageRunFacet": "1-0-1",
    "InputStatisticsInputDatasetFacet": "1-0-0",
    "OutputStatisticsOutputDatasetFacet": "1-0-2",
    "ProcessingEngineRunFacet": "1-1-1",
    "TagsRunFacet": "1-0-0",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """Something that a run read, as far as it is known.

    Attributes:
        name: A file's name, or what was asked of an address.
        namespace: `file`, or the address, or what else it is.
        version: What tells its content from others: `sha256:` and a digest, or an instant.
        size_bytes: Its size.
        rows: How many things it gave.
    """

    name: str
    namespace: str = FILE
    version: str | None = None
    size_bytes: int | None = None
    rows: int | None = None

    @property
    def source(self) -> str:
        """The file or address, as the column `sources` names it."""
        return self.namespace if "://" in self.namespace else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a run added to a table.

    Attributes:
        table: The table's name.
        rows: Rows added; rows that took the place of others are not counted.
        size_bytes: The size of the files written.
        files: How many there are.
    """

    table: str
    rows: int
    size_bytes: int
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What ran.

    Attributes:
        build_id: Its name in the lake.
        previous: The digest of the manifest it followed, or None.
        operation: What was done.
        now: The instant it dates everything with.
        namespace: The address of the registry it ran for.
        builder_version: The builder's name in receipts.
        libraries: Versions of the libraries that matter, by name.
        outcome: `complete`, or what ended the reading before its end.
    """

    build_id: str
    previous: str | None
    operation: str
    now: datetime
    namespace: str
    builder_version: str
    libraries: Mapping[str, str]
    outcome: str = COMPLETE


def run_event(run: Run, inputs: Iterable[Input], outputs: Iterable[Output]) -> JsonValue:
    """Return what is known of a run."""

    def facet(kind: str, **said: JsonValue) -> dict[str, JsonValue]:
        schema = f"{_SPECIFICATION}/facets/{_VERSIONS[kind]}/{kind}.json#/$defs/{kind}"
        known = {name: value for name, value in said.items() if value is not None}
        return {"_producer": _PRODUCER, "_schemaURL": schema, **known}

    facets = {
        "processing_engine": facet(
            "ProcessingEngineRunFacet", name="pith-builder", version=run.builder_version
        ),
        "tags": facet(
            "TagsRunFacet",
            tags=[
                {"key": name, "value": version, "source": "library"}
                for name, version in sorted(run.libraries.items())
            ],
        ),
    }
    if run.outcome != COMPLETE:
        facets["errorMessage"] = facet(
            "ErrorMessageRunFacet", message=run.outcome, programmingLanguage="Python"
        )
    named = f"{run.namespace}/builds/{run.build_id}?after={run.previous or ''}"
    return {
        "eventType": "COMPLETE" if run.outcome == COMPLETE else "FAIL",
        "eventTime": format_microseconds(run.now),
        "producer": _PRODUCER,
        "schemaURL": f"{_SPECIFICATION}/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(uuid5(NAMESPACE_URL, named)), "facets": facets},
        "job": {"namespace": run.namespace, "name": f"pith.{run.operation}"},
        "inputs": [
            {
                "namespace": one.namespace,
                "name": one.name,
                "facets": {}
                if one.version is None
                else {"version": facet("DatasetVersionDatasetFacet", datasetVersion=one.version)},
                "inputFacets": {
                    "inputStatistics": facet(
                        "InputStatisticsInputDatasetFacet", rowCount=one.rows, size=one.size_bytes
                    )
                },
            }
            for one in inputs
        ],
        "outputs": [
            {
                "namespace": run.namespace,
                "name": one.table,
                "outputFacets": {
                    "outputStatistics": facet(
                        "OutputStatisticsOutputDatasetFacet",
                        rowCount=one.rows,
                        size=one.size_bytes,
                        fileCount=one.files,
                    )
                },
            }
            for one in outputs
        ],
    }


def rows_added(event: JsonValue) -> dict[str, int]:
    """Return how many rows a run says it added, by table."""
    return {
        output["name"]: output["outputFacets"]["outputStatistics"]["rowCount"]
        for output in event["outputs"]
    }
