"""`filter=` of `/ogc`: CQL2 finds what the rows say, in text and in JSON, and what it does not know it refuses."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import cql2
import pytest
import shapely
from litestar.testing import TestClient
from sqlalchemy import Connection, delete, select, text

from api.app import create_app
from api.ogc import communes, structures
from api.ogc.cql import MAX_OPERATORS, filter_of
from api.ogc.parameters import MAX_FILTER, StructuresAsked
from api.ogc.refusals import MAX_DEPTH
from geo.communes import commune
from geo.errors import InvalidQuestion
from geo.structures import structure
from tests.builders import a_structure, insert_structures
from tests.places import BORDEAUX, LILLE, NOUMEA, PARIS_13, WALLIS

Client = TestClient[Any]
STRUCTURES = "/ogc/collections/structures/items"

ROWS = {
    "lille": a_structure(
        at=LILLE, finess="590000001", name="Pharmacie de l'Étoile", phones=["0320000000"], siret=["11111111111111"],
        updated_on="2026-03-01",
    ),
    "paris": a_structure(
        at=PARIS_13, finess="750000002", name="CLINIQUE Pasteur 100%", categorie_no=355, siren="222222222", statut="60",
        updated_on="2025-06-15", naf=["86.10Z", "2025:86.10Y"],
    ),
    "bordeaux": a_structure(
        at=BORDEAUX, finess="330000003", name="Ehpad_Les Lilas", categorie_no=500, open=False, closed_on="2024-01-31",
        ej_finess="330000999", ej_name="CCAS", phones=["0556000000", "0556000001"],
    ),
    "noumea": a_structure(at=NOUMEA, finess="980000004", name="Centre", updated_on="2026-03-02", precision="commune"),
    "wallis": a_structure(at=WALLIS, finess="980000005", name="Dispensaire", updated_on="2026-03-03"),
    "nulle part": a_structure(finess="990000006", name="Service mobile", departement="59"),
}  # fmt: skip
EVERYTHING = set(ROWS)
LARGE = "9" * 401  # that no double holds
BOX_OF_FRANCE = "BBOX(-5,41,10,52)"


@pytest.fixture(scope="module")
def rows(engine: Any) -> Iterator[Connection]:
    with engine.connect() as connection:
        transaction = connection.begin()
        connection.execute(delete(structure))
        for row in ROWS.values():  # some say more than others
            insert_structures(connection, [row])
        yield connection
        transaction.rollback()


Found = Callable[..., set[str]]


@pytest.fixture
def found(rows: Connection) -> Found:
    """The names of the rows that a filter finds; closed ones are asked for."""

    def of(written: Any) -> set[str]:
        lang = None if isinstance(written, str) else "cql2-json"
        given = written if isinstance(written, str) else json.dumps(written)
        condition = filter_of(given, lang, structures.QUERYABLES).condition
        ids = set(rows.execute(select(structure.c.id).where(condition)).scalars())
        return {name for name, row in ROWS.items() if row["id"] in ids}

    return of


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("departement = '59'", {"lille", "nulle part"}),
        ("'59' = departement", {"lille", "nulle part"}),
        ("departement <> '59'", EVERYTHING - {"lille", "nulle part"}),
        ("id = 'f590000001'", {"lille"}),
        ("categorie = '620'", EVERYTHING - {"paris", "bordeaux"}),
        ("categorie <> '620'", {"paris", "bordeaux"}),
        ("categorie IN ('355','500')", {"paris", "bordeaux"}),
        ("categorie LIKE '5%'", {"bordeaux"}),
        ("casei(categorie_label) LIKE casei('%pharmacie%')", EVERYTHING - {"paris", "bordeaux"}),
        ("categorie NOT IN ('355','500')", EVERYTHING - {"paris", "bordeaux"}),
        ("name = 'Pharmacie de l''Étoile'", {"lille"}),
        ("name LIKE 'CLINIQUE%'", {"paris"}),
        ("name LIKE 'clinique%'", set()),
        ("casei(name) LIKE casei('cliNIque%')", {"paris"}),
        ("CASEI(name) = CASEI('DISPENSAIRE')", {"wallis"}),
        ("casei(name) IN (casei('CENTRE'), casei('dispensaire'))", {"noumea", "wallis"}),
        (r"name LIKE '%100\%'", {"paris"}),
        (r"name LIKE 'Ehpad\_%'", {"bordeaux"}),
        ("name LIKE 'C_ntre'", {"noumea"}),
        ("name NOT LIKE '%e%'", set()),
        ("name BETWEEN 'Centre' AND 'Centrf'", {"noumea"}),
        ("finess = '590000001'", {"lille"}),
        ("finess <> '590000001'", EVERYTHING - {"lille"}),
        ("phones IN ('0556000001','0000000000')", {"bordeaux"}),
        ("phones IS NULL", EVERYTHING - {"lille", "bordeaux"}),
        ("naf = '2025:86.10Y'", {"paris"}),
        ("siren IS NULL", EVERYTHING - {"paris"}),
        ("siren IS NOT NULL AND statut = '60'", {"paris"}),
        ("entite = 'CCAS'", {"bordeaux"}),
        ("open", EVERYTHING - {"bordeaux"}),
        ("NOT open", {"bordeaux"}),
        ("open = FALSE", {"bordeaux"}),
        ("open = 0", {"bordeaux"}),
        ("open <> TRUE", {"bordeaux"}),
        ("closed_on <= DATE('2024-01-31')", {"bordeaux"}),
        ("updated_on > DATE('2026-03-01')", {"noumea", "wallis"}),
        ("updated_on >= TIMESTAMP('2026-03-02T00:00:00Z')", {"noumea", "wallis"}),
        ("updated_on >= '2026-03-02T00:00:00Z'", {"noumea", "wallis"}),
        ("updated_on BETWEEN DATE('2026-03-01') AND DATE('2026-03-02')", {"lille", "noumea"}),
        ("updated_on IN (DATE('2026-03-03'))", {"wallis"}),
        ("updated_on IS NULL", {"bordeaux", "nulle part"}),
        # AND binds before OR (CQL2 § 6.4), NOT before both
        ("name = 'Centre' OR departement = '59' AND phones IS NULL", {"noumea", "nulle part"}),
        ("NOT departement = '59' AND open", {"paris", "noumea", "wallis"}),
        ("NOT (departement = '59' OR open)", {"bordeaux"}),
        ("TRUE", EVERYTHING), ("FALSE", set()), ("TRUE AND open = FALSE", {"bordeaux"}),
        (f"S_INTERSECTS(geometry, {BOX_OF_FRANCE})", {"lille", "paris", "bordeaux"}),
        ("S_INTERSECTS(geometry, BBOX(160,-30,-170,-10))", {"noumea", "wallis"}),
        (f"S_INTERSECTS({BOX_OF_FRANCE}, geometry)", {"lille", "paris", "bordeaux"}),
        (f"NOT S_INTERSECTS(geometry, {BOX_OF_FRANCE})", {"noumea", "wallis"}),
        (f"S_DISJOINT(geometry, {BOX_OF_FRANCE})", {"noumea", "wallis"}),
        ("S_WITHIN(geometry, POLYGON((2 48,4 48,4 51,2 51,2 48)))", {"lille", "paris"}),
        ("S_INTERSECTS(geometry, POINT(3.0635 50.6366))", {"lille"}),
        ("S_WITHIN(geometry, MULTIPOLYGON(((2 48,3 48,3 49,2 49,2 48)),((-1 44,0 44,0 45,-1 45,-1 44))))", {"paris", "bordeaux"}),
        ("S_INTERSECTS(geometry, LINESTRING(2.0635 50.6366,4.0635 50.6366))", {"lille"}),
        ("geometry IS NULL", {"nulle part"}),
        ("geometry IS NOT NULL", EVERYTHING - {"nulle part"}),
        (f"S_INTERSECTS(geometry, {BOX_OF_FRANCE}) AND categorie = '620'", {"lille"}),
    ],
)  # fmt: skip
def test_a_filter_finds_these_rows_in_text_and_in_json(found: Found, written: str, expected: set[str]) -> None:
    assert found(written) == expected
    assert found(cql2.parse_text(written).to_json()) == expected


def test_between_of_the_drafts_is_read_too(found: Found) -> None:
    days = [{"date": "2026-03-01"}, {"date": "2026-03-02"}]
    assert found({"op": "between", "args": [{"property": "updated_on"}, days]}) == {"lille", "noumea"}


def test_communes_are_asked_by_population_and_place(rows: Connection) -> None:
    written = (
        "population > 200000 AND population BETWEEN 1 AND 300000 AND S_INTERSECTS(geometry, POINT(-0.5792 44.8378))"
    )
    condition = filter_of(written, None, communes.QUERYABLES).condition
    assert rows.execute(select(commune.c.code).where(condition)).scalars().all() == ["33063"]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("couleur = 'bleu'", "« couleur »"), ("row_hash = 'x'", "« row_hash »"), ("load_id = 1", "« load_id »"),
        ("departement = 59", "« departement » se compare à un texte"),
        ("open = 'oui'", "« open » se compare à TRUE ou FALSE"),
        ("updated_on > 'hier'", "une date"), ("updated_on > DATE('2026-02-30')", "une date"), ("open < TRUE", "par = et <>"),
        ("finess LIKE '59%'", "LIKE"), ("finess < '6'", "« finess »"), ("finess BETWEEN '1' AND '2'", "BETWEEN"),
        ("updated_on LIKE '2026%'", "LIKE"), (r"name LIKE 'a\'", "motif"), (f"name LIKE '{'%' * 201}'", "motif"),
        ("accenti(name) = 'x'", "propriété"), ("name = accenti('x')", "texte"), ("name = siren", "texte"),
        ("'a' = 'a'", "propriété"),
        ("casei(updated_on) = DATE('2026-01-01')", "casei"), ("name = casei('x')", "casei"), ("name", "« name »"),
        ("5", "condition"),
        ("T_AFTER(updated_on, DATE('2026-01-01'))", "« t_after »"), ("A_OVERLAPS(naf, ('a','b'))", "« a_overlaps »"),
        ("pg_sleep(10) = 1", "propriété"), ("S_TOUCHES(geometry, POINT(1 2))", "« s_touches »"),
        ("geometry = POINT(1 2)", "S_INTERSECTS"),
        ("S_INTERSECTS(name, POINT(1 2))", "géométrie"), ("S_INTERSECTS(geometry, POINT(1 200))", "latitudes"),
        ("S_INTERSECTS(geometry, POLYGON((0 0,1 1,0 1,1 0,0 0)))", "se croisent"),
        ("S_INTERSECTS(geometry, name)", "géométrie"),
        ("S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(1 2)))", "géométrie"), ("updated_on + 1 = 2", "propriété"),
        ("name = ", "lisible"), ("name = 'x", "lisible"), ("SELECT 1", "lisible"),
        ("name = 'x'; DROP TABLE structure", "lisible"),
        ("name ILIKE 'x'", "lisible"), ("name IN ()", "lisible"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_refused_in_words(written: str, told: str) -> None:
    with pytest.raises(InvalidQuestion) as refusal:
        filter_of(written, None, structures.QUERYABLES)
    assert told in str(refusal.value)
    assert refusal.value.parameter == "filter"


@pytest.mark.parametrize(
    "written",
    [
        "", "[", "null", "1", '"a"', "[]", "{}", '{"op":1}', '{"op":"and"}', '{"op":"and","args":[]}',
        '{"op":"and","args":{}}',
        '{"op":"not","args":[true,false]}', '{"op":"=","args":[{"property":"name"}]}',
        '{"op":"in","args":[{"property":"name"},[]]}',
        '{"op":"in","args":[{"property":"name"},"a"]}', '{"op":"in","args":[{"property":"name"},[["a"]]]}',
        '{"op":"between","args":[{"property":"name"}]}', '{"op":"between","args":[{"property":"name"},["a"]]}',
        '{"op":"=","args":[{"property":"name"},"a\\u0000"]}', '{"op":"=","args":[{"property":"name"},"\\ud800"]}',
        '{"op":"=","args":[{"property":{}},"a"]}', '{"op":"=","args":[{"property":"name"},{"op":"casei"}]}',
        '{"op":"like","args":[{"property":"name"},5]}', '{"op":"=","args":[{"property":"updated_on"},{"date":5}]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":"x"}]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":[]}]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":[1e400,2]}]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Polygon","coordinates":[[[1,2],[3,4]]]}]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Polygon","coordinates":[1,2]}]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Polygon","coordinates":[[[[[[[1]]]]]]]}]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Polygon"}]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"bbox":[1,2,3]}]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"bbox":["a",2,3,4]}]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"bbox":[1,5,3,4]}]}',
        f'{{"op":"s_intersects","args":[{{"property":"geometry"}},{{"bbox":[1,2,3,{LARGE}]}}]}}',
        f'{{"op":"s_intersects","args":[{{"property":"geometry"}},{{"type":"Point","coordinates":[{LARGE},2]}}]}}',
    ],
)  # fmt: skip
def test_json_that_is_no_filter_is_refused(written: str) -> None:
    with pytest.raises(InvalidQuestion):
        filter_of(written, "cql2-json", structures.QUERYABLES)


def test_a_number_larger_than_any_population_is_refused() -> None:
    for bound in (LARGE, f"-{LARGE}"):
        asked = f'{{"op":"<","args":[{{"property":"population"}},{bound}]}}'
        with pytest.raises(InvalidQuestion):
            filter_of(asked, "cql2-json", communes.QUERYABLES)


@pytest.mark.parametrize(
    "geometry",
    [
        "POINT EMPTY", "POLYGON EMPTY", "LINESTRING(1 2, 1 2 3)", "POINT Z(1 2)", "POINT(1)", "LINESTRING(1 2)", "POINT M(1 2)",
        "POLYGON((1 2, 3 4))", "GEOMETRYCOLLECTION EMPTY", "MULTIPOINT EMPTY", "POINT(1e999 2)", "BBOX(1,2,3)",
        "BBOX(1,2,3,1e999)",
    ],
)  # fmt: skip
def test_a_text_that_is_no_geometry_is_refused(client: Client, geometry: str) -> None:
    answer = client.get(STRUCTURES, params={"filter": f"S_INTERSECTS(geometry, {geometry})", "limit": "1"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def nested(text: str, inside: str, times: int) -> str:
    return text * times + inside + ")" * text.count("(") * times


HOSTILE = [
    nested("(", "open", 7_000), nested("(", "open", 20), nested("NOT (", "open", 3_000), nested("NOT ", "open", 4_000),
    nested("open AND (open OR ", "open", 900), nested("casei(", "'x'", 2_000), nested("S_INTERSECTS(", "1", 900),
    "open = " + " = ".join(["1"] * 4_000), "open = " + " = ".join(["1"] * (MAX_OPERATORS - 2)),
    "name=" + "+".join(["1"] * (MAX_OPERATORS - 2)), "name=" + "^".join(["1"] * (MAX_OPERATORS - 2)),
    "name=" + "-".join(["1"] * 7_500), "name=" + "-" * 15_000 + "1", "name=" + "-" * (MAX_OPERATORS - 1) + "1",
    "S_INTERSECTS(geometry, POINT(" + "-" * 15_000 + "1 2))", "POINT(" * 15 + "- " * 7_000,
    "name = POINT" + "-" * 15_000 + "1", "name = POINT(" + "1 -" * 5_000 + "1)", "BBOX(" + "- " * 7_000 + "1)",
    "name = POINT " + "1 -" * 5_000 + "1", "name = BBOX, " + "-1 " * 5_000,
    "name=" + "- " * 7_500 + "1",
    "name " + "IS NULL " * 1_900, "name " + "IS NULL " * (MAX_OPERATORS // 2 - 1), "name LIKE " * (MAX_OPERATORS - 1) + "'x'",
    "name BETWEEN " * (MAX_OPERATORS - 1) + "1", "name IN (" * 20 + "1" + ")" * 20, "POLYGON(" + "(" * 19,
    "name IN (" + ",".join(["'a'"] * 3_000) + ")", " OR ".join(["open"] * 2_000), '"' * 9_001, "'" * 9_001, "é" * 9_000,
    "NOT " * (MAX_OPERATORS - 1) + "open", "S_INTERSECTS(geometry, LINESTRING(" + ",".join(["1 2"] * 3_000) + "))",
    "((" * 10 + "NOT NOT NOT casei(name) = casei('x')" * 10,
]  # fmt: skip


@pytest.mark.parametrize("written", HOSTILE)
def test_one_who_nests_by_the_thousand_is_refused_and_nobody_falls(client: Client, written: str) -> None:
    answer = client.get(STRUCTURES, params={"filter": written[:MAX_FILTER], "limit": "1"})
    assert answer.status_code in (200, 400)
    assert client.get("/livez").status_code == 200


@pytest.mark.parametrize(
    "written",
    [
        '{"op":"not","args":[' * 1_500, '{"op":"not","args":[' * 500 + "true" + "]}" * 500, "[" * 15_000,
        '{"op":"not","args":[' * (MAX_DEPTH + 1) + "true" + "]}" * (MAX_DEPTH + 1),
        '{"op":"and","args":[' + ",".join(["true"] * 3_000) + "]}",
        '{"op":"in","args":[{"property":"name"},[' + ",".join(['"a"'] * 3_000) + "]]}",
    ],
)  # fmt: skip
def test_json_nested_by_the_thousand_is_refused(client: Client, written: str) -> None:
    asked = {"filter": written, "filter-lang": "cql2-json"}
    assert client.get(STRUCTURES, params=asked).status_code == 400


def test_a_filter_longer_than_told_is_refused(client: Client) -> None:
    answer = client.get(STRUCTURES, params={"filter": f"name = '{'a' * MAX_FILTER}'"})
    assert (answer.status_code, answer.json()["parameter"]) == (400, "filter")


def test_a_long_list_of_codes_and_a_long_contour_pass(found: Found) -> None:
    codes = ",".join(f"'{each:05d}'" for each in range(59_000, 59_900))
    assert found(f"commune IN ({codes})") == {"lille"}
    circle = shapely.Point(LILLE.lon, LILLE.lat).buffer(0.1, quad_segs=60)
    assert found(f"S_WITHIN(geometry, {circle.wkt.replace('POLYGON ', 'POLYGON')})") == {"lille"}


def test_filters_combine_with_the_others_and_closed_ones_are_found_by_who_names_open(client: Client) -> None:
    def count(**asked: str) -> int:
        found: int = client.get(STRUCTURES, params=asked | {"limit": "1"}).json()["numberMatched"]
        return found

    every, opened = count(open="all"), count()
    assert opened == count(filter="open = TRUE") == count(filter="name IS NOT NULL")
    assert count(filter="open = FALSE") == every - opened > 0
    assert count(filter="categorie = '620'", departement="59") == count(categorie="620", departement="59") > 0
    asked = json.dumps({"op": "=", "args": [{"property": "departement"}, "59"]})
    assert count(**{"filter": asked, "filter-lang": "cql2-json"}) == count(departement="59")
    assert count(**{"filter": "departement = '59'", "filter-lang": "cql-text"}) == count(departement="59")


@pytest.mark.parametrize(
    ("written", "index"),
    [
        ("departement = '59'", "structure_departement_idx"), ("siret = '11111111111111'", "structure_siret_idx"),
        ("commune IN ('59350','33063')", "structure_commune_idx"), ("id = 'f590000001'", "structure_pkey"),
        ("updated_on >= DATE('2026-03-03')", "structure_updated_on_idx"), ("naf = '86.10Z'", "structure_naf_idx"),
        ("S_INTERSECTS(geometry, BBOX(3,50,3.1,51))", "structure_open_geom_idx"),
        ("open = FALSE AND siren = '2'", "structure_siren_idx"),
    ],
)  # fmt: skip
def test_an_index_answers(rows: Connection, written: str, index: str) -> None:
    """Of so few rows PostgreSQL reads all: it is asked what it would do where it must not."""
    filtered = filter_of(written, None, structures.QUERYABLES)
    query = structures.count_query(structures.wanted(StructuresAsked(), filtered))
    compiled = query.compile(rows.engine, compile_kwargs={"literal_binds": True})
    rows.execute(text("SET LOCAL enable_seqscan = off"))
    plan = "\n".join(rows.execute(text(f"EXPLAIN {compiled}".replace(":", r"\:"))).scalars())
    assert index in plan


@pytest.fixture(scope="module")
def client(demo_instance: Any) -> Iterator[Client]:
    with TestClient(create_app(demo_instance), raise_server_exceptions=False) as client:
        yield client
