from functools import partial

import pytest

from pith_builder.operations.in_order import running


@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_the_order_of_the_tasks(workers):
    with running(workers) as run:
        assert list(run(partial(pow, number, 2) for number in range(20))) == [
            number**2 for number in range(20)
        ]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_task_that_fails_raises_where_its_result_would_be(workers):
    with running(workers) as run:
        results = run([partial(int, "1"), partial(int, "x")])
        assert next(results) == 1
        with pytest.raises(ValueError, match="invalid literal"):
            next(results)


def test_few_tasks_are_taken_ahead():
    taken = []

    def tasks():
        for number in range(100):
            taken.append(number)
            yield partial(abs, number)

    with running(2) as run:
        next(run(tasks()))
        assert len(taken) == 3
