import pytest

from tests.bench.yardsticks import yardsticks


@pytest.fixture(scope="module")
def bounds():
    with yardsticks() as measured:
        yield measured


def test_all_cores_work_at_once(bounds):
    speed = bounds.signing()
    worked = speed.papers_a_second * speed.cpu_microseconds_a_paper / 1_000_000

    assert 0 < worked < bounds.cores * 1.1


def test_verifying_is_more_work_than_signing(bounds):
    signing, verifying = bounds.signing(), bounds.verifying()

    assert verifying.cpu_microseconds_a_paper > signing.cpu_microseconds_a_paper
