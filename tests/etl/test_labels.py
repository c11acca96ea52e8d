"""Every name that a pipeline can write in the ledger has its words: the sources themselves say which there are."""

import re

import pytest

from etl.finess.activites import gates as activities_gates
from etl.gates import GATE_NAMES
from etl.labels import LABELS, label
from etl.positions import gates as positions_gates
from etl.sirene import gates as sirene_gates
from geo.publication import SOURCE_NAMES
from geo.settings import REPOSITORY

PIPELINES = [path for path in (REPOSITORY / "etl").rglob("*.py") if "demo" not in path.parts]
# how each is written where it is counted or announced
WRITTEN = {
    "reason": (r'\breject\(.*"([a-z_]+)"\)', r'pl\.lit\("((?:numero|sans_nom|categorie|nom|point)_?[a-z_]*)"\)'),
    "noticed": (
        r'noticed\["([a-z0-9_]+)"',
        r'noticed\[.*else "([a-z_]+)"\]',
        r'noticed=.*\{"([a-z_]+)":',
        r'"noticed": .*\{"([a-z_]+)":',
        r'^        "([a-z_]+)": (?:int\(structures|structures\["position_source"\]|dropped_siret)',
    ),
    "step": (r'\bsteps?\("([^"]+)"\)',),
}


def written(kind: str) -> set[str]:
    sources = [path.read_text(encoding="utf-8") for path in PIPELINES]
    return {name for form in WRITTEN[kind] for source in sources for name in re.findall(form, source, re.MULTILINE)}


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        ("reason", {"entite_illisible", "activite_sans_nature", "numero_en_double", "sans_nom", "categorie_illisible"}),
        (
            "noticed",
            {"activites_en_cours", "activites_inactives", "natures_inconnues", "autorisations_d_un_etablissement",
             "zones_d_intervention", "entites_illisibles", "ouvertes", "siret_mal_formes", "lignes_en_windows_1252"},
        ),
        ("step", {"lecture des activités", "activités des structures", "lecture du registre", "index de recherche"}),
    ],
)  # fmt: skip
def test_every_name_that_pipelines_write_has_its_words(kind: str, known: set[str]) -> None:
    names = written(kind)
    assert known <= names  # the forms above still find what they are about
    assert sorted(names - LABELS[kind].keys()) == []


def test_every_gate_and_every_pipeline_has_its_words() -> None:
    flows = (GATE_NAMES, activities_gates.GATE_NAMES, sirene_gates.GATE_NAMES, positions_gates.GATE_NAMES)
    assert {name for names in flows for name in names} <= LABELS["gate"].keys()
    assert SOURCE_NAMES.keys() <= LABELS["pipeline"].keys()


def test_capacities_of_any_status_have_words() -> None:
    assert label("noticed", "capacites_de_statut_09") == "capacités installées"
    assert label("noticed", "capacites_de_statut_07") == "capacités de statut 07"


def test_every_way_of_placing_an_establishment_of_sirene_has_words() -> None:
    source = (REPOSITORY / "etl" / "sirene" / "positions.py").read_text(encoding="utf-8")
    ways = re.findall(r'\.(?:then|otherwise)\(pl\.lit\("([a-z_]+)"\)\)', source)
    assert {"placees_par_insee", "voie_inconnue"} <= set(ways)
    assert [way for way in ways if f"positions_{way}" not in LABELS["noticed"]] == []
