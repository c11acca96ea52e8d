"""Categories of what Sirene knows beside FINESS's: found, counted and named by their codes."""

from sqlalchemy import Connection, select

from geo.categories import categorie, categories
from geo.filters import Filters
from geo.structures import structure
from search.document import categorie_words
from search.facets import counted_by_sql
from search.query import Facet
from tests.builders import a_structure, insert_structures

GENERALIST = categories()["lib:medecin-generaliste"]


def test_the_reference_has_them_beside_finess_s(connection: Connection) -> None:
    row = connection.execute(select(categorie).where(categorie.c.no == GENERALIST.no)).one()
    assert (row.code, row.domaine, row.family, row.family_label) == (
        "lib:medecin-generaliste",
        "SAN",
        "lib",
        "Professionnels libéraux",
    )


def test_a_facet_tells_their_code_and_label(connection: Connection) -> None:
    ids = insert_structures(connection, [a_structure(categorie_no=GENERALIST.no), a_structure(categorie_no=620)])
    counted = counted_by_sql(connection, Facet.CATEGORIE, Filters(), [structure.c.id.in_(ids)])
    assert {(each.value, each.label) for each in counted} == {
        ("lib:medecin-generaliste", "Médecin généraliste"),
        ("620", categories()["620"].label),
    }


def test_their_words_are_found_by_family_too() -> None:
    assert {"medecin", "generaliste", "liberal"} <= set(categorie_words(GENERALIST.no).split())
