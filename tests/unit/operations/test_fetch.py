"""Named papers, and those a query finds: identifiers from anywhere, text from arXivRaw alone."""

from datetime import date

import pytest

from pith_builder.core.arxiv_id import ArxivId
from pith_builder.errors import SourceError, SourceUnavailableError, UsageError
from pith_builder.lake.store import live_manifest
from pith_builder.operations.fetch import build_ids, find_ids, opened_api
from tests.arxiv_server.faults import EVERY, Fault, Faults
from tests.arxiv_server.oai import cooked
from tests.arxiv_server.papers import TEX_ABSTRACT, TEX_TITLE, paper
from tests.arxiv_server.server import LoopbackArxiv
from tests.arxiv_server.store import Store
from tests.harvests import (
    AT,
    Local,
    bad,
    findings,
    held,
    ledger,
    many,
    opened,
    snapshot_of,
    source_settings,
    target,
    wanted,
)
from tests.lakes import LATER, build, content_roots, rows, untouched


def ids(*names):
    return [ArxivId(name) for name in names]


@pytest.fixture
def arxiv():
    return Local([paper("math/9901001"), *many(5, ("2024-01-10",))])


def test_the_papers_named_are_minted_in_one_commit(tmp_path, arxiv):
    result = build_ids(target(tmp_path), arxiv.source, ids("2401.00002", "math/9901001"))

    assert (result.seen, result.minted, result.sequence) == (2, 2, 1)
    assert {name for name, _ in held(tmp_path)} == {"2401.00002", "math/9901001"}
    assert set(held(tmp_path)) <= set(wanted(arxiv.store).items())
    assert {request.get("verb") for request in arxiv.requests} == {"GetRecord"}
    assert ledger(tmp_path) == []
    assert findings(tmp_path) == []


def test_a_paper_named_twice_is_minted_once(tmp_path, arxiv):
    result = build_ids(target(tmp_path), arxiv.source, ids("2401.00002", "2401.00002"))

    assert (result.minted, result.unchanged) == (1, 1)
    assert not build_ids(target(tmp_path, now=LATER), arxiv.source, ids("2401.00002")).committed


def test_named_papers_equal_a_build_of_them(tmp_path, arxiv):
    names = [entry.paper["id"] for entry in arxiv.store]
    build_ids(target(tmp_path / "named"), arxiv.source, ids(*names))
    build(tmp_path / "built", snapshot_of([entry.paper for entry in arxiv.store]))

    assert content_roots(tmp_path / "named") == content_roots(tmp_path / "built")


def test_an_unknown_paper_is_an_error_and_nothing_is_committed(tmp_path, arxiv):
    build_ids(target(tmp_path), arxiv.source, ids("2401.00001"))
    before = untouched(tmp_path)
    with pytest.raises(UsageError, match=r"arXiv has no paper 2401\.09999; nothing was committed"):
        build_ids(target(tmp_path), arxiv.source, ids("2401.00002", "2401.09999", "2401.00003"))
    assert untouched(tmp_path) == before


def test_a_source_that_is_down_commits_nothing(tmp_path, arxiv):
    arxiv.is_down = True
    with pytest.raises(SourceUnavailableError):
        build_ids(target(tmp_path), arxiv.source, ids("2401.00001"))
    assert live_manifest(tmp_path) is None


def test_a_paper_that_makes_no_record_is_rejected(tmp_path):
    arxiv = Local([bad("2401.00001", "2024-01-10")])
    result = build_ids(target(tmp_path), arxiv.source, ids("2401.00001"))

    assert (result.seen, result.rejected) == (1, 1)
    assert rows(tmp_path, "rejects")[0]["reason"] == "bad_version"


# A query


@pytest.fixture
def library():
    """A loopback arXiv over HTTP with a paper whose text the query API gives otherwise."""
    rich = paper("2402.00001", title=TEX_TITLE, abstract=TEX_ABSTRACT, categories="hep-th")
    store = Store([*many(5, ("2024-01-10",)), rich], now=lambda: AT)
    with LoopbackArxiv(store) as arxiv:
        yield arxiv


def searched(library, tmp_path, *query):
    settings = source_settings(library.oai_url, tmp_path)
    with opened_api(library.api_url, settings) as get:
        return [str(found) for found in find_ids(get, *query)]


def test_a_query_finds_papers_by_their_category_and_day_of_submission(library, tmp_path):
    january = [f"2401.{number:05d}" for number in range(1, 6)]
    first, last = date(2024, 1, 1), date(2024, 1, 31)

    assert searched(library, tmp_path, "cat:cs.LG") == january
    assert searched(library, tmp_path, "cat:cs.LG", first, last) == january
    assert searched(library, tmp_path, "cat:hep-th", first, last) == []
    february = (date(2024, 2, 1), date(2024, 2, 29))
    assert searched(library, tmp_path, "cat:hep-th", *february) == ["2402.00001"]
    with pytest.raises(UsageError, match="both its first and its last day"):
        searched(library, tmp_path, "cat:hep-th", first)


def test_text_of_the_query_api_differs_and_is_never_minted(library, tmp_path):
    (name,) = searched(library, tmp_path, "cat:hep-th")
    atom = library.api.answer([("id_list", name)]).decode()
    assert "Schrödinger" in atom
    assert cooked(TEX_TITLE) != TEX_TITLE
    with opened(library, tmp_path) as source:
        build_ids(target(tmp_path / "lake"), source, ids(name))

    (row,) = rows(tmp_path / "lake", "records")
    assert row["title"].encode() == TEX_TITLE.encode()
    assert row["abstract"].encode() == TEX_ABSTRACT.encode()
    assert row["license"] == "http://creativecommons.org/licenses/by/4.0/"  # Atom has none


@pytest.mark.parametrize("fault", EVERY)
def test_a_query_and_its_papers_survive_each_fault(tmp_path, fault):
    faults = Faults(rate=0.4, kinds=(fault,), seed=5, slow_seconds=0.01)
    with LoopbackArxiv(Store(many(8, ("2024-01-10",))), faults=faults) as arxiv:
        names = searched(arxiv, tmp_path, "cat:cs.LG")
        with opened(arxiv, tmp_path) as source:
            build_ids(target(tmp_path / "lake"), source, ids(*names))

        assert dict(held(tmp_path / "lake")) == wanted(arxiv.store)


def test_a_query_the_api_refuses_is_told(tmp_path):
    faults = Faults(rate=1, kinds=(Fault.HTML,))
    with (
        LoopbackArxiv(Store(), faults=faults) as arxiv,
        pytest.raises(SourceError, match="no whole answer"),
    ):
        searched(arxiv, tmp_path, "cat:cs.LG")
