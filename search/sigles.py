"""Sigles of the field and their long forms, found in names both ways (search/sigles.txt)."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from search.french import tokens
from search.tables import lines_of

TOLD_APART = 4  # letters: a shorter sigle is something else too, so a name that has it is not given its words


def also_said(name: Sequence[str]) -> list[str]:
    """What else the words of a name may be asked by: sigles of the long forms it holds, words of the sigles it holds.

    >>> also_said(tokens("Unité d’enseignement en maternelle autisme")), also_said(tokens("SSIAD du Trégor"))
    (['uema'], ['service', 'soin', 'infirmier', 'domicile'])
    """
    begin, long = _by_first_word(), long_forms()
    found = [sigle for start, word in enumerate(name) if word in begin for _, sigle in forms_at(name, start)]
    found += [word for each in name if each in long and len(each) >= TOLD_APART for form in long[each] for word in form]
    return [word for word in dict.fromkeys(found) if word not in name]


@cache
def long_forms() -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """The words of each sigle's long forms, by the sigle as compared."""
    return dict(_read())


def forms_at(words: Sequence[str], start: int) -> Iterator[tuple[tuple[str, ...], str]]:
    """The long forms that begin there, each with its sigle."""
    for form, sigle in _by_first_word().get(words[start], ()):
        if tuple(words[start : start + len(form)]) == form:
            yield form, sigle


@cache
def _by_first_word() -> Mapping[str, list[tuple[tuple[str, ...], str]]]:
    found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for sigle, forms in long_forms().items():
        for form in forms:
            found.setdefault(form[0], []).append((form, sigle))
    return found


def _read() -> Iterator[tuple[str, tuple[tuple[str, ...], ...]]]:
    for line in lines_of("sigles.txt"):
        sigle, _, forms = line.partition(" : ")
        yield tokens(sigle)[0], tuple(tuple(tokens(form)) for form in forms.split(" ; "))
