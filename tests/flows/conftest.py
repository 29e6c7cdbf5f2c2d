"""One Prefect for all tests of flows: it takes its time to start."""

import pytest

from tests.ports import held_port


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A server and a worker, with every deployment of `prefect.yaml`."""
    from tests.flows.site import Site  # noqa: PLC0415 - it wants what Prefect brings

    folder = tmp_path_factory.mktemp("prefect")
    with held_port() as port, Site(folder, port).running() as running:
        yield running
