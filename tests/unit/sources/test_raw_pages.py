"""Answers kept as they came, and given again."""

import pytest

from pith_builder.errors import SourceError, StorageError
from pith_builder.sources.fetching import Request
from pith_builder.sources.oai_walker import Walk, Window
from pith_builder.sources.raw_pages import INDEX, kept, replayed
from tests.arxiv_server.clients import fetcher
from tests.arxiv_server.faults import OF_TRANSPORT, Faults
from tests.arxiv_server.papers import papers
from tests.arxiv_server.server import LoopbackArxiv
from tests.arxiv_server.store import Store


def xml_of(get):
    return [record.xml for page in Walk(get, Window()) for record in page.records]


@pytest.fixture
def harvest(tmp_path):
    """A folder of kept answers, and the records read while they were kept."""
    faults = Faults(rate=0.3, kinds=OF_TRANSPORT, seed=2, slow_seconds=0.01)
    with (
        LoopbackArxiv(Store(papers(40)), faults=faults, page_size=10) as arxiv,
        fetcher(arxiv.oai_url, tmp_path) as get,
    ):
        return tmp_path / "raw", xml_of(kept(get, tmp_path / "raw"))


def test_kept_answers_give_the_same_records_again(harvest):
    folder, records = harvest

    assert len(records) == 40
    assert xml_of(replayed(folder)) == records


def test_only_whole_answers_are_kept_each_under_its_place_and_digest(harvest):
    folder, _ = harvest
    names = sorted(path.name for path in folder.glob("*.xml"))

    assert [name[:7] for name in names] == [f"{n:06d}-" for n in range(1, len(names) + 1)]
    assert len(names) == len((folder / INDEX).read_text().splitlines()) == 5
    assert all((folder / name).read_bytes().endswith(b"</OAI-PMH>") for name in names)


def test_more_answers_go_after_those_that_are_there(harvest):
    folder, records = harvest
    assert xml_of(kept(replayed(folder), folder)) == records

    assert len(list(folder.glob("*.xml"))) == 10
    get = replayed(folder)
    assert xml_of(get) == xml_of(get) == records


def test_what_was_not_asked_then_cannot_be_asked_now(harvest):
    get = replayed(harvest[0])
    xml_of(get)

    with pytest.raises(SourceError, match="no further answer"):
        xml_of(get)
    with pytest.raises(SourceError, match="no further answer"):
        list(Walk(get, Window(set_spec="cs")))


@pytest.mark.parametrize(
    "index",
    [
        b'{"file": "../../etc/passwd", "request": []}\n',
        b'{"file": "/etc/passwd", "request": []}\n',
        b'{"file": "000001-0123456789abcde\\u0000.xml", "request": []}\n',
        b'{"file": 7, "request": []}\n',
        b'{"request": []}\n',
        b"[" * 100_000 + b"\n",
        b"\xff\n",
    ],
)
def test_an_index_that_names_no_file_beside_it_is_refused(tmp_path, index):
    (tmp_path / INDEX).write_bytes(index)
    with pytest.raises(SourceError, match="holds no kept answers"):
        replayed(tmp_path)


def test_a_changed_or_missing_answer_is_refused(harvest):
    folder, _ = harvest
    first = min(folder.glob("*.xml"))
    first.write_bytes(first.read_bytes() + b" ")
    with pytest.raises(SourceError, match="was changed"):
        xml_of(replayed(folder))
    first.unlink()
    with pytest.raises(SourceError, match="lacks"):
        xml_of(replayed(folder))


def test_a_folder_that_goes_away_is_the_operators_matter(tmp_path):
    get = kept(lambda _: b"<x/>", tmp_path / "raw")
    (tmp_path / "raw").rmdir()

    with pytest.raises(StorageError, match="the answers kept before are as they were"):
        xml_of(get)


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(SourceError, match="no kept answers"):
        replayed(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        kept(lambda _: b"", tmp_path / "file")


def test_a_line_that_a_crash_cut_short_is_left_out_and_its_answer_asked_for_again(tmp_path):
    get = kept(lambda request: str(request).encode(), tmp_path)
    asked = [Request((("verb", verb),)) for verb in ("Identify", "ListSets", "ListRecords")]
    answers = [get(request) for request in asked]
    whole = (tmp_path / INDEX).read_bytes()
    (tmp_path / INDEX).write_bytes(whole[:-1])

    assert replayed(tmp_path)(asked[1]) == answers[1]
    with pytest.raises(SourceError, match="no further answer"):
        replayed(tmp_path)(asked[2])
    assert kept(lambda request: str(request).encode(), tmp_path)(asked[2]) == answers[2]
    assert (tmp_path / INDEX).read_bytes() == whole
