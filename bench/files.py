"""FINESS files made from others, entity by entity: ten times as many, the next day, the same day written otherwise."""

import gzip
import random
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import ijson
import msgspec

from bench.measure import WrongAnswer
from tests.etl.finess.noise import noisy

Json = dict[str, Any]
GZIP_LEVEL = 1
COPIES = 10
LETTERS = "ABCDEFGHI"  # third character of the copies' numbers: the register has only 0 there, and geo.identifiers takes these
ENTITIES = re.compile(rb',\s*"pmej"\s*:\s*\[')
ROOT_BYTES = 1 << 22  # the groups stand before the entities and take a twentieth of this
NUMBER = re.compile(rb'("numFiness(?:Ege|Pm)":"[0-9A-Z]{2})0')
IDENTIFIER = re.compile(
    rb'("(?:egeId|pmSmsseId|idEgePorteuse|idEgeNonPorteuse|evenementId|engagementId|identifiantObjet\d)":")(\d+)'
)
NEVER = "Y"  # third character of numbers that neither the register nor the demo gives
APART = 10**9  # between the internal ids of two copies: the register's have six figures
RENAMED, DROPPED, COPIED = 150, 600, 500  # one establishment in so many, each day: more than a real day, to be counted


class Day(msgspec.Struct, frozen=True):
    """What a made-up day changes of the one before."""

    renamed: int
    dropped: int
    added: int


def tenfold(source: Path, target: Path, establishments: int | None, copies: int = COPIES) -> Path:
    """The file's first establishments (all of them for None), each `copies` times under other numbers."""
    return _written(target, _root(source), _copied(_cut(_entities(source), establishments), copies))


def otherwise(source: Path, target: Path, seed: int = 4) -> Path:
    """The same content as `tests/etl/finess/noise.py` writes it, made a day later."""
    draw, root = random.Random(seed), _root(source)
    groups = {name: root[name] for name in ("gcc", "gco") if name in root}  # the activities flow has none
    later = noisy(groups, draw) | {"generatedAt": _a_day_later(root)}
    return _written(target, root | later, (msgspec.json.encode(noisy(each, draw)) for each in _entities(source)))


def standing(file: Path, structures: Path, day: str) -> tuple[int, set[str]]:
    """How many activities a file holds, and the establishments of a structures file with one that stands on a day; read apart."""
    of_structures = (each["informationsGeneralesEGE"] for entity in _entities(structures) for each in entity["ege"])
    numbers = {each["egeId"]: each["numFinessEge"] for each in of_structures}
    count, found = 0, set()
    for entity in _entities(file):
        for establishment in entity["ege"]:
            count += len(establishment["activitesExercees"])
            if any(_stands(each, day) for each in establishment["activitesExercees"]):
                found.add(establishment["numFinessEge"])
        count += len(entity["activitesAutorisees"])
        for each in entity["activitesAutorisees"]:
            ege_id = each["caracteristiquesGeneriques"]["egeId"]
            if ege_id and _stands(each, day):
                found.add(numbers[ege_id])
    return count, found


def _stands(activity: Json, day: str) -> bool:
    generic = activity["caracteristiquesGeneriques"]
    ends = ("dateFinActiviteAutorisee", "dateFinEffectiveActivite", "dateCaduciteAutorisation")
    begun = generic["dateDebutActiviteAutorisee"] <= day
    return generic["etatObjet"] == "A" and begun and all(not generic[end] or generic[end] > day for end in ends)


def next_day(source: Path, target: Path) -> Day:
    """The day after: some establishments renamed, some gone, some new; how many of each."""
    root, rank, done = _root(source), count(1), {"renamed": 0, "dropped": 0, "added": 0}
    entities = (msgspec.json.encode(_changed(each, rank, done)) for each in _entities(source))
    _written(target, root | {"generatedAt": _a_day_later(root)}, entities)
    return Day(**done)


def numbers(file: Path) -> set[str]:
    """The establishments' numbers, read apart from the pipeline."""
    return {str(each["informationsGeneralesEGE"]["numFinessEge"]).strip() for e in _entities(file) for each in e["ege"]}


def kept(target: Path, write: Callable[[Path], object]) -> Path:
    """A file made once for all runs: it appears under its name when it is whole."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        write(target)
    return target


def _changed(entity: Json, rank: Iterator[int], done: dict[str, int]) -> Json:
    establishments = []
    for each in entity["ege"]:
        number = next(rank)
        if number % DROPPED == 0:
            done["dropped"] += 1
            continue
        if number % RENAMED == 0:
            done["renamed"] += 1
            each = _with(each, nomEgeCourt=f"MAISON {number}", nomEgeLong=f"MAISON {number}")
        establishments.append(each)
        if number % COPIED == 1:
            done["added"] += 1
            finess = each["informationsGeneralesEGE"]["numFinessEge"].strip()
            establishments.append(
                _with(each, numFinessEge=f"{finess[:2]}{NEVER}{finess[3:]}", egeId=str(APART + number))
            )
    return entity | {"ege": establishments}


def _with(establishment: Json, **about: str) -> Json:
    return establishment | {"informationsGeneralesEGE": establishment["informationsGeneralesEGE"] | about}


def _cut(entities: Iterable[Json], establishments: int | None) -> Iterator[Json]:
    left = establishments
    for entity in entities:
        if left is not None and left <= 0:
            return
        ege = entity["ege"] if left is None else entity["ege"][:left]
        left = None if left is None else left - len(ege)
        yield entity | {"ege": ege}


def _copied(entities: Iterable[Json], copies: int) -> Iterator[bytes]:
    for entity in entities:
        written = msgspec.json.encode(entity)
        yield written
        for copy, letter in enumerate(LETTERS[: copies - 1], start=1):
            yield _under_other_numbers(written, copy, letter.encode(), expected=1 + len(entity["ege"]))


def _under_other_numbers(written: bytes, copy: int, letter: bytes, expected: int) -> bytes:
    renumbered, found = NUMBER.subn(rb"\g<1>" + letter, written)
    if found != expected:
        raise WrongAnswer(
            "Un numéro FINESS du fichier officiel n’a pas 0 en troisième caractère : ses copies se heurteraient."
        )
    return IDENTIFIER.sub(lambda match: match[1] + str(int(match[2]) + copy * APART).encode(), renumbered)


def _written(target: Path, root: Json, entities: Iterable[bytes]) -> Path:
    partial = target.with_suffix(".partial")
    with gzip.open(partial, "wb", GZIP_LEVEL) as stream:
        stream.write(msgspec.json.encode(root)[:-1] + b',"pmej":[')
        for rank, entity in enumerate(entities):
            stream.write(b"," + entity if rank else entity)
        stream.write(b"]}")
    return partial.replace(target)


def _entities(file: Path) -> Iterator[Json]:
    with gzip.open(file) as stream:
        yield from ijson.items(stream, "pmej.item")


def _root(file: Path) -> Json:
    """Every member beside the entities."""
    with gzip.open(file) as stream:
        opening = ENTITIES.split(stream.read(ROOT_BYTES), maxsplit=1)[0]
    root: Json = msgspec.json.decode(opening + b"}")
    return root


def _a_day_later(root: Json) -> str:
    return (datetime.fromisoformat(root["generatedAt"]) + timedelta(days=1)).isoformat()
