"""One Prefect for all tests of flows: it takes its time to start."""

import pytest


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A server and a worker, with every deployment of `prefect.yaml`."""
    from tests.flows.site import Site  # noqa: PLC0415 - it wants what Prefect brings

    with Site(tmp_path_factory.mktemp("prefect")).running() as running:
        yield running
