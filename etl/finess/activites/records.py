"""The activities of a chunk by FINESS number: hashed for the history, and the codes of those that stand for the filter."""

from collections import Counter
from datetime import date
from functools import partial

import msgspec

from etl.finess.activites.attach import Standing, standing_of
from etl.finess.activites.content import ACTIVITE, EGE_NAMES, ENTITY_NAMES, unknown_names
from etl.finess.activites.extract import Chunk
from etl.finess.activites.record import activite_record, essentials
from etl.finess.content import Json, content, content_hash, scalar
from etl.finess.record import objects_of
from etl.history import Published
from etl.load import TallyByNumber
from geo.activites import KIND, NATURES


class Read(msgspec.Struct):
    """What a chunk says."""

    records: list[Published]
    standing: list[Standing]  # by FINESS number
    named: list[Standing]  # by an egeId that the entity doesn't list: an establishment without activities of its own


def read(chunk: Chunk, today: date, tally: TallyByNumber) -> Read:
    """Everything of a chunk, counted in the tally; a number met again counts once, the first one stands."""
    found = Read([], [], [])
    tally.read += chunk.unreadable
    for _ in range(chunk.unreadable):
        tally.reject(None, "entite_illisible")
    for entity in chunk.entities:
        _read_entity(entity, today, tally, found)
    return found


def _read_entity(entity: Json, today: date, tally: TallyByNumber, found: Read) -> None:
    tally.unknown.update(f"pmej.{name}" for name in unknown_names(entity, ENTITY_NAMES))
    ej = scalar(entity.get("numFiness")) or scalar(entity.get("numeroFiness"))
    numbers: dict[str, str] = {}
    for ege in objects_of(entity.get("ege")):
        tally.unknown.update(f"pmej.ege.{name}" for name in unknown_names(ege, EGE_NAMES))
        number, ege_id = scalar(ege.get("numFinessEge")), scalar(ege.get("egeId"))
        practised = _usable(ege.get("activitesExercees"), number, tally)
        if number and ege_id:
            numbers[ege_id] = number
        if number and practised and _first_time(number, tally):
            found.records.append(_published(number, practised, ege, tally, "pmej.ege.activitesExercees", ej))
            found.standing.append(standing_of(number, [read for _, read in practised], today))
    authorised = _usable(entity.get("activitesAutorisees"), ej, tally)
    if ej and authorised and _first_time(ej, tally):
        alone = {name: value for name, value in entity.items() if name != "ege"}
        found.records.append(_published(ej, authorised, alone, tally, "pmej.activitesAutorisees", None))
        for ege_id, activites in _by_establishment(authorised).items():
            tally.noticed["autorisations_d_un_etablissement"] += 1
            if ege_id in numbers:
                found.standing.append(standing_of(numbers[ege_id], activites, today))
            else:
                found.named.append(standing_of(ege_id, activites, today))


def _usable(published: object, number: str | None, tally: TallyByNumber) -> list[tuple[Json, Json]]:
    """Activities with what is read of each; the others are counted under a reason."""
    usable = []
    for activite in published if isinstance(published, list) else ():
        tally.read += 1
        known = essentials(activite) if isinstance(activite, dict) else {}
        if number is None:
            tally.reject(known.get("activite_id"), "activite_sans_finess")
        elif "activite_id" not in known:
            tally.reject(number, "activite_sans_numero")
        elif "nature" not in known:
            tally.reject(known["activite_id"], "activite_sans_nature")
        else:
            usable.append((activite, known))
            _notice(activite, known, tally.noticed)
    return usable


def _notice(activite: Json, known: Json, noticed: Counter[str]) -> None:
    noticed["activites_en_cours" if known.get("etat") == "A" else "activites_inactives"] += 1
    if known["nature"] not in NATURES:
        noticed["natures_inconnues"] += 1
    if activite.get("zoneIntervention"):
        noticed["zones_d_intervention"] += 1
    for capacite in objects_of(activite.get("capacite")):
        noticed[f"capacites_de_statut_{scalar(capacite.get('statutCapacite'))}"] += 1


def _first_time(number: str, tally: TallyByNumber) -> bool:
    if number in tally.numbers:
        tally.reject(number, "numero_en_double")
        return False
    tally.numbers.add(number)
    return True


def _published(
    number: str, activites: list[tuple[Json, Json]], whole: Json, tally: TallyByNumber, path: str, ej: str | None
) -> Published:
    published = [each for each, _ in activites]
    hashed = content_hash(content(published, ACTIVITE, tally.unknown, path), ej)
    return Published(KIND, number, hashed, partial(_record, number, published, ej), whole)


def _record(number: str, published: list[Json], ej: str | None) -> Json:
    activites = sorted(map(activite_record, published), key=lambda each: str(each["activite_id"]))
    return {"finess": number} | ({"ej": ej} if ej else {}) | {"activites": activites}


def _by_establishment(authorised: list[tuple[Json, Json]]) -> dict[str, list[Json]]:
    named: dict[str, list[Json]] = {}
    for _, known in authorised:
        if "ege_id" in known:
            named.setdefault(known["ege_id"], []).append(known)
    return named
