import pytest

from pith_builder.errors import SourceError, StorageError
from pith_builder.operations.desk import Desk, new_desk
from pith_builder.operations.offers import Offer, OfferKind


def offer(number, said=b"{}"):
    return Offer(number=number, kind=OfferKind.EVENT, source="-", line=1, document=said)


def test_offers_are_sorted_by_record_and_keep_their_order_within_one():
    with new_desk() as desk:
        desk.put_offers([offer("b", b"4")], turn=1)
        desk.put_offers([offer("b", b"1"), offer("a", b"2"), offer("b", b"3")])
        desk.sort_offers()
        desk.hold([("b", "held"), ("c", "not offered")])

        found = [
            (number, held, [one.document for one in offers])
            for number, held, offers in desk.records("a", "z")
        ]

    assert found == [("a", None, [b"2"]), ("b", b"held", [b"1", b"3", b"4"])]


def test_what_is_offered_and_replaced_is_told_by_record():
    with new_desk() as desk:
        desk.put_offers([offer("b")])
        desk.replace([("states", "b", [(1, "x", None)]), ("aliases", "a", [(2,), (3,)])])
        desk.replace([("aliases", "b", [])])

        assert desk.offered([("a",), ("b",)]) == {("b",): None}
        assert list(desk.replaced("states", ["a", "b"])) == [(1, "x", None)]
        assert list(desk.replaced("aliases", ["a", "c"])) == [(2,), (3,)]
        assert list(desk.replaced("bundles", ["a", "b"])) == []
        assert (desk.changed("states"), desk.changed("aliases")) == (["b"], ["a"])


@pytest.mark.parametrize(
    ("offered", "records", "sizes"),
    [
        (80, 16, [16, 16, 12, 9, 6, 5, 4, 3, 2, 2, 2, 2, 1]),
        (9, 16, [2, 2, 2, 2, 1]),
        (3, 1, [1, 1, 1]),
        (0, 8, []),
    ],
)
def test_records_are_cut_into_stretches_that_are_smaller_at_the_end(offered, records, sizes):
    names = [f"{name:02d}" for name in range(offered)]
    with new_desk() as desk:
        desk.put_offers(offer(name) for name in [*names, *reversed(names)])
        cut = desk.stretches(records)
    found = [names[names.index(first) : names.index(last) + 1] for first, last in cut]
    assert list(map(len, found)) == sizes
    assert [name for some in found for name in some] == names


def test_heaps_are_removed_while_something_else_is_done():
    with new_desk() as desk:
        desk.put_offers([offer("a")])
        desk.hold([("a", "held")])
        before = set(desk.path.parent.iterdir())
        with pytest.raises(SourceError, match="done meanwhile"), desk.clearing():
            raise SourceError("done meanwhile")
        gone = before - set(desk.path.parent.iterdir())
        assert [place.name.partition("-")[0] for place in gone] == ["heap"]
        assert list(desk.numbers()) == ["a"]


def test_nothing_is_left_of_a_desk():
    with new_desk() as desk:
        place = desk.path
        assert place.exists()
    assert not place.parent.exists()


def test_a_source_that_fails_midway_is_told():
    def failing():
        yield offer("a")
        raise SourceError("truncated")

    with new_desk() as desk, pytest.raises(SourceError, match="truncated"):
        desk.put_offers(failing())


def test_a_disk_that_refuses_is_told(tmp_path):
    desk = Desk(tmp_path / "desk.sqlite")
    with pytest.raises(StorageError, match="make room, or set TMPDIR"):
        desk.hold([("a", "b")])  # it was never laid out
    desk.close()
