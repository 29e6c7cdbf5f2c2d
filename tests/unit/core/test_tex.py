import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.tex import bibtex_name, bibtex_text, unicode_of
from tests.makers import law

TEX = st.text("aoiH .$&%#_^{}\\'`\"~c\n", max_size=40) | st.text(max_size=40)


@pytest.mark.parametrize(
    ("tex", "wanted"),
    [
        ('Schr\\"odinger', "Schrödinger"),
        ("Bal\\'azs, \\'{E}lo\\\"{\\i}se, fen\\^etres", "Balázs, Éloïse, fenêtres"),
        ('na\\"\\i f', "naïf"),
        ("\\AA kerlind, Bj\\o rn, Ma{\\l}kiewski", "Åkerlind, Bjørn, Małkiewski"),
        ("Erd\\H{o}s and Erd\\H os; Fran\\c{c}ois", "Erdős and Erdős; François"),
        ("Ho\\v{r}anek, D\\k{a}browska, \\v S", "Hořanek, Dąbrowska, Š"),
        (
            "``frozen'' strings -- a {\\it test} of \\emph{this}",
            "“frozen” strings \u2013 a test of this",
        ),
        ("R\\&D at 100\\%", "R&D at 100%"),
        ("in $\\mathbb{R}^n$ with $\\'e$", "in $\\mathbb{R}^n$ with $\\'e$"),
        ("\\cite{x} and \\cup", "\\citex and \\cup"),
        ("Ελένη 吕明河 ü", "Ελένη 吕明河 ü"),
    ],
)
def test_tex_is_shown_in_unicode(tex, wanted):
    assert unicode_of(tex) == wanted


@pytest.mark.parametrize(
    ("tex", "wanted"),
    [
        ("Erd\\H{o}s in $C(X)$", "Erd\\H{o}s in $C(X)$"),
        ("R&D, R\\&D, 5%, #1, a_b, a^b", "R\\&D, R\\&D, 5\\%, \\#1, a\\_b, a\\^{}b"),
        ("$a_1^2$ of 5% at $10%$", "$a_1^2$ of 5\\% at $10\\%$"),
        ("costs $5", "costs \\$5"),
        ("lone { and }", "lone { and }"),
        ("lone } and {", "lone \\textbraceright{} and \\textbraceleft{}"),
        ("set $\\{x$ of", "set $\\lbrace x$ of"),
        ("a lone ${ x$", "a lone $\\lbrace x$"),
        ("ends in \\", "ends in \\textbackslash{}"),
        ("wrapped\n  title\x07", "wrapped title"),
    ],
)
def test_bibtex_keeps_tex_and_escapes_the_rest(tex, wanted):
    assert bibtex_text(tex) == wanted


@pytest.mark.parametrize(
    ("tex", "wanted"),
    [
        ('J. M\\"ohlenbrock', 'J. M{\\"o}hlenbrock'),
        ("N. Ho\\v{r}anek and \\'{\\i}", "N. Ho{\\v{r}}anek and {\\'{\\i}}"),
        ("Ma{\\l}kiewski, {\\'E}ric", "Ma{\\l}kiewski, {\\'E}ric"),
        ("Erd\\H os, \\o", "Erd{\\H o}s, {\\o}"),
    ],
)
def test_accents_of_names_stand_in_braces(tex, wanted):
    assert bibtex_name(tex) == wanted


@law
@given(TEX)
def test_braces_always_balance(tex):
    for text in (bibtex_text(tex), bibtex_name(tex)):
        depth = 0
        for brace in re.findall(r"[{}]", text):
            depth += 1 if brace == "{" else -1
            assert depth >= 0
        assert depth == 0
        assert (len(text) - len(text.rstrip("\\"))) % 2 == 0


@law
@given(TEX)
def test_what_is_safe_stays_as_it_is(tex):
    safe = bibtex_text(tex)
    assert bibtex_text(safe) == safe


@law
@given(TEX)
def test_any_text_can_be_shown(tex):
    assert isinstance(unicode_of(tex), str)
