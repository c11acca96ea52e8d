"""How a question may be read, the strictest reading first: data that any engine can look up.

A reading is what must all be found; the first one that finds something is the answer. Each thing sought may be found in several
ways, each worth a share of its field's weight (search/ranking.py).
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence

import msgspec

from geo.categories import categories_by_no
from geo.communes import communes
from geo.filters import Circle, Filters, categories_of
from geo.text import sort_key
from search import ranking
from search.equivalents import equivalents, ours_near
from search.french import begun_stems, sound, stem, telling_words, words_of
from search.sigles import forms_at
from search.typos import Vocabulary, near, parts
from search.understood import Understood, understood, with_town

MAX_WORDS = 12  # sought: what a question adds beyond says nothing more, and each costs
LEAST_BEGUN = 2  # letters: what begins with one letter is anything
LEAST_BEGUN_SAME = 5  # letters of a word of ours that is only begun: « dentist »
MAX_PHRASE = 24  # words in which kinds and places are looked for
RARE = 20  # structures: a word so rare may be two words joined
SHORT = 4  # letters: a word so short that is found at all is what it is
MISSPELT, MISSPELT_TIMES = 5, 1_000  # found so seldom while a neighbour is found so many times more: that one was meant
HEARD_TIMES = 20  # the same of what sounds alike: one school teaches « KINESITERAPEUTES »

DEPARTEMENT_M = 100_000.0
SURROUNDINGS_M = (50_000.0, 100_000.0, 200_000.0)  # around a town whose département has none: who is there goes so far

# What people say around what they look for, without accents; longest first, so that « ou se trouve » goes whole.
SAID_AROUND = (
    "bonjour", "merci", "svp", "s il vous plait", "je cherche", "nous cherchons", "on cherche", "je recherche", "je veux",
    "je voudrais", "je souhaite", "j ai besoin", "besoin", "cherche", "recherche", "trouver", "comment trouver",
    "comment contacter", "ou trouver", "ou faire", "ou aller", "ou se trouve", "ou se trouvent", "ou est", "ou sont",
    "ou puis je trouver", "ou puis je faire", "y a t il", "est ce qu il y a", "quel est", "quelle est", "quels sont",
    "quelles sont", "quel", "quelle", "quels", "quelles", "chez", "autour de moi", "autour de", "autour", "pres de chez moi",
    "pres de moi", "pres de", "pres d", "pres du", "pres des", "pres", "proche de", "proche d", "proche du", "a proximite",
    "proximite de", "pas loin", "aux alentours", "pas cher", "numero de telephone", "telephone", "tel", "adresse",
    "coordonnees", "horaires",
)  # fmt: skip
_WORD = re.compile(r"[^\W_]+")
_AROUND = re.compile(
    # « les prés de… » are meadows
    r"(?<!les )(?<!des )\b(?:" + "|".join(sorted(SAID_AROUND, key=len, reverse=True)) + r")\b"
)


Words = tuple[str, ...]  # as compared


class Way(msgspec.Struct, frozen=True):
    """One way to find a thing: every term, each in its best field at this share of the field's weight."""

    terms: tuple[str, ...]
    share: float = 1.0
    begun: bool = False  # the term is only the beginning of a word
    meant: str = ""  # where what was typed is a slip: the word it stands for


class Sought(msgspec.Struct, frozen=True):
    """One thing that must be found, in the best of its ways; `words`: what was typed for it, as compared."""

    words: tuple[str, ...]
    ways: tuple[Way, ...]


class Around(msgspec.Struct, frozen=True):
    """The surroundings of a town that has none of what is asked for: its département, or a circle of `radius_m` metres."""

    commune: str
    words: tuple[str, ...]  # that name it, as compared
    radius_m: float | None = None
    of_kind: bool = False  # only what is of the kind asked for will do

    @property
    def reach_m(self) -> float:
        """How far from the town one looks; a département is hardly longer than that from any of its towns."""
        return self.radius_m or DEPARTEMENT_M

    @property
    def point(self) -> tuple[float, float]:
        """The town's lon, lat."""
        town = communes()[self.commune]
        return town.lon, town.lat

    @property
    def area(self) -> Filters:
        """Where one looks, closed ones too."""
        if self.radius_m is None:
            return Filters(departements=(communes()[self.commune].departement,), open_only=False)
        return Filters(circle=Circle(*self.point, self.radius_m), open_only=False)

    def kept(self, kinds: Collection[int]) -> Collection[int]:
        """The categories that answer where some of these kinds is open there.

        A département then holds the whole domain of the kind: hospitals whose name says « HAD » too.
        """
        if self.radius_m is not None:
            return kinds
        return categories_of({categories_by_no()[kind].domaine for kind in kinds})


