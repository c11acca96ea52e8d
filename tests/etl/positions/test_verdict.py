"""What answers are worth: a type, a score, a commune and a gap, and above all the street that was answered."""

from typing import Any

import msgspec
import pytest

from etl.labels import LABELS
from etl.positions.ladder import GaveUp
from etl.positions.streets import same_place, same_street
from etl.positions.verdict import Reason, Verdict, judged
from geo.geocoder.shapes import Answer, Kind, Question, Status
from geo.position import Precision

LILLE = "59350"
ASKED = Question("12 RUE DES LILAS", "Lille", "59000", LILLE)
FOUND = Answer(
    Status.OK, Kind.HOUSENUMBER, score=0.96, score_next=0.7, lon=3.06, lat=50.63, label="12 Rue des Lilas 59000 Lille",
    id="59350_5500_00012", housenumber="12", street="Rue des Lilas", postcode="59000", citycode=LILLE, city="Lille",
)  # fmt: skip
STREET = {"kind": Kind.STREET, "housenumber": None}


def judge(
    text: str = ASKED.text, asked: Kind | None = None, gave_up: GaveUp = GaveUp.NOTHING, **answer: Any
) -> Verdict:
    question = msgspec.structs.replace(ASKED, text=text, kind=asked)
    return judged(question, msgspec.structs.replace(FOUND, **answer), gave_up, LILLE)


@pytest.mark.parametrize(
    ("text", "answer", "precision", "reason", "gave_up"),
    [
        ("12 RUE DES LILAS", {}, "housenumber", None, "nothing"),
        ("12 BIS RUE DES LILAS", {"housenumber": "12bis"}, "housenumber", None, "nothing"),
        ("12 BIS RUE DES LILAS", {"housenumber": "12 b"}, "housenumber", None, "nothing"),
        ("12 BIS RUE DES LILAS", {}, "housenumber", None, "suffix"),  # the door beside
        ("12 RUE DES LILAS", {"housenumber": "14"}, "street", Reason.NUMERO_ABSENT, "number"),
        ("12 RUE DES LILAS", {"housenumber": "112"}, "street", Reason.NUMERO_ABSENT, "number"),
        ("12 RUE DES LILAS", STREET, "street", Reason.NUMERO_ABSENT, "number"),
        ("12 RUE DES LILAS", {"kind": Kind.MUNICIPALITY, "street": None}, "commune", Reason.CENTRE_DE_COMMUNE, "address"),
        ("12 RUE DES LILAS", {"street": "Rue des Tilleuls"}, "none", Reason.AUTRE_RUE, "nothing"),
        ("12 RUE DES LILAS", {"street": "Avenue des Lilas"}, "none", Reason.AUTRE_RUE, "nothing"),
        ("12 RUE DES LILAS", {"street": None}, "none", Reason.AUTRE_RUE, "nothing"),
        ("12 RUE DES LILAS", {"citycode": "59512"}, "none", Reason.AUTRE_COMMUNE, "nothing"),
        ("12 RUE DES LILAS", {"citycode": None}, "none", Reason.AUTRE_COMMUNE, "nothing"),
        ("12 RUE A", {"street": "Rue A", "score": 0.6, "score_next": None}, "housenumber", None, "nothing"),
        ("12 RUE A", {"street": "Rue D", "score": 0.84}, "none", Reason.AUTRE_RUE, "nothing"),
        ("12 RUE", {"street": "Rue D", "score": 0.84}, "none", Reason.AUTRE_RUE, "nothing"),
        ("12 RUE DES LILAS", {"score": 0.3}, "none", Reason.SCORE_TROP_BAS, "nothing"),
        ("12 RUE DES LILAS", {"score": 0.55, "score_next": None}, "housenumber", None, "nothing"),  # the very same street
        ("12 RUE DES LILLAS", {"score": 0.55, "score_next": None}, "none", Reason.SCORE_TROP_BAS, "nothing"),
        ("12 RUE DES LILAS", {"score": None}, "none", Reason.SCORE_TROP_BAS, "nothing"),
        ("12 RUE DES LILAS", {"score_next": 0.955}, "none", Reason.AMBIGUE, "nothing"),
        ("12 RUE DES LILAS", {"status": Status.NOT_FOUND}, "none", Reason.INTROUVABLE, "nothing"),
        ("12 RUE DES LILAS", {"lon": None}, "none", Reason.INTROUVABLE, "nothing"),
        ("12 RUE DES LILAS", {"status": Status.ERROR}, "none", Reason.SANS_REPONSE, "nothing"),
        ("12 RUE DES LILAS", {"status": Status.SKIPPED}, "none", Reason.SANS_REPONSE, "nothing"),
        ("RUE DU 8 MAI 1945", STREET | {"street": "Rue du 8 Mai 1945"}, "street", None, "nothing"),
        ("LE BOURG", {"kind": Kind.LOCALITY, "housenumber": None, "street": "Le Bourg"}, "locality", None, "nothing"),
        ("LE BOURG", STREET | {"street": "Le Bourg"}, "locality", None, "nothing"),
        ("LE BOURG", STREET | {"street": "Rue de la Fontaine"}, "none", Reason.AUTRE_RUE, "nothing"),
        ("12 LE BOURG", {"kind": Kind.LOCALITY, "street": "Le Bourg"}, "locality", Reason.NUMERO_ABSENT, "number"),
    ],
)  # fmt: skip
def test_an_answer_is_worth_what_it_shares_with_the_question(
    text: str, answer: dict[str, Any], precision: str, reason: Reason | None, gave_up: str
) -> None:
    verdict = judge(text, **answer)
    assert (verdict.precision.value, verdict.reason, verdict.gave_up.value) == (precision, reason, gave_up)


