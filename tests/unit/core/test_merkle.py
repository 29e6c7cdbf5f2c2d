import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.merkle import content_root, leaf_hash, sorted_root
from tests.makers import law
from tests.unit.core import reference

leaf_sets = st.sets(st.binary(max_size=2).map(leaf_hash), max_size=40) | st.sets(
    st.integers(0, 7).map(lambda low: bytes([low % 2 * 128]) + bytes(30) + bytes([low])), max_size=8
)


def plain_root(leaves, bit=0):
    """Build the trie top down, as its docstring says it is."""
    if not leaves:
        return bytes.fromhex(reference.sha256(b""))
    if len(leaves) == 1:
        return next(iter(leaves))
    sides = [set(), set()]
    for leaf in leaves:
        sides[leaf[bit // 8] >> (7 - bit % 8) & 1].add(leaf)
    if not all(sides):
        return plain_root(leaves, bit + 1)
    left, right = (plain_root(side, bit + 1) for side in sides)
    return bytes.fromhex(reference.sha256(b"\x01" + left + right))


@law
@given(leaf_sets, st.data())
def test_a_root_depends_on_the_set_alone(leaves, data):
    several = data.draw(st.permutations([*leaves, *list(leaves)[::2]]))
    assert content_root(several) == plain_root(leaves)
    assert sorted_root(iter(sorted(several))) == plain_root(leaves)


@law
@given(leaf_sets.filter(bool))
def test_any_row_missing_changes_the_root(leaves):
    roots = {content_root(leaves - {leaf}) for leaf in leaves}
    assert content_root(leaves) not in roots
    assert len(roots) == len(leaves)


@pytest.mark.parametrize(
    ("rows", "root"),
    [
        ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ([b""], "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ],
)
def test_the_first_roots_are_rfc6962s(rows, root):
    assert content_root(map(leaf_hash, rows)).hex() == root
