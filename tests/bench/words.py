"""Words, formulas and people's names for papers: the sample's words, and made-up ones.

Their frequencies fall as those of real text do, so that what is made of them packs as real
abstracts do (measured: `zstd -3` leaves 0.353 of the real ones' bytes).
"""

import json
import random
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample" / "papers.jsonl"
VOCABULARY = 24_000
EXPONENT = 1.02
PHRASE_EVERY = 7
"""One in so many of what is drawn is a phrase of several words: this sets how well text packs."""

DRAWN_AT_ONCE = 1 << 18
NAME_CHARS = range(7, 21)
NAMES_OF_A_LENGTH = 300
ACCENTED_SHARE = 0.008
ONSETS = ("b", "c", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "tr", "st", "th")
VOWELS = ("a", "e", "i", "o", "u", "ia", "ea")
CODAS = ("", "", "n", "r", "l", "s", "t", "c", "m")
ACCENTS = (("\\'e", "é"), ('\\"u', "ü"), ("\\'a", "á"), ('\\"o', "ö"), ("\\~n", "ñ"))
SYMBOLS = ("x", "k", "n", "p", "\\alpha", "\\beta", "\\mu", "\\lambda", "\\Gamma", "\\sigma", "T")
FORMULAS = (
    "${0}$",
    "${0}_{3}$",
    "$10^{{{2}}}$",
    "${0}={2}$",
    "${0}({1})$",
    "${0}\\to {1}$",
    "${0}\\sim {1}^{{-{2}}}$",
    "$\\sqrt{{{0}}}={2}$ GeV",
    "$\\mathcal{{O}}({0}^{{{2}}} \\log {1})$",
)


class Words:
    """A stream of words, formulas and names, the same for the same seed."""

    def __init__(self, seed):
        """Make the vocabulary and the names."""
        self.chance = random.Random(seed)  # noqa: S311 - papers are no secret
        self._numbers = np.random.default_rng(seed)
        self._vocabulary, self._shares = _vocabulary(self.chance)
        self._drawn = []
        self._names = _names(self.chance)

    def take(self, count):
        """Return so many words."""
        while len(self._drawn) < count:
            self._drawn += self._more()
        taken = self._drawn[-count:]
        del self._drawn[-count:]
        return taken

    def text(self, chars, formulas=0):
        """Return words to a text of so many characters, some of the words being formulas."""
        words = self.take(chars // 5 + 2)
        for _ in range(formulas):
            words[self.chance.randrange(len(words) * 3 // 5 + 1)] = self.formula()
        text = " ".join(words)
        while len(text) < chars:
            text += " " + " ".join(self.take(chars // 20 + 2))
        return text[:chars].rstrip()

    def formula(self):
        """Return a formula in TeX."""
        chance = self.chance
        symbols = chance.choice(SYMBOLS), chance.choice(SYMBOLS)
        return chance.choice(FORMULAS).format(*symbols, chance.randrange(2, 30), "ij")

    def name(self, chars):
        """Return a name of about so many characters, and its parts for `authors_parsed`."""
        return self.chance.choice(self._names[min(max(chars, NAME_CHARS[0]), NAME_CHARS[-1])])

    def _more(self):
        ranks = np.searchsorted(self._shares, self._numbers.random(DRAWN_AT_ONCE))
        return self._vocabulary[ranks].tolist()


def _vocabulary(chance):
    """Return words and phrases, the commonest first, and the share of all text up to each."""
    abstracts = [json.loads(line)["abstract"] for line in SAMPLE.read_text("utf-8").splitlines()]
    counted = Counter(word for abstract in abstracts for word in abstract.split())
    words = dict.fromkeys(
        word for word, _ in counted.most_common() if word.isascii() and "$" not in word
    )
    while len(words) < VOCABULARY:
        words[_made_up(chance, chance.choice((2, 2, 3, 3)))] = None
    ranked = list(words)
    shares = _shares(len(ranked)).tolist()
    phrases = [
        " ".join(chance.choices(ranked, cum_weights=shares, k=chance.choice((2, 3, 4))))
        for _ in range(len(ranked) // PHRASE_EVERY)
    ]
    for number, phrase in enumerate(phrases, 1):
        ranked.insert(number * PHRASE_EVERY, phrase)
    return np.array(ranked, dtype=object), _shares(len(ranked))


def _shares(count):
    """Return the share of all text that the words up to each rank make up (Zipf, Mandelbrot)."""
    shares = np.cumsum(1 / (np.arange(count) + 3.0) ** EXPONENT)
    return shares / shares[-1]


def _made_up(chance, syllables):
    return "".join(
        chance.choice(ONSETS) + chance.choice(VOWELS) + chance.choice(CODAS)
        for _ in range(syllables)
    )


def _names(chance):
    """Return names by their length: what the author string has, and its parts."""
    names = defaultdict(list)
    while min(len(names[chars]) for chars in NAME_CHARS) < NAMES_OF_A_LENGTH:
        surname = _made_up(chance, chance.choice((2, 2, 3))).capitalize()
        plain = surname
        if chance.random() < ACCENTED_SHARE:
            tex, letter = chance.choice(ACCENTS)
            surname, plain = surname + tex, surname + letter
        initial = chance.choice("ABCDEFGHIJKLMNOPRSTVWZ") + "."
        given = chance.choice((initial, f"{initial} {initial}", _made_up(chance, 2).capitalize()))
        name = f"{given} {surname}"
        names[len(name)].append((name, [plain, given, ""]))
    return names