class Reading(msgspec.Struct, frozen=True):
    """What must all be found, and what it names; `left_out`: the words given up; `around`: where one looks when a town's are."""

    sought: tuple[Sought, ...]
    understood: Understood = Understood()
    left_out: tuple[str, ...] = ()
    around: Around | None = None

    @property
    def is_in_a_town(self) -> bool:
        """Whether something is asked for in a town: where none is, its surroundings answer."""
        place = self.understood.place_words
        return self.understood.town is not None and not all(place.issuperset(each.words) for each in self.sought)


class Question(msgspec.Struct, frozen=True):
    """The words of a question, without what is said around them: as written and as compared, each once; `typed`: with accents."""

    written: tuple[str, ...]
    words: tuple[str, ...]
    typed: tuple[str, ...]
    phrase: tuple[str, ...]  # as written and in order, however often


def question_of(typed: str) -> Question:
    """What is asked; a question of nothing but what is said around questions, or of stop words, keeps them."""
    plain = " ".join(words_of(typed))
    written = telling_words(_AROUND.sub(" ", plain)) or telling_words(plain) or plain.split()
    by_stem = {stem(word): word for word in reversed(written)}
    words = tuple(dict.fromkeys(map(stem, written)))[:MAX_WORDS]
    once = tuple(by_stem[word] for word in words)
    typed_as = {sort_key(each).lower(): each for each in _WORD.findall(typed)}
    return Question(once, words, tuple(typed_as.get(each, each) for each in once), tuple(written[:MAX_PHRASE]))


def without(typed: str, place: frozenset[str]) -> str:
    """What was typed without these compared words of a place, nor the small words before them.

    >>> without("Maison de retraite à Saint-Denis", frozenset({"saint", "deni"}))
    'Maison de retraite'
    """
    kept: list[str] = []
    for each in typed.split():
        said = telling_words(each)
        if said and place.issuperset(map(stem, said)):
            while kept and not telling_words(kept[-1]):
                kept.pop()
        else:
            kept.append(each)
    return " ".join(kept)


def readings(question: Question, vocabulary: Vocabulary) -> Iterator[Reading]:
    """Whole words; the town's surroundings; a begun last one; typos; then without the words that tell least."""
    if not question.words:
        return
    named = understood(question.phrase)
    whole = _things(question.written, vocabulary)
    yield Reading(tuple(whole), named)
    if _ends_with_a_place(question, named):
        elsewhere, place = _elsewhere(whole, named)
        of_kind = len(named.kind_phrases) == 1 and all(_says(each, named.kind_words) for each in elsewhere)
        if of_kind:
            yield from _in_departement(elsewhere, place, named, of_kind=True)
            yield from _around(elsewhere, place, named, of_kind=True)
        yield from _in_departement(elsewhere, place, named)
        if of_kind:
            yield from _around(elsewhere, place, named)
    if len(question.written[-1]) >= LEAST_BEGUN and not _is_a_numbered_place(question.words[-1], named):
        begun = (*_things(question.written[:-1], vocabulary), _begun(question.written[-1], vocabulary))
        yield Reading(begun, understood(with_town(question.phrase)))
    corrected = [_corrected(each, vocabulary, named.place_words) for each in whole]
    if corrected != whole:
        named = understood(_meant(question.phrase, corrected))
        yield Reading(tuple(corrected), named)
    elsewhere, place = _elsewhere(corrected, named)
    yield from _in_departement(elsewhere, place, named)
    yield from _with_less(corrected, named, vocabulary)
    yield from _around(elsewhere, place, named)
    for less in _with_less(elsewhere, named, vocabulary):
        yield from _around(less.sought, place, named, less.left_out)


def in_vain(question: Question) -> Reading:
    """What was looked for where no reading finds anything: in the surroundings too, of something in a town."""
    named = understood(question.phrase)
    place = tuple(word for word in question.words if word in named.place_words)
    if named.town is None or len(place) == len(question.words):
        return Reading((), named)
    return Reading((), named, around=Around(named.town, place, SURROUNDINGS_M[-1]))


