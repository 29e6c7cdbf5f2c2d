import pytest

from pith_builder.errors import UsageError
from pith_builder.lake.query import connect
from pith_builder.operations.resolve import AmbiguousError, NotFoundError, resolve
from tests.lakes import COLLIDING, build, line, rows, versions

NUMBER = "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST"


@pytest.fixture(scope="module")
def sample(sample_lake):
    return connect(sample_lake)


@pytest.mark.parametrize(
    "ref",
    [
        NUMBER,
        f"  {NUMBER}\n",
        "REQM6TSZ2XBI5YFGVPNQEI7HST",
        "pith:REQM6TSZ2XBI5YFGVPNQEI7HST",
        "pith:REQM6TSZ",
        "REQM6TSZ",
        "reqm6tsz",
        "PITH:reqm6tsz",
        "REQM6TSZ2XBI",
        "REQM6TSZ2XBI5YFG",
        "REQM6TSZ2",
        "REQM6TSZ2XBI5YFGVPNQEI7HS",
        "1804.01852",
        "1804.01852v2",
        "arXiv:1804.01852",
        "ARXIV:1804.01852v2",
        "oai:arXiv.org:1804.01852",
        "https://arxiv.org/abs/1804.01852",
        "http://arxiv.org/abs/1804.01852v2",
        "arxiv.org/pdf/1804.01852v2.pdf",
        "https://www.arxiv.org/abs/1804.01852?context=cs",
        "10.48550/arXiv.1804.01852",
        "doi:10.48550/arxiv.1804.01852",
        "https://doi.org/10.48550/arXiv.1804.01852",
    ],
)
def test_every_name_of_a_record_finds_it(sample, ref):
    resolved = resolve(sample, ref)

    assert resolved.record.pith_number == NUMBER
    assert resolved.others == ()
    assert resolved.record.to_json_object() == {
        "pith_number": NUMBER,
        "arxiv_id": "1804.01852",
        "arxiv_version": 2,
        "title": "GoSGD: Distributed Optimization for Deep Learning with Gossip Exchange",
    }


@pytest.mark.parametrize(
    "ref",
    [
        "1804.01853",
        "1804.01852v1",
        "1804.01852v3",
        "hep-th/9201001",
        "AAAAAAAA",
        "REQM6TSZ2XBI5YFGVPNQEI7HSU",
        "pith:2019:REQM6TSZ2XBI5YFGVPNQEI7HST",
        "10.48550/arXiv.1804.01853",
    ],
)
def test_a_name_of_nothing_is_not_found(sample, ref):
    with pytest.raises(NotFoundError, match="no record of this lake is named"):
        resolve(sample, ref)


@pytest.mark.parametrize(
    "ref",
    [
        "",
        " ",
        "REQM6TS",
        "REQM6TSZ1",
        "pith:2018:REQM6TSZ",
        "1804.1",
        "10.1103/PhysRevD.76.013009",
        "'; drop view records --",
        "%",
        "\x00",
        "x" * 10_000,
    ],
)
def test_what_is_no_name_is_said_to_be_none(sample, ref):
    with pytest.raises(UsageError, match=r"not a name of a record.*wanted a Pith Number") as caught:
        resolve(sample, ref)

    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("ref", ["math/0309136", "math.GT/0309136", "arXiv:math.GT/0309136v1"])
def test_an_old_identifier_is_found_with_or_without_its_subject_class(lake_of_two, ref):
    assert resolve(connect(lake_of_two), ref).record.arxiv_id == "math/0309136"


def test_an_arxiv_identifier_answers_with_the_latest_version_and_lists_the_others(lake_of_two):
    resolved = resolve(connect(lake_of_two), "0704.0003")

    assert resolved.record.arxiv_version == 3
    assert [other.arxiv_version for other in resolved.others] == [2]
    one = resolve(connect(lake_of_two), "0704.0003v2")
    assert (one.record, one.others) == (resolved.others[0], ())


def test_ten_is_later_than_nine(tmp_path):
    build(tmp_path, b"\n".join(line(versions=versions(count)) for count in (9, 10, 2)))

    resolved = resolve(connect(tmp_path), "0704.0001")
    found = [resolved.record, *resolved.others]
    assert [record.arxiv_version for record in found] == [10, 9, 2]


def test_a_short_form_of_two_records_is_ambiguous_and_a_longer_one_is_not(tmp_path):
    build(tmp_path, b"\n".join(line(title=title) for title in COLLIDING))
    connection = connect(tmp_path)
    both = sorted(row["pith_number"] for row in rows(tmp_path, "records"))

    with pytest.raises(AmbiguousError) as caught:
        resolve(connection, "pith:TTUFGUGA")

    assert [found.pith_number for found in caught.value.candidates] == both
    assert all(number in str(caught.value) for number in both)
    for number in both:
        assert resolve(connection, number[10:][:9]).record.pith_number == number


def test_a_version_of_two_records_is_ambiguous(tmp_path):
    build(tmp_path, b"\n".join(line(license=text) for text in ("http://x/", "http://y/")))

    with pytest.raises(AmbiguousError, match="stands for 2 records"):
        resolve(connect(tmp_path), "0704.0001v2")
    assert len(resolve(connect(tmp_path), "0704.0001").others) == 1
