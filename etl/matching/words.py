"""Names and house numbers in the form they are compared in; streets have theirs in `geo/addresses.py`."""

import re
from collections.abc import Callable
from functools import cache

import polars as pl

from geo.categories import Categorie, categories
from search.document import synonyms
from search.french import exact_form

# How a company or an association says what it is in law; never which one it is.
LEGAL_FORMS = frozenset({
    "sas", "sasu", "sarl", "eurl", "sa", "selarl", "selarlu", "selas", "selasu", "selafa", "scp", "scm", "sci", "snc",
    "gie", "gcs", "gcsms", "earl", "ei", "eirl", "association", "associations", "assoc", "asso", "ass", "ste", "societe",
    "union", "mutuelle", "fondation", "groupe", "groupement",
})  # fmt: skip
# What any site may be called, beside the categories' own words.
ANY_SITE = (
    "antenne", "cabinet", "centre", "clinique", "etablissement", "foyer", "hopital", "institut", "maison", "pole",
    "residence", "service", "site", "unite",
)  # fmt: skip
# What services call themselves in full that the nomenclature does not say.
ACRONYMS = {
    "service d’aide et d’accompagnement à domicile": "SAAD",
    "laboratoire de biologie médicale": "LBM",
    "foyer d’accueil médicalisé": "FAM",
    "unité de soins de longue durée": "USLD",
    "service d’accompagnement médico-social pour adultes handicapés": "SAMSAH",
    "établissement public de santé mentale": "EPSM",
}
_ACRONYM = re.compile(r"(?:[A-Z]\.?){2,}")
_NUMBER = r"^\s*0*(\d+)"


def name_key(name: str) -> str:
    """The words of a name without stop words and legal forms.

    >>> name_key("SELAS PHARMACIE de l’Étang"), name_key("E.H.P.A.D. Les Tilleuls")
    ('pharmacie etang', 'ehpad tilleuls')
    """
    return " ".join(word for word in exact_form(name).split() if word not in LEGAL_FORMS)


def core(key: pl.Expr) -> pl.Expr:
    """What is left of a name's key once what any such establishment is called is taken away; null: nothing is.

    >>> pl.select(core(pl.lit(pl.Series(["maison retraite tilleuls", "pharmacie"])))).to_series().to_list()
    ['tilleuls', None]
    """
    left = key.str.replace_all(_field_words(), " ").str.replace_all(r"\s+", " ").str.strip_chars()
    return pl.when(left != "").then(left)


def shortened(key: pl.Expr) -> pl.Expr:
    """A name's key where what has an acronym is written by it, as one register or the other does.

    >>> pl.select(shortened(pl.lit("service soins infirmiers domicile morlaix"))).item()
    'ssiad morlaix'
    """
    spaced = pl.lit(" ") + key + pl.lit(" ")
    known = _acronyms()
    words, acronyms = [f" {phrase} " for phrase in known], [f" {acronym} " for acronym in known.values()]
    return spaced.str.replace_many(words, acronyms, leftmost=True).str.strip_chars()


def house_number(number: pl.Expr, street: pl.Expr) -> pl.Expr:
    """The first number of the address: « 12 » of « 12-14 », « 0012 », « 12b », or of a street that begins with it."""
    return pl.coalesce(number.str.extract(_NUMBER), street.str.extract(_NUMBER))


def by_word(column: pl.Series, rule: Callable[[str], str]) -> pl.Series:
    """A rule applied once to each text of a column; what becomes empty is null."""
    texts = column.drop_nulls().unique()
    keys = [rule(text) or None for text in texts.to_list()]
    known = pl.DataFrame({"text": texts, "key": pl.Series(keys, dtype=pl.String)})
    return column.to_frame("text").join(known, on="text", how="left", maintain_order="left")["key"].alias(column.name)


@cache
def _field_words() -> str:
    """What establishments of each category are called, from their labels and the words people type for them."""
    said = {phrase for each in categories() for phrase in synonyms().get(each, ())}
    labels = {text for each in categories().values() for text in (_label(each), each.short_label)}
    phrases = {key for text in (said | labels).union(ACRONYMS, ANY_SITE) if (key := exact_form(text))}
    return r"\b(?:" + "|".join(sorted(phrases | set(_acronyms().values()), key=_longest_first)) + r")\b"


@cache
def _acronyms() -> dict[str, str]:
    """What categories are called in full, and their acronym, longest first."""
    known = {_label(each): acronym for each in categories().values() if (acronym := _acronym(each))} | ACRONYMS
    keys = {exact_form(label): acronym.replace(".", "").lower() for label, acronym in known.items()}
    return {key: keys[key] for key in sorted(keys, key=_longest_first) if " " in key}


def _acronym(categorie: Categorie) -> str | None:
    """« E.S.A.T. » of its short label, or « SESSAD », the first thing people type."""
    candidates = (categorie.short_label, *synonyms().get(categorie.code, ())[:1])
    return next((text for text in candidates if _ACRONYM.fullmatch(text)), None)


def _label(categorie: Categorie) -> str:
    return re.sub(r"\s*\(.*", "", categorie.label)  # « Centre Médico-Psychologique (C.M.P.) »


def _longest_first(phrase: str) -> tuple[int, str]:
    return -len(phrase), phrase