def _things(written: Sequence[str], vocabulary: Vocabulary) -> list[Sought]:
    """Each word as it is; those of a sigle's long form together, and two that are one word elsewhere."""
    found: list[Sought] = []
    words = list(map(stem, written))
    start = 0
    while start < len(words):
        thing = _in_full(words, start) or _joined(written, start, vocabulary) or _thing(written[start], vocabulary)
        found.append(thing)
        start += len(thing.words)
    return found


def _in_full(words: Sequence[str], start: int) -> Sought | None:
    """« Hospitalisation à domicile » is found by « HAD » too."""
    forms = list(forms_at(words, start))
    if not forms:
        return None
    longest = max((form for form, _ in forms), key=len)
    sigles = [Way((sigle,), ranking.SAME) for form, sigle in forms if form == longest]
    return Sought(longest, (Way(longest), *sigles))


def _joined(written: Sequence[str], start: int, vocabulary: Vocabulary) -> Sought | None:
    """« Domus Vi » is found by « DOMUSVI » too."""
    pair = written[start : start + 2]
    joined = stem("".join(pair))
    if len(pair) < 2 or not vocabulary.frequency(joined) or joined.isdigit():
        return None
    words = (stem(pair[0]), stem(pair[1]))
    return Sought(words, (Way(words), Way((joined,), ranking.JOINED)))


def _thing(word: str, vocabulary: Vocabulary) -> Sought:
    """A word, what means the same, the words it is made of and the one it is a slip for, where it is rare."""
    asked = stem(word)
    ways = [Way((asked,)), *(Way(other, ranking.SAME) for other in equivalents().get(asked, ()))]
    frequency = vocabulary.frequency(asked)
    if frequency <= RARE and not word.isdigit() and (made_of := parts(word, vocabulary)):
        ways.append(Way(tuple(made_of), ranking.JOINED))
    if 0 < frequency <= MISSPELT:
        ways += _slips(asked, [each for each in near(asked, vocabulary) if _is_meant_rather(each, asked, vocabulary)])
    return Sought((asked,), tuple(ways))


def _is_meant_rather(other: str, asked: str, vocabulary: Vocabulary) -> bool:
    times = HEARD_TIMES if sound(other) == sound(asked) else MISSPELT_TIMES
    return vocabulary.frequency(other) >= times * vocabulary.frequency(asked)


def _begun(word: str, vocabulary: Vocabulary) -> Sought:
    """A word that may go on: what begins so, the stems that it goes past, and what means the same as a word that no name says."""
    whole = [Way((each,), ranking.PREFIX) for each in begun_stems(word)]
    ours = equivalents() if len(word) >= LEAST_BEGUN_SAME else {}
    unsaid = [same for each, same in ours.items() if each.startswith(word) and not vocabulary.frequency(each)]
    same = [Way(other, ranking.PREFIX * ranking.SAME) for others in unsaid for other in others]
    return Sought((stem(word),), (Way((word,), ranking.PREFIX, begun=True), *whole, *same))


def _corrected(thing: Sought, vocabulary: Vocabulary, places: frozenset[str]) -> Sought:
    """Only what is found nowhere, or hardly, is taken for a typo: "EHPAD" beside a misspelt town stays EHPAD.

    A town's own name is none, though nothing stands there; nor is a short word that is found at all: « SAMU » is not « Sammut ».
    """
    word = thing.words[0]
    often = 0 if len(word) <= SHORT else RARE
    if len(thing.words) > 1 or word in places or vocabulary.frequency(word) > often:
        return thing
    return Sought(thing.words, tuple(dict.fromkeys((*thing.ways, *_slips(word, near(word, vocabulary))))))


def _slips(word: str, meant: Sequence[str]) -> Iterator[Way]:
    """The ways of the words that a misspelt one may stand for, and of what means the same as they, or as what it sounds like."""
    yield from (Way((each,), ranking.TYPO, meant=each) for each in meant)
    for each in dict.fromkeys((*meant, *ours_near(word))):
        if each != word:
            same = equivalents().get(each, ())
            yield from (Way(other, ranking.TYPO * ranking.SAME, meant=each) for other in same)


def _meant(phrase: Sequence[str], corrected: Sequence[Sought]) -> list[str]:
    """The question with its likeliest corrections, so that a misspelt town is a town."""
    likeliest = {
        each.words[0]: way.terms[0] for each in corrected for way in reversed(each.ways) if way.terms == (way.meant,)
    }
    return [likeliest.get(stem(word), word) for word in phrase]


