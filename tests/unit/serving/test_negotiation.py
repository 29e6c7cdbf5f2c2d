import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.serving.negotiation import HTML, JSON, JSON_LD, is_held, preferred
from tests.makers import law

OFFERED = (HTML, JSON, JSON_LD)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", HTML),
        ("*/*", HTML),
        (BROWSER, HTML),
        ("application/json", JSON),
        ("Application/JSON", JSON),
        ("application/ld+json", JSON_LD),
        ("application/ld+json, application/json;q=0.9", JSON_LD),
        ("application/*", JSON),
        ("application/json;q=0.5, text/html;q=0.4", JSON),
        ("application/json;q=0.5, text/html", HTML),
        ("application/json;profile=x;q=0.5, text/html;q=0.6", HTML),
        ("*/*;q=0.1, application/json;q=0.2", JSON),
        ("text/html;q=0, */*", JSON),
        ("text/*, application/json;q=0.9", HTML),
        ("image/png", HTML),
        ("nonsense", HTML),
        ("application/json;q=2", JSON),
        (",,;q=1,", HTML),
    ],
)
def test_the_type_a_client_likes_best(accept, wanted):
    assert preferred(accept, OFFERED) == wanted


@given(st.text(max_size=60), st.permutations(OFFERED))
@law
def test_whatever_a_client_says_it_is_given_something_offered(accept, offered):
    assert preferred(accept, offered) in offered


@pytest.mark.parametrize(
    ("header", "held"),
    [
        ("", False),
        ("*", True),
        ('"abc"', True),
        ('W/"abc"', True),
        ('"x", "abc"', True),
        ('"ab"', False),
        ("abc", False),
        ('"abcd"', False),
    ],
)
def test_what_a_client_holds(header, held):
    assert is_held(header, "abc") is held
