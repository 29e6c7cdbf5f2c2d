"""Every query of the cookbook runs, and answers what is printed below it."""

import re

import pytest

from tests.docs import COOKBOOK, asked, make_lake, recipes

TEXT = COOKBOOK.read_text(encoding="utf-8")
RECIPES = recipes(TEXT)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return make_lake(TEXT, tmp_path_factory.mktemp("cookbook"))


def test_every_question_has_its_query_and_its_answer():
    numbers = [int(recipe.title.partition(".")[0]) for recipe in RECIPES]

    assert numbers == list(range(1, len(RECIPES) + 1))
    assert len(RECIPES) >= 20
    assert len(RECIPES) == len(re.findall("^## ", TEXT, re.MULTILINE)) == TEXT.count("```sql\n")


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.title)
def test_a_query_answers_what_is_printed(lake, recipe):
    assert asked(lake, recipe.query) == recipe.answer