def _ends_with_a_place(question: Question, named: Understood) -> bool:
    """« SAMSAH Pau » is complete, whatever Paul the next letter would make of it."""
    return bool(named.kinds) and question.words[-1] in named.place_words


def _is_a_numbered_place(word: str, named: Understood) -> bool:
    """A postcode or the number of a département is complete."""
    return word[0].isdigit() and word in named.place_words


def _in_departement(
    kept: Sequence[Sought], place: Words, named: Understood, *, of_kind: bool = False
) -> Iterator[Reading]:
    """The département of a town where nothing of the kind is: people go there, to the nearest first."""
    if named.town and kept and place:
        departement = Sought(place, (Way((communes()[named.town].departement.lower(),), ranking.TYPO),))
        yield Reading((*kept, departement), named, place, Around(named.town, place, of_kind=of_kind))


def _around(
    kept: Sequence[Sought], place: Words, named: Understood, left_out: Words = (), *, of_kind: bool = False
) -> Iterator[Reading]:
    """What is nearest to a town whose département has none either, or has no data: farther and farther, within reach."""
    if named.town and kept and place:
        for radius_m in SURROUNDINGS_M:
            yield Reading(tuple(kept), named, (*left_out, *place), Around(named.town, place, radius_m, of_kind))


def _elsewhere(things: Sequence[Sought], named: Understood) -> tuple[list[Sought], Words]:
    """What is asked for whatever the place, and the words of the place."""
    kept = [each for each in things if not _says(each, named.place_words)]
    return kept, tuple(word for each in things if each not in kept for word in each.words)


def _with_less(things: Sequence[Sought], named: Understood, vocabulary: Vocabulary) -> Iterator[Reading]:
    """Without what is found nowhere, then without one thing more at a time: the most common first, kinds last, never a place.

    At most half of the question goes: with less left, the answer would be to another one. Without its place it would be, too.
    """
    units = _units(things, named)
    may_go = len(units) // 2
    is_place = _is_in(named.place_words)
    kept = [each for each in units if is_place(each) or _frequency(each, vocabulary)]
    if len(kept) < len(units):
        may_go -= len(units) - len(kept)
        if may_go < 0 or all(map(is_place, kept)):
            return
        yield _reading(kept, things, named)
    while may_go > 0:
        may_go -= 1
        droppable = [each for each in kept if not is_place(each)]
        if len(droppable) < 2:
            return
        others = [each for each in droppable if not _is_in(named.kind_words)(each)] or droppable
        kept.remove(max(others, key=lambda unit: (_frequency(unit, vocabulary), unit[0].words)))
        yield _reading(kept, things, named)


def _units(things: Sequence[Sought], named: Understood) -> list[tuple[Sought, ...]]:
    """The words of a kind go together: half of « aide ménagère » is something else."""
    units = {phrase: tuple(each for each in things if _says(each, frozenset(phrase))) for phrase in named.kind_phrases}
    taken = {each for unit in units.values() for each in unit}
    return [unit for unit in units.values() if unit] + [(each,) for each in things if each not in taken]


def _says(thing: Sought, words: frozenset[str]) -> bool:
    """Whether it is one of these words, as typed or as corrected."""
    return words.issuperset(thing.words) or any(words.issuperset(way.terms) for way in thing.ways)


def _is_in(words: frozenset[str]) -> Callable[[tuple[Sought, ...]], bool]:
    return lambda unit: all(_says(each, words) for each in unit)


def _reading(kept: Sequence[tuple[Sought, ...]], things: Sequence[Sought], named: Understood) -> Reading:
    sought = [each for each in things if any(each in unit for unit in kept)]
    left_out = (word for each in things if each not in sought for word in each.words)
    return Reading(tuple(sought), named, tuple(left_out))


def _frequency(unit: Sequence[Sought], vocabulary: Vocabulary) -> int:
    """How common the rarest of its words is, corrected ones included; 0: what it says is nowhere, but in pieces."""
    return min(max(_frequency_of(way, each, vocabulary) for way in each.ways) for each in unit)


def _frequency_of(way: Way, thing: Sought, vocabulary: Vocabulary) -> int:
    return 0 if len(way.terms) > len(thing.words) else min(map(vocabulary.frequency, way.terms))
