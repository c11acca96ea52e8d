"""From an open row to what people find: its name, its address, its place, its category."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from etl import demo
from etl.registers.establishments import NAMES
from etl.sirene.capitals import proper, restored, street
from etl.sirene.diffusion import split
from etl.sirene.transform import establishments_of
from geo.categories import categories
from geo.projections import to_wgs84
from tests.etl.sirene.published import SIREN, SIRET, published, whole

TODAY = date(2026, 11, 23)
PERSON = {
    "categorieJuridiqueUniteLegale": 1000,
    "denominationUniteLegale": None,
    "prenom1UniteLegale": "ANNE-LISE",
    "nomUniteLegale": "LE GALL",
}
EAST, NORTH = 417_238.0, 6_421_800.0  # Bordeaux in Lambert-93


def made(**changed: Any) -> dict[str, Any]:
    opened, _ = split(published(**changed))
    found, _ = establishments_of(opened, TODAY)
    return found.row(0, named=True)


def noticed(**changed: Any) -> dict[str, int]:
    opened, _ = split(published(**changed))
    told = establishments_of(opened, TODAY)[1]
    return {name: count for name, count in told.items() if count and name != "actifs_du_champ"}


def test_a_pharmacy_has_every_column_of_an_establishment() -> None:
    row = made()
    assert list(row) == list(NAMES)
    assert {name: row[name] for name in ("siret", "siren", "active", "natural_person", "naf")} == {
        "siret": SIRET,
        "siren": SIREN,
        "active": True,
        "natural_person": False,
        "naf": ["47.73Z", "2025:47.73Y"],
    }
    assert row["categorie_no"] == categories()["lib:pharmacie"].no
    assert (row["commune"], row["commune_name"], row["departement"], row["region"]) == ("33063", "Bordeaux", "33", "75")
    assert (row["opened_on"], row["closed_on"], row["updated_on"]) == (date(2015, 3, 2), None, date(2026, 10, 4))
    assert (row["name"], row["name_key"]) == ("Pharmacie des Lilas", "PHARMACIE DES LILAS")
    assert row["address_lines"] == ["12 rue des Lilas"]


def test_a_closed_one_is_not_active_since_its_last_period() -> None:
    row = made(etatAdministratifEtablissement="F", dateDebut=date(2026, 9, 30))
    assert (row["active"], row["closed_on"]) == (False, date(2026, 9, 30))


def test_another_trade_has_no_category_of_ours() -> None:
    row = made(activitePrincipaleEtablissement="56.10A", activitePrincipaleNAF25Etablissement=None)
    assert (row["categorie_no"], row["naf"]) == (None, ["56.10A"])


def test_an_opening_announced_for_later_is_not_active_yet() -> None:
    assert not made(dateCreationEtablissement=date(2026, 12, 1))["active"]
    assert noticed(dateCreationEtablissement=date(2026, 12, 1))["annonces_pour_plus_tard"] == 1


def test_the_register_s_default_day_is_no_opening() -> None:
    assert made(dateCreationEtablissement=date(1900, 1, 1))["opened_on"] is None


# Names


def test_the_sign_is_shown_and_the_rest_stays_findable() -> None:
    row = made(
        enseigne1Etablissement="PHARMACIE DE L EGLISE",
        enseigne2Etablissement="BIEN PORTER",
        denominationUsuelleEtablissement="PHIE EGLISE",
        sigleUniteLegale="SPL",
    )
    assert row["name"] == "Pharmacie de l’Église"
    assert row["other_names"] == [
        "Bien Porter", "Phie Église", "Pharmacie des Lilas", "SPL", "PHARMACIE DE L EGLISE"
    ]  # fmt: skip


def test_a_practitioner_is_called_by_first_name_then_surname() -> None:
    row = made(**PERSON)
    assert (row["name"], row["other_names"]) == ("Anne-Lise Le Gall", ["ANNE-LISE LE GALL"])


def test_a_married_name_is_shown_and_the_other_stays_findable() -> None:
    row = made(**PERSON, nomUsageUniteLegale="DE LA TOUR")
    assert row["name"] == "Anne-Lise de la Tour"
    assert row["other_names"] == ["Anne-Lise Le Gall", "ANNE-LISE DE LA TOUR"]


def test_a_practitioner_with_a_sign_is_found_by_name_too() -> None:
    row = made(**PERSON, enseigne1Etablissement="CABINET MEDICAL DU PORT")
    assert row["name"] == "Cabinet médical du Port"
    assert "Anne-Lise Le Gall" in row["other_names"]


def test_a_name_with_small_letters_is_left_alone() -> None:
    row = made(enseigne1Etablissement="iSanté Bordeaux", denominationUniteLegale=None)
    assert (row["name"], row["other_names"]) == ("iSanté Bordeaux", [])


def test_nobody_s_name_is_no_name() -> None:
    assert noticed(denominationUniteLegale=None)["sans_nom"] == 1


@pytest.mark.parametrize(
    ("published_name", "name"),
    [
        ("CENTRE HOSPITALIER DE L'ESTUAIRE", "Centre hospitalier de l’Estuaire"),
        ("EHPAD LES TILLEULS", "EHPAD Les Tilleuls"),
        ("SELARL DU DR MARTIN", "SELARL du Dr Martin"),
        ("DOCTEUR JEAN-PIERRE LE GALL", "Docteur Jean-Pierre Le Gall"),
        ("SERVICE DE SOINS INFIRMIERS A DOMICILE", "Service de soins infirmiers à domicile"),
        ("CENTRE MEDICO-SOCIAL DU 3EME AGE", "Centre médico-social du 3eme âge"),
        ("RESIDENCE JEAN XXIII", "Résidence Jean XXIII"),
        ("LA MAISON MEDICALE", "La Maison médicale"),
        ("SARL PHARMACIE DU PORT", "SARL Pharmacie du Port"),
        ("FOYER D ACCUEIL MEDICALISE", "Foyer d’accueil médicalisé"),
        ("INSTITUT L.P. DURAND", "Institut L.P. Durand"),
        ("CLINIQUE SAINT-VINCENT", "Clinique Saint-Vincent"),
        ("FREDERIQUE MEZERAC", "Frederique Mezerac"),
        ("CABINET DE SAGE-FEMME", "Cabinet de sage-femme"),
        ("CRECHE LES P'TITS LOUPS", "Crèche Les P’tits Loups"),
        ("VITAMINE A", "Vitamine A"),
    ],
)
def test_capitals_are_given_back_and_no_accent_is_invented(published_name: str, name: str) -> None:
    assert restored(published_name) == name


@pytest.mark.parametrize(
    ("published_name", "name"),
    [
        ("E.H.P.A.D. LES LILAS", "E.H.P.A.D. Les Lilas"),
        ("ASSOCIATION A.D.M.R.", "Association A.D.M.R."),
        ("S.E.L.A.R.L. PHARMACIE DU PORT", "S.E.L.A.R.L. Pharmacie du Port"),
        ("S.A.R.L AMBULANCES A.B. DE L'AIN", "S.A.R.L Ambulances A.B. de l’Ain"),
    ],
)
def test_an_acronym_keeps_its_dots_and_its_capitals(published_name: str, name: str) -> None:
    assert restored(published_name) == name


@pytest.mark.parametrize(
    ("published_name", "name"),
    [
        ("DR SAGE", "Dr Sage"),
        ("DR. MAISON", "Dr. Maison"),
        ("CABINET DU DR LE PETIT-JARDIN", "Cabinet du Dr Le Petit-Jardin"),
        ("DOCTEUR LAURENT VILLA", "Docteur Laurent Villa"),
        ("DR A MARTIN", "Dr A Martin"),
        ("DR JP MARTIN", "Dr JP Martin"),
        ("DR VI NGUYEN", "Dr Vi Nguyen"),
        ("JEAN PETIT INFIRMIER", "Jean Petit infirmier"),
        ("DR MARTIN CHIRURGIEN DENTISTE", "Dr Martin chirurgien dentiste"),
        ("SOPHIE SAGE-FEMME", "Sophie sage-femme"),
        ("RESIDENCE SAINTE-ANNE MAISON DE RETRAITE", "Résidence Sainte-Anne maison de retraite"),
        ("DOCTEUR EN PHARMACIE", "Docteur en pharmacie"),
        ("DOCTEUR A DOMICILE", "Docteur à domicile"),
    ],
)
def test_a_word_of_the_field_is_a_surname_where_a_person_is_named(published_name: str, name: str) -> None:
    assert restored(published_name) == name


@pytest.mark.parametrize(
    ("published_name", "name"),
    [
        ("MAISON", "Maison"),
        ("NG", "Ng"),
        ("D'ARC", "d’Arc"),
        ("JEAN SANS-DUPONT", "Jean Sans-Dupont"),
        ("AIDA ET-TAHIRI", "Aida Et-Tahiri"),
        ("JEAN-PAUL EN-NACIRI", "Jean-Paul En-Naciri"),
        ("MARIE OU YANG", "Marie Ou Yang"),
        ("VI NGUYEN", "Vi Nguyen"),
        ("JEAN A MARTIN", "Jean A Martin"),
        ("ANNE-MARIE DE L'ISLE DU PRE", "Anne-Marie de l’Isle du Pre"),
    ],
)
def test_a_person_s_name_goes_by_rules_of_persons(published_name: str, name: str) -> None:
    assert proper(published_name) == name


# Addresses


def test_abbreviations_are_written_out() -> None:
    row = made(
        complementAdresseEtablissement="1ER ETAGE",
        indiceRepetitionEtablissement="B",
        typeVoieEtablissement="AV",
        libelleVoieEtablissement="DU GENERAL DE GAULLE",
        distributionSpecialeEtablissement="BP 141",
    )
    assert row["address_lines"] == ["1er étage", "12 bis avenue du Général de Gaulle", "BP 141"]


def test_a_street_without_number_begins_with_a_capital() -> None:
    assert made(numeroVoieEtablissement=None, typeVoieEtablissement="ALLEE")["address_lines"] == ["Allée des Lilas"]


def test_a_number_without_street_is_no_line() -> None:
    assert made(libelleVoieEtablissement=None, typeVoieEtablissement=None)["address_lines"] == []


def test_the_letter_of_a_number_stays() -> None:
    assert made(indiceRepetitionEtablissement="A")["address_lines"] == ["12 A rue des Lilas"]


def test_streets_have_their_own_capitals() -> None:
    assert street("DE LA REPUBLIQUE") == "de la République"
    assert street("JEAN MOULIN") == "Jean Moulin"


# Places


@pytest.mark.parametrize(
    ("quality", "precision"), [("11", "housenumber"), ("12", "street"), ("21", "street"), ("22", "street")]
)
def test_insee_s_quality_says_how_precise_a_point_is(quality: str, precision: str) -> None:
    row = made(qualite_xy=quality)
    assert (row["precision"], row["position_source"]) == (precision, "insee")
    assert (row["lon"], row["lat"]) == (pytest.approx(-0.5792), pytest.approx(44.8378))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"qualite_xy": "33"}, "positions_voie_inconnue"),
        ({"qualite_xy": None}, "positions_qualite_inconnue"),
        ({"x_longitude": None, "y_latitude": None, "qualite_xy": None}, "positions_absentes"),
        ({"x_longitude": 55.45, "y_latitude": -20.88}, "positions_hors_du_territoire"),
        ({"x_longitude": 3.06, "y_latitude": 50.63}, "positions_hors_de_la_commune"),
        (
            {
                "coordonneeLambertAbscisseEtablissement": str(EAST + 900),
                "coordonneeLambertOrdonneeEtablissement": str(NORTH),
            },
            "positions_contredites_par_lambert",
        ),
    ],
)
def test_a_point_that_cannot_be_true_is_refused_and_the_commune_s_centre_stands_in(
    changed: dict[str, Any], reason: str
) -> None:
    assert noticed(**changed) == {reason: 1}
    row = made(**changed)
    assert (row["precision"], row["position_source"]) == ("commune", "commune")
    assert row["lon"] is not None


def test_a_lambert_pair_that_agrees_changes_nothing() -> None:
    lon, lat = to_wgs84(2154, *(pl.Series([each]).to_numpy() for each in (EAST, NORTH)))
    pair = {"coordonneeLambertAbscisseEtablissement": str(EAST), "coordonneeLambertOrdonneeEtablissement": str(NORTH)}
    assert noticed(**pair, x_longitude=float(lon[0]), y_latitude=float(lat[0])) == {"positions_placees_par_insee": 1}


def test_a_lambert_pair_stands_in_for_a_missing_point_within_its_commune_only() -> None:
    missing = {"x_longitude": None, "y_latitude": None, "qualite_xy": None}
    row = made(
        **missing,
        coordonneeLambertAbscisseEtablissement="417238,0",
        coordonneeLambertOrdonneeEtablissement=str(NORTH),
    )
    assert (row["precision"], row["position_source"]) == ("street", "insee")
    assert (row["lon"], row["lat"]) == (pytest.approx(-0.58, abs=0.02), pytest.approx(44.84, abs=0.02))
    elsewhere = made(
        **missing, coordonneeLambertAbscisseEtablissement="652000", coordonneeLambertOrdonneeEtablissement="6862000"
    )
    assert elsewhere["precision"] == "commune"


def test_overseas_lambert_is_read_in_its_own_projection() -> None:
    row = made(
        codeCommuneEtablissement="97411",
        x_longitude=None,
        y_latitude=None,
        coordonneeLambertAbscisseEtablissement="338500",
        coordonneeLambertOrdonneeEtablissement="7690500",
    )
    assert (row["lon"], row["lat"]) == (pytest.approx(55.45, abs=0.05), pytest.approx(-20.88, abs=0.05))


def test_an_unknown_commune_leaves_a_structure_without_place() -> None:
    row = made(codeCommuneEtablissement="99999")
    assert (row["commune"], row["commune_name"], row["lon"], row["precision"]) == (None, "BORDEAUX", None, "none")


def test_the_demo_s_practitioners_stand_where_they_are_and_nowhere_else(france: demo.DemoFiles, tmp_path: Path) -> None:
    opened = pl.read_parquet(whole(france, tmp_path).open)
    found, told = establishments_of(opened, TODAY)
    truth = pl.read_parquet(france.truth).filter(pl.col("finess").is_null()).select("siret", true_lat="lat")
    placed = found.join(truth, on="siret")
    exact = placed.filter(precision="housenumber")
    assert exact.height > 300
    assert exact.filter((pl.col("lat") - pl.col("true_lat")).abs() > 0.001).is_empty()
    assert found["siret"].is_unique().all()
    assert told["positions_placees_par_insee"] > 0.8 * found.height
    assert found["name"].str.contains("[ND]", literal=True).sum() == 0