def test_a_street_asked_for_is_a_street_and_a_municipality_never_precise() -> None:
    street = judge("RUE DES LILAS", Kind.STREET, GaveUp.NUMBER, **STREET)
    assert street == Verdict(Precision.STREET, None, GaveUp.NUMBER)
    town = judge("LILLE", Kind.MUNICIPALITY, GaveUp.ADDRESS, kind=Kind.MUNICIPALITY, street=None)
    assert (town.precision, street.is_precise, town.is_precise) == (Precision.COMMUNE, True, False)


@pytest.mark.parametrize(
    ("register", "answered", "agrees"),
    [
        ("75119", "75119", True),
        ("75119", "75056", True),
        ("75056", "75119", True),
        ("69386", "69123", True),
        ("69386", "75106", False),
        ("59540", "59183", True),  # Saint-Pol-sur-Mer, merged into Dunkerque
        ("97127", "97801", True),
    ],
)
def test_arrondissements_and_merged_communes_are_the_whole(register: str, answered: str, agrees: bool) -> None:
    verdict = judged(ASKED, msgspec.structs.replace(FOUND, citycode=answered), GaveUp.NOTHING, register)
    assert verdict.reason == (None if agrees else Reason.AUTRE_COMMUNE)


def test_without_a_commune_the_postcode_vouches() -> None:
    question = msgspec.structs.replace(ASKED, citycode=None)
    assert judged(question, FOUND, GaveUp.NOTHING, None).precision is Precision.HOUSENUMBER
    elsewhere = msgspec.structs.replace(FOUND, postcode="59160")
    assert judged(question, elsewhere, GaveUp.NOTHING, None).reason is Reason.AUTRE_COMMUNE
    nowhere = msgspec.structs.replace(question, postcode=None)
    assert judged(nowhere, FOUND, GaveUp.NOTHING, None).reason is Reason.COMMUNE_INCONNUE


