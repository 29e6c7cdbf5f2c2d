"""The same backfill, its windows read and minted by the workers of a Dask cluster.

One window at a time all the same: arXiv allows one connection over all machines of a project, and
a lake has one writer. What moves to the cluster is the work, not the order. The workers need the
checkout on their path, the settings in their environment, and the lake's folder.
"""

from __future__ import annotations

import os

from prefect_dask.task_runners import DaskTaskRunner

from flows import backfill_category as on_one_machine

CLUSTER = os.environ.get("PITH_DASK_ADDRESS")
"""The scheduler's address, such as tcp://10.0.0.5:8786. Otherwise a cluster on this machine."""

RUNNER = (
    DaskTaskRunner(address=CLUSTER)
    if CLUSTER
    else DaskTaskRunner(cluster_kwargs={"n_workers": 2, "threads_per_worker": 1})
)

backfill_category = on_one_machine.backfill_category.with_options(
    name="backfill-category-on-dask",
    task_runner=RUNNER,  # type: ignore[arg-type]  # Prefect types it too narrowly
)
