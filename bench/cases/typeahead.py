"""Lines under the search box, of two million structures: as letters come; then beside addok on the same documents."""

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from bench import client
from bench.brute import Everything
from bench.client import Client, Latency, path
from bench.ground import Ground
from bench.in_process import InProcess
from bench.in_turn import in_turn
from bench.measure import Measure, Skipped, WrongAnswer, check
from geo.cells import EXTENT_BITS, units
from geo.text import sort_key
from search import ranking
from search.begun import words_typed
from search.document import categorie_words
from search.embedded.typed import COUNTRYSIDE, LOOKED_AT_AFAR, MANY, QUARTERS, TOWN
from search.french import STOP_WORDS, words_said
from search.query import Origin
from search.results import Suggestion
from tests.geocoder.peer import is_installed, running_addok

SUGGEST = "/api/v1/suggest"
LETTERS = (1, 2, 3, 5, 8)
LINES = 8
PROMISED_MS = 10  # of 95 in 100
VERIFIED = 5  # of each number of letters
SEED = 7
OF_ADDOK = 10  # lines that both are asked for
LAST_LETTERS = 3  # of the last word, when a name is begun
LEAST_MISSPELT = 5  # letters of a word that a typo is made in
TIMES_QUICKER = {"début": 10, "une faute": 8}


class Typed(msgspec.Struct, frozen=True):
    """Letters typed near a point, or nowhere (None)."""

    words: str
    origin: Origin | None = None

    def address(self, limit: int = LINES) -> str:
        at = {"lat": self.origin.lat, "lon": self.origin.lon} if self.origin else {}
        return path(SUGGEST, q=self.words, limit=limit, **at)


def typeahead(ground: Ground) -> Iterator[Measure]:
    if not is_installed():
        raise Skipped("addok n’est pas installé : ./lum1 test l’installe.")
    yield from _as_letters_come(ground)
    yield from _beside_addok(ground)


def _as_letters_come(ground: Ground) -> Iterator[Measure]:
    """No question comes twice, so no answer is remembered; one letter alone leaves few of them."""
    country = ground.country(ground.sizes.country)
    everything = Everything.drawn(country.rows)
    typed = _typed(everything.rows, ground.sizes.requests)
    with client.served(country.instance) as server, InProcess(country.instance) as ours:

        def suggested(each: Typed) -> list[Suggestion]:
            return ours.suggested(each.words, each.origin, LINES)

        ground.say("lignes vérifiées")
        brute = Begun(everything.rows)
        for asked in typed.values():
            for each in asked[-VERIFIED:]:
                _verify(brute, each, suggested(each))
        for name, lon, lat in everything.rows.select("name", "lon", "lat").tail(VERIFIED).iter_rows():
            for origin in (None, Origin(lon, lat)):
                _verify_longer(
                    [(each, suggested(each)) for each in (Typed(name[:n], origin) for n in range(1, len(name)))]
                )
        ground.say("lignes mesurées")
        for label, asked in typed.items():
            ways = {"HTTP": lambda each: server.get(each.address()), "sans HTTP": suggested}
            for way, latency in in_turn(ways, asked).items():
                yield Measure(label=f"{label}, {way}, médiane", value=latency.median, unit="ms")
                yield Measure(label=f"{label}, {way}, 95ᵉ centile", value=latency.p95, unit="ms", target=PROMISED_MS)


def _typed(rows: pl.DataFrame, count: int) -> dict[str, list[Typed]]:
    """Beginnings of names, each once, typed where their structures stand and then nowhere."""
    found: dict[str, list[Typed]] = {}
    for letters in LETTERS:
        begun = [
            (name[:letters], Origin(lon, lat))
            for name, lon, lat in rows.select("name", "lon", "lat").head(3 * count).iter_rows()
            if len(name) > letters and name[letters - 1] != " "
        ]
        label = f"{letters} lettre{'s' if letters > 1 else ''}"
        found[f"{label} près d’un point"] = [Typed(*each) for each in begun[:count]]
        found[label] = [Typed(words) for words in dict.fromkeys(words for words, _ in begun)][:count]
    return found