@pytest.mark.parametrize(
    ("asked", "answered", "same"),
    [
        ("RUE DES LILAS", "Rue des Lilas", True),
        ("RUE DE L ETANG", "rue de l’Étang", True),
        ("RUE PASTEUR", "Rue Louis Pasteur", True),
        ("RUE J JAURES", "Rue Jean Jaurès", True),
        ("AVENUE DU GENERAL DE GAULLE", "Avenue Charles de Gaulle", True),
        ("RUE DU GENERAL LECLERC", "Rue du Maréchal Leclerc", True),
        ("RUE CLAUDE DEBUSY", "Rue Claude Debussy", True),
        ("RUE EIERS", "Rue Thiers", True),  # ANS's damage
        ("RUE DU 8 MAI", "Rue du 8 Mai 1945", True),
        ("RUE BELLE VUE", "Rue Bellevue", True),
        ("ALLEES JEAN JAURES", "Allée Jean Jaurès", True),
        ("GRANDE RUE", "Grande Rue", True),
        ("LILAS", "Rue des Lilas", True),  # the register says no kind
        ("AVENUE DU MAL DE LATTRE DE TASSIG", "Avenue du Maréchal de Lattre de Tassigny", True),  # a field was full
        ("RUE DES LILAS", "Avenue des Lilas", False),
        ("RUE PASTEUR", "Villa Pasteur", False),
        ("VILLA PASTEUR", "Villa Pasteur", True),
        ("RUE SAINT MARTIN", "Rue du Rempart Saint-Martin", False),
        ("PLACE ROMBAULT", "Place Combault", False),
        ("RUE DE LA GARE", "Rue de la Vieille Gare", False),
        ("GRANDE RUE", "Rue", False),
        ("RUE DU DOCTEUR MARTIN", "Rue Henri Martin", False),
        ("RUE DU 8 MAI 1945", "Rue du 11 Novembre 1918", False),
        ("ROUTE NATIONALE 7", "Route Nationale 96", False),
        ("RUE DES ROSES", "Rue des Rosiers", False),
        ("RUE DE PARIS", "Rue de Perse", False),
        ("RUE JEAN MOULIN", "Rue du Moulin", False),
        ("RUE DES LILAS", "Rue des Lilas Blancs", False),
        ("RUE DU PRESIDENT KENNEDY", "Rue du Président John Kennedy", True),
        ("RUE DES LILAS", "", False),
        ("RUE FRANCOIS MITTERAND", "Rue François Mitterrand", True),
        ("RUE ST ANNE", "Rue Sainte-Anne", True),
        ("RUE DE LA RESISTENCE", "Rue de la Résistance", True),
        ("RUE DES MARRONIER", "Rue des Marronniers", True),
        ("AVENUE OLIVIER MESSIAEN", "Avenue Olivier Messian", True),
        ("BOULEVARD EDGARD QUINET", "Boulevard Edgar Quinet", True),
        ("PLACE DE LATTRE DE TASSIGN", "Place de Lattre de Tassigny", True),
        ("RUE HENRY DUNANT", "Rue Henri Dunant", True),
        ("33 GRANDE RUE", "Grand’Rue", True),
        # other people
        ("RUE CLAUDE MANET", "Rue Claude Monet", False),
        ("RUE MARTIN", "Rue Martine", False),
        ("RUE RICHARD", "Rue Ricard", False),
        ("RUE LOUIS BERTRAND", "Rue Louise Bertrand", False),
        ("RUE EMILE BARBET", "Rue Émile Bardet", False),
        ("RUE EMILE ZOLA", "Rue Émilie Zola", False),
        ("RUE RENE CASSIN", "Rue Renée Cassin", False),
        ("RUE FRANCOIS", "Rue Françoise", False),
        ("RUE ALEXANDRE", "Rue Alexandra", False),
        ("PLACE DU SANNA", "Place du Sana", False),
        ("RUE DES CHATAIGNES", "Rue des Châtaigniers", False),
        ("RUE DU DOCTEUR LECLERC", "Rue du Général Leclerc", False),
        ("RUE DU DOCTEUR ROUX", "Rue du Capitaine Roux", False),
        ("RUE DE L ABBE MARTIN", "Rue du Colonel Martin", False),
        ("RUE DU COMMANDANT MARTIN", "Rue du Capitaine Martin", True),  # who was promoted
        ("RUE B", "Rue Blanche", False),
        ("RUE JEAN B", "Rue Jean Bernard", False),
        ("RUE A", "Rue A", True),
        ("RUE A", "Rue D", False),
        ("ALLEE A", "Allée L", False),
        ("RUE D", "Rue", False),
    ],
)
def test_one_street_under_two_spellings(asked: str, answered: str, same: bool) -> None:
    assert same_street(asked, answered) is same


@pytest.mark.parametrize(
    ("asked", "answered", "same"),
    [
        ("LE BOURG", "Le Bourg", True),
        ("HAMEAU DU TRONQUAY", "Le Tronquay", True),
        ("ZAC DE LA FOSSE", "Zone d’Activités de la Fosse", True),
        ("QUARTIER LA GARDUERE", "La Garduère", True),
        ("LE BOURG", "Rue de la Fontaine", False),
        ("ZI DES PALUDS", "ZI de Gémenos", False),
        ("ZONE A", "Zone D", False),
    ],
)
def test_one_place_under_two_spellings(asked: str, answered: str, same: bool) -> None:
    assert same_place(asked, answered) is same


def test_every_reason_and_every_loss_has_its_words() -> None:
    assert {reason.value for reason in Reason} == LABELS["position_reason"].keys()
    assert {lost.value for lost in GaveUp} == LABELS["gave_up"].keys()
