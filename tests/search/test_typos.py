"""What a misspelt or joined word is taken for, in a vocabulary small enough to be seen."""

from collections.abc import Mapping

import pytest

from search.readings import Around, Reading, question_of, readings
from search.typos import near, parts


class Known:
    """Words and how often they are found."""

    def __init__(self, frequencies: Mapping[str, int]) -> None:
        self._frequencies = frequencies

    def frequency(self, word: str) -> int:
        return self._frequencies.get(word, 0)

    def beginning_with(self, letter: str) -> list[str]:
        return [word for word in self._frequencies if word.startswith(letter)]


HEALTH = Known({
    "ehpad": 6_000, "epda": 4, "pharmacie": 17_000, "pasteur": 90, "pastour": 1, "necker": 7, "never": 300, "nevers": 300,
    "gustave": 12, "roussy": 5, "toulouse": 800, "domicile": 9_000, "etablissement": 35_000, "aix": 200, "provence": 90,
    "saint": 8_000, "geni": 20, "fit": 3, "lab": 9, "domusvi": 37, "hopital": 2_000, "psychologue": 9,
    "kinesitherapeute": 300, "ophtalmo": 3, "vi": 4, "domu": 2, "cmp": 1_300, "cmpp": 350, "mcph": 1,
})  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("pastuer", ["pasteur"]),  # two letters that changed places
        ("neker", ["necker"]),  # by ear, rather than « never » a letter away
        ("roussi", ["roussy"]),
        ("ehpda", ["ehpad", "epda"]),  # by ear, and what is found so much more often
        ("hepad", ["ehpad"]),  # the first two
        ("etablisemant", ["etablissement"]),  # long: two letters
        ("domissile", ["domicile"]),
        ("xasteur", []),  # the first letter holds…
        ("farmacie", ["pharmacie"]),  # … but for what sounds alike
        ("ospital", ["hopital"]),
        ("sikologue", ["psychologue"]),
        ("kinesiterapeute", ["kinesitherapeute"]),
        ("ofthalmo", ["ophtalmo"]),
        ("cmq", []),  # three letters: another sigle
        ("mdph", []),  # nor four without a vowel
        ("75013", []),  # a number is another one
    ],
)
def test_what_is_meant(typed: str, meant: list[str]) -> None:
    assert near(typed, HEALTH) == meant


@pytest.mark.parametrize(
    ("typed", "made_of"),
    [
        ("gustaveroussy", ["gustave", "roussy"]),
        ("aixenprovence", ["aix", "provence"]),
        ("saintgenis", ["saint", "geni"]),
        ("fitlab", ["fit", "lab"]),
        ("pharmacie", []),  # a word
        ("xyzlab", []),
        ("lab" * 20, []),  # too long to be looked into
    ],
)
def test_what_a_joined_word_is_made_of(typed: str, made_of: list[str]) -> None:
    assert parts(typed, HEALTH) == made_of


def read(typed: str) -> list[Reading]:
    return list(readings(question_of(typed), HEALTH))


def test_the_strictest_reading_comes_first() -> None:
    whole, begun, corrected, around, *_ = read("pasteur toulousse")
    assert [way.terms for each in whole.sought for way in each.ways] == [("pasteur",), ("toulousse",)]
    assert begun.sought[-1].ways[0].begun
    assert ("toulouse",) in [way.terms for way in corrected.sought[-1].ways]
    assert (around.left_out, around.around) == (("toulousse",), Around("31555", ("toulousse",)))
    assert ("31",) in [way.terms for each in around.sought for way in each.ways]


def test_a_misspelt_town_is_understood_once_corrected() -> None:
    (corrected,) = [
        each for each in read("pharmacie toulousse") if "31555" in each.understood.communes and not each.left_out
    ]
    assert ("toulouse",) in [way.terms for way in corrected.sought[-1].ways]


def test_two_words_that_are_one_elsewhere_are_sought_together() -> None:
    together = read("domus vi")[0].sought[0]
    assert (together.words, [way.terms for way in together.ways]) == (("domu", "vi"), [("domu", "vi"), ("domusvi",)])


def test_the_words_of_a_kind_go_together_and_unknown_ones_first() -> None:
    asked = "hospitalisation à domicile qwertyu pasteur toulouse"
    left = [each.left_out for each in read(asked) if each.left_out and each.around is None]
    assert left == [
        ("hospitalisation", "domicile", "qwertyu")
    ]  # where no word says « hospitalisation », neither is known
    assert all("toulouse" not in each for each in left)


@pytest.mark.parametrize("typed", ["hhhh", "hhhh lille", "h h h h"])
def test_a_word_that_is_silent_is_heard_as_nothing(typed: str) -> None:
    assert [reading.left_out for reading in read(typed)]
