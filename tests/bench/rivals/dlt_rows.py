"""dlt: rows with the hashes and Pith Number, loaded to Parquet files, normalised on all cores."""

import os
from itertools import islice

import dlt

from tests.bench.rivals.plain import identified

PAPERS_AT_ONCE = 1_000
FILES_A_CORE = 4


def ready(source, folder):
    """Return the work: one pipeline from lines to files.

    It normalises in as many processes as there are cores, which takes as many files and more;
    what it extracts, hashes among it, it extracts on one.
    """
    cores = len(os.sched_getaffinity(0))
    with source.open("rb") as lines:
        papers = sum(1 for _ in lines)
    dlt.config["runtime.dlthub_telemetry"] = False
    dlt.config["normalize.workers"] = cores
    dlt.config["sources.data_writer.file_max_items"] = -(-papers // (cores * FILES_A_CORE))
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.filesystem(str(folder / "lake")),
        dataset_name="arxiv",
    )

    def work():
        pages = dlt.resource(_pages(source), name="records", primary_key="pith_number")
        pipeline.run(pages, loader_file_format="parquet").raise_on_failed_jobs()
        return pipeline.last_trace.last_normalize_info.row_counts["records"]

    return work


def _pages(source):
    with source.open("rb") as lines:
        while page := [identified(line) for line in islice(lines, PAPERS_AT_ONCE)]:
            yield page
