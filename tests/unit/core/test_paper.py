from datetime import UTC, datetime, timedelta, timezone

import pytest

from pith_builder.errors import MalformedError
from tests.makers import paper

NAIVE = datetime(2018, 4, 4, 12, 13, 41)  # noqa: DTZ001 - no zone is the point
IN_PARIS = NAIVE.replace(tzinfo=timezone(timedelta(hours=2)))


def test_a_paper_is_a_value():
    assert paper() == paper()
    assert hash(paper()) == hash(paper())
    assert paper(version=1) != paper()


def test_arxiv_may_say_no_more_than_the_least():
    least = paper(license="")
    assert (least.submitter, least.doi, least.updated_on, least.other_metadata) == (None,) * 4
    assert not least.is_withdrawn


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 0}, "version 0: versions are counted from 1"),
        ({"version": -1}, "counted from 1"),
        ({"title": ""}, "the title is empty"),
        ({"title": " \n\u3000"}, "the title is empty"),
        ({"abstract": ""}, "the abstract is empty"),
        ({"abstract": "\t"}, "the abstract is empty"),
        ({"categories": ()}, "there is no category"),
        ({"submitted_at": NAIVE}, "not in UTC"),
        ({"submitted_at": IN_PARIS}, "not in UTC"),
        ({"version_submitted_at": NAIVE}, "not in UTC"),
        ({"version_submitted_at": IN_PARIS}, "not in UTC"),
    ],
)
def test_a_paper_that_cannot_be_minted_is_refused(changes, said):
    with pytest.raises(MalformedError, match=said):
        paper(**changes)


def test_time_zones_do_not_matter_once_in_utc():
    assert paper(submitted_at=IN_PARIS.astimezone(UTC)) == paper(
        submitted_at=datetime(2018, 4, 4, 10, 13, 41, tzinfo=UTC)
    )
