"""Every parser that meets bytes from outside lets only our own errors out, and obeys its laws.

Here each target of `make fuzz` meets its seeds and some thousands of mutations of them, the same
each time; `make fuzz` looks for more with coverage to guide it, and `PITH_TEST_SEED` draws others.
"""

from random import Random

import pytest

from tests.faults.effort import SEED, of
from tests.fuzz import NAMES
from tests.fuzz.mutating import mutated
from tests.fuzz.targets import targets

SLOW = {
    "documents to verify": 8,
    "merge input": 12,
    "Atom feeds": 5,
    "OAI-PMH pages": 5,
    "manifests": 5,
    "names of records": 5,
}
"""How many times fewer mutations than others these get: they take that much longer."""

MUTATIONS = of(1_500, 20_000)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return targets(tmp_path_factory.mktemp("fuzz"))


def test_every_target_is_tried(table):
    assert tuple(table) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_only_our_own_errors_come_out(table, name):
    target = table[name]
    for seed in target.seeds:
        target.run(seed)
    mutations = MUTATIONS // SLOW.get(name, 1)
    for number in range(mutations):
        told = f"{SEED} {name} {number}"
        random = Random(told)  # noqa: S311 - wanted: the same each time
        data = mutated(random.choice(target.seeds), target.seeds, random)
        try:
            target.run(data)
        except BaseException as error:
            error.add_note(f"seed {told!r}, on {data[:2000]!r}")
            raise
    print(f"{len(target.seeds)} seeds, {mutations} mutations of them")  # noqa: T201 - to be seen