class Begun:
    """What begins so, found by looking at every open structure: their names, places and kinds as people type them."""

    def __init__(self, rows: pl.DataFrame) -> None:
        said = pl.concat_str(pl.lit(" "), pl.col("name_key").str.to_lowercase())
        stop = "|".join(sorted(STOP_WORDS))
        self._rows = rows.select(
            *("id", "lon", "lat", "name_key", "categorie_no", "commune_name", "postcode"),
            said=said.str.replace_all(" ", "  ").str.replace_all(f" (?:{stop})(?: |$)", " "),
            complete=0.5 * (pl.col("phones").list.len() > 0)
            + 0.5 * pl.col("precision").is_in(["housenumber", "street"]),
        )
        self._kinds = {number: words_said(categorie_words(number)) for number in rows["categorie_no"].unique()}
        self._towns = {name: words_said(name) for name in rows["commune_name"].unique()}

    def matches(self, word: str) -> pl.DataFrame:
        """Those of which a word begins so."""
        kinds = [number for number, said in self._kinds.items() if any(each.startswith(word) for each in said)]
        towns = [name for name, said in self._towns.items() if any(each.startswith(word) for each in said)]
        return self._rows.filter(
            pl.col("said").str.contains(f" {word}", literal=True)
            | pl.col("categorie_no").is_in(kinds)
            | pl.col("commune_name").is_in(towns)
            | pl.col("postcode").str.starts_with(word)
        )

    def best(self, typed: Typed, begun: pl.DataFrame, limit: int) -> list[str] | None:
        """Ids of these in the order to show them; None where so many begin so that only some are looked at."""
        key = sort_key(typed.words)
        looked_at = begun if typed.origin is None else _nearest_squares(begun, typed.origin, key, limit)
        if len(looked_at) == len(begun) > LOOKED_AT_AFAR:
            return None
        names = looked_at["name_key"]
        scores = (
            ranking.TYPED_SAME_NAME * (names == key).to_numpy()
            + ranking.TYPED_NAME_BEGINS * names.str.starts_with(key).to_numpy()
            + ranking.TYPED_LOOKED_FOR * looked_at["categorie_no"].is_in(list(ranking.LOOKED_FOR_BY_NAME)).to_numpy()
            + ranking.COMPLETE * looked_at["complete"].to_numpy()
        )
        if typed.origin is not None:
            metres = Everything(looked_at).distances_m(typed.origin.lon, typed.origin.lat)
            scores = scores + ranking.NEARNESS / (1.0 + metres / ranking.DISTANCE_HALF_M)
        ranked = looked_at.with_columns(score=-np.round(scores, 6)).sort("score", "id")
        return ranked["id"].to_list()[:limit]


def _nearest_squares(rows: pl.DataFrame, origin: Origin, key: str, limit: int) -> pl.DataFrame:
    """Those of the smallest squares around the point that hold enough, with the town's hospitals and those of that very name;
    all of them where no square holds enough."""
    lon, lat = np.append(rows["lon"].to_numpy(), origin.lon), np.append(rows["lat"].to_numpy(), origin.lat)

    def near(zoom: int) -> pl.Series:
        x, y = (each >> EXTENT_BITS for each in units(lon, lat, zoom))
        return pl.Series((abs(x - x[-1]) <= 1) & (abs(y - y[-1]) <= 1))[:-1]

    for zoom in (*QUARTERS, TOWN, COUNTRYSIDE):
        found = near(zoom)
        if found.sum() >= (MANY if zoom in QUARTERS else limit):
            known = near(TOWN) & rows["categorie_no"].is_in(list(ranking.LOOKED_FOR_BY_NAME))
            return rows.filter(found | known | (rows["name_key"] == key))
    return rows


def _verify(brute: Begun, typed: Typed, lines: Sequence[Suggestion]) -> None:
    """One begun word: what is shown begins so and, where nothing is left unseen, it is the best in order."""
    said, loosely = words_typed(typed.words)
    if len(said) != 1 or said != loosely or said[0] in STOP_WORDS:
        return
    shown = [line.id for line in lines if line.kind == "structure"]
    begun = brute.matches(said[0])
    if strangers := set(shown) - set(begun["id"]):
        raise WrongAnswer(f"« {typed.words} » : rien ne commence ainsi dans {sorted(strangers)}.")
    if len(lines) < min(LINES, len(begun)):
        raise WrongAnswer(f"« {typed.words} » : {len(lines)} lignes, {len(begun)} structures commencent ainsi.")
    best = brute.best(typed, begun, LINES)
    if best is not None:
        check(f"lignes de « {typed.words} » ({typed.origin})", shown, best[: len(shown)])


def _verify_longer(answers: Sequence[tuple[Typed, Sequence[Suggestion]]]) -> None:
    """What a beginning leaves out, its continuations leave out too, as long as it left out nothing for want of lines."""
    for (shorter, before), (longer, after) in pairwise(answers):
        added = {line.id for line in after if line.kind == "structure"} - {line.id for line in before}
        if len(before) < LINES and added:
            raise WrongAnswer(f"« {longer.words} » montre {sorted(added)}, que « {shorter.words} » ne montre pas.")


def _beside_addok(ground: Ground) -> Iterator[Measure]:
    country = ground.country(ground.sizes.documents)
    rows = Everything.drawn(country.rows).rows
    questions = _questions(rows.head(4 * ground.sizes.requests), ground.sizes.requests)
    ground.say(f"indexation d’addok : {len(rows)} documents")
    documents = _documents(rows, ground.folder / "files" / f"structures-{len(rows)}.ndjson")
    with client.served(country.instance) as server, running_addok(documents) as addok, Client(addok.url) as peer:
        for label, asked in questions.items():
            ground.say(f"addok : {label}")
            hits = {"ours": 0, "addok": 0}
            for words, name in asked:
                hits["ours"] += name in _ours(server, words)
                hits["addok"] += name in _theirs(peer, words)
            ways = {
                "ours": lambda each: server.get(_suggested(each[0])),
                "addok": lambda each: peer.get(_searched(each[0])),
            }
            yield from _compared(
                label, in_turn(ways, asked), {way: 100 * (1 - n / len(asked)) for way, n in hits.items()}
            )


def _compared(label: str, taken: Mapping[str, Latency], missed: Mapping[str, float]) -> Iterator[Measure]:
    times = TIMES_QUICKER.get(label)
    for which in ("median", "p95"):
        floor = getattr(taken["addok"], which)
        yield Measure(
            label=f"{label}, {'médiane' if which == 'median' else '95ᵉ centile'}",
            value=getattr(taken["ours"], which),
            unit="ms",
            floor=floor,
            floor_label="addok",
            target=floor / times if times and which == "median" else None,
        )
    half_a_question = 50 / taken["ours"].count
    yield Measure(
        label=f"{label}, même nom absent des {OF_ADDOK} premiers",
        value=missed["ours"],
        unit="%",
        floor=missed["addok"],
        floor_label="addok",
        target=missed["addok"] + half_a_question,
    )


def _questions(rows: pl.DataFrame, count: int) -> dict[str, list[tuple[str, str]]]:
    """Words typed, and the name that was meant: begun, misspelt, misspelt with its town."""
    draw = random.Random(SEED)
    found: dict[str, list[tuple[str, str]]] = {"début": [], "une faute": [], "une faute et la ville": []}
    for name, town in rows.select("name", "commune_name").iter_rows():
        before, _, last = name.rpartition(" ")
        misspelt = _misspelt(draw, name)
        if before and misspelt and len(last) > LAST_LETTERS:
            found["début"].append((f"{before} {last[:LAST_LETTERS]}", name))
            found["une faute"].append((misspelt, name))
            found["une faute et la ville"].append((f"{misspelt} {town}", name))
    return {label: asked[:count] for label, asked in found.items()}


def _misspelt(draw: random.Random, name: str) -> str | None:
    """One letter changed in one of its long words, never the first."""
    words = name.split()
    long = [i for i, word in enumerate(words) if len(word) >= LEAST_MISSPELT and word.isalpha()]
    if not long:
        return None
    at = draw.choice(long)
    place = draw.randrange(1, len(words[at]))
    letter = draw.choice([each for each in "abcdefghijklmnopqrstuvwxyz" if each != words[at][place].lower()])
    words[at] = words[at][:place] + letter + words[at][place + 1 :]
    return " ".join(words)


def _documents(rows: pl.DataFrame, written: Path) -> Path:
    """What addok indexes: a name and where it is, one JSON object a line."""
    written.parent.mkdir(parents=True, exist_ok=True)
    with written.open("wb") as stream:
        for row in rows.iter_rows(named=True):
            stream.write(msgspec.json.encode(_document(row)) + b"\n")
    return written


def _document(row: Mapping[str, Any]) -> dict[str, object]:
    place = {"postcode": row["postcode"], "citycode": row["commune"], "city": row["commune_name"]}
    return place | {"id": row["id"], "type": "street", "name": row["name"], "lon": row["lon"], "lat": row["lat"]}


def _suggested(words: str) -> str:
    return Typed(words).address(OF_ADDOK)


def _searched(words: str) -> str:
    return path("/search/", q=words, limit=OF_ADDOK, autocomplete=1)


def _ours(server: Client, words: str) -> list[str]:
    lines = server.json(_suggested(words))["suggestions"]
    return [line["label"].rpartition(" – ")[0] for line in lines if line["kind"] == "structure"]


def _theirs(peer: Client, words: str) -> list[str]:
    return [each["properties"]["name"] for each in peer.json(_searched(words))["features"]]
