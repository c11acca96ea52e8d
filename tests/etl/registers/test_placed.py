"""Where a structure stands when its sources speak of several places: the most precise that can be true, and who disagrees."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from etl.registers import acts
from etl.registers.given import give
from etl.registers.placed import points_of
from geo.errors import Gone, InvalidPosition, NotFound
from geo.position import distance_m
from geo.position_tables import ADDRESS_HASH
from tests.etl.conftest import MakeInstance
from tests.etl.finess.published import a_file, a_point, an_address, an_ege, many
from tests.etl.instance import Instance
from tests.etl.registers.people import Person, load_stock
from tests.etl.registers.test_links import acting
from tests.places import BASSE_TERRE, BORDEAUX, LILLE, PARIS_13, Place

EGE = "590000001"
ID = f"f{EGE}"
FAR = LILLE.moved(east_m=900)
CENTRE_OF_LILLE = "SELECT lon, lat FROM commune WHERE code = '59350'"
STREET_KEY = "59350_1950"


def an_ege_at(place: Place, key: str | None = None) -> dict[str, Any]:
    return an_ege(EGE, adresse=[an_address(LILLE, point=a_point(place, key=key))])


def without_point() -> dict[str, Any]:
    return an_ege(EGE, adresse=[an_address(LILLE, point={})])


def load(instance: Instance, folder: Path, ege: dict[str, Any], day: int = 21) -> None:
    day_of = {"generatedAt": f"2026-11-{day}T02:09:17Z"}
    file = a_file(folder, ege, *many(30, first=2), name=f"finess-structures-journalier-202611{day}.json.gz", **day_of)
    report = instance.refresh(file, accept=("moved", "coordinates", "drift"))
    assert report.state == "published", report


def served(instance: Instance, structure: str = ID) -> tuple[str, str | None]:
    ((precision, source),) = instance.rows(f"SELECT precision, position_source FROM structure WHERE id = '{structure}'")
    return precision, source


def point(instance: Instance, structure: str = ID) -> tuple[float, float]:
    ((lon, lat),) = instance.rows(f"SELECT lon, lat FROM structure WHERE id = '{structure}'")
    return lon, lat


def geocode(instance: Instance, place: Place, precision: str = "housenumber", *, moved: bool = False) -> None:
    """What a run of the geocoder would have kept; `moved`: of an address that it has no more."""
    address = "'another'" if moved else ADDRESS_HASH
    with instance.engine.begin() as connection:
        connection.execute(text("DELETE FROM geocoded_structure"))
        connection.execute(
            text(
                "INSERT INTO geocoded_structure (id, address, asked, lon, lat, precision, indexed_on) "
                f"SELECT id, {address}, '{{}}', :lon, :lat, :precision, '2026-10-01' FROM structure AS s WHERE id = '{ID}'"
            ),
            {"lon": place.lon, "lat": place.lat, "precision": precision},
        )


def place_again(instance: Instance) -> dict[str, Any]:
    with instance.engine.begin() as connection:
        return give(connection, 0, whole=True).positions


@pytest.fixture(scope="module")
def october(make_instance: MakeInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A pharmacy that FINESS places in its street, and thirty others at their doors."""
    with make_instance() as instance:
        load(instance, tmp_path_factory.mktemp("octobre"), an_ege_at(LILLE, STREET_KEY))
        yield instance


def test_a_geocoder_that_agrees_with_the_street_tells_the_door(told: Instance) -> None:
    geocode(told, LILLE.moved(east_m=120))
    place_again(told)
    assert served(told) == ("housenumber", "geocoder")


def test_one_that_stands_far_from_the_street_is_not_believed_and_both_are_listed(told: Instance) -> None:
    geocode(told, FAR)
    positions = place_again(told)
    assert served(told) == ("street", "finess")
    assert positions["conflicts"] == 1
    ((structure, source, other, metres),) = told.rows(
        "SELECT structure, source, other, distance_m FROM position_conflict"
    )
    assert (structure, source, other) == (ID, "finess", "geocoder")
    assert metres == pytest.approx(900, abs=2)


def test_a_conflict_ends_with_what_made_it(told: Instance) -> None:
    geocode(told, FAR)
    place_again(told)
    geocode(told, LILLE)
    assert place_again(told)["conflicts"] == 0


def test_what_was_found_for_another_address_places_nobody(told: Instance) -> None:
    geocode(told, LILLE, moved=True)
    place_again(told)
    assert served(told) == ("street", "finess")


def test_what_a_geocoder_gave_is_taken_back(told: Instance) -> None:
    geocode(told, LILLE.moved(east_m=120))
    place_again(told)
    with told.engine.begin() as connection:
        connection.execute(text("DELETE FROM geocoded_structure"))
    place_again(told)
    assert served(told) == ("street", "finess")
    assert told.rows("SELECT id FROM structure_own") == []


def test_the_register_s_door_is_not_moved_by_a_geocoder_s(instance: Instance, tmp_path: Path) -> None:
    load(instance, tmp_path, an_ege_at(LILLE))
    geocode(instance, LILLE.moved(east_m=120))
    place_again(instance)
    assert served(instance) == ("housenumber", "finess")


def test_where_no_register_says_where_the_geocoder_does(instance: Instance, tmp_path: Path) -> None:
    load(instance, tmp_path, without_point())
    assert served(instance) == ("commune", "commune")
    geocode(instance, FAR, "street")
    place_again(instance)
    assert served(instance) == ("street", "geocoder")


OUT_OF_LILLE = LILLE.moved(
    east_m=6_500
)  # in no commune of the city, and in the box that the reading of the file allows


@pytest.mark.parametrize(
    ("at", "rule"),
    [
        (OUT_OF_LILLE, "hors_commune"),
        ("SELECT lon, lat FROM commune WHERE code = '59512'", "centre_d_une_autre_commune"),  # Roubaix, next door
        (CENTRE_OF_LILLE, "centre_de_sa_commune"),
    ],
)
def test_a_point_that_cannot_be_true_is_not_shown(
    instance: Instance, tmp_path: Path, at: Place | str, rule: str
) -> None:
    place = at
    if isinstance(place, str):
        ((lon, lat),) = instance.rows(place)
        place = Place("", "59350", "59", "32", "59000", lon, lat)
    load(instance, tmp_path, an_ege_at(place))
    assert instance.rows("SELECT structure, source, rule FROM refused_point") == [(ID, "finess", rule)]
    assert served(instance) == ("commune", "commune")
    assert point(instance) == instance.rows(CENTRE_OF_LILLE)[0]


def test_a_corrected_point_is_shown_again(instance: Instance, tmp_path: Path) -> None:
    load(instance, tmp_path, an_ege_at(OUT_OF_LILLE))
    load(instance, tmp_path, an_ege_at(LILLE), day=22)
    assert served(instance) == ("housenumber", "finess")
    assert instance.rows("SELECT rule FROM refused_point") == []


def test_a_point_a_little_out_of_a_simplified_contour_is_shown(told: Instance, tmp_path: Path) -> None:
    ((lon, lat),) = told.rows("""
        SELECT ST_X(d.geom) + 0.0025, ST_Y(d.geom)
        FROM commune CROSS JOIN LATERAL ST_DumpPoints(contour) AS d
        WHERE code = '59350'
        ORDER BY ST_X(d.geom) DESC
        LIMIT 1
    """)  # some 180 m east of its easternmost corner
    load(told, tmp_path, an_ege_at(Place("", "59350", "59", "32", "59000", lon, lat)), day=22)
    assert served(told) == ("housenumber", "finess")


def test_one_point_for_a_hundred_addresses_is_a_default(instance: Instance, tmp_path: Path) -> None:
    crowd = [
        an_ege(f"59{n:07d}", f"CABINET {n}", adresse=[an_address(LILLE, numeroVoie=str(n))]) for n in range(100, 220)
    ]
    file = a_file(tmp_path, an_ege_at(LILLE.moved(east_m=50)), *crowd)
    assert instance.refresh(file).state == "published"
    assert instance.rows("SELECT rule, count(*) FROM refused_point GROUP BY rule") == [
        ("partage_par_des_centaines", 120)
    ]
    assert served(instance) == ("housenumber", "finess")


def test_one_building_of_a_hundred_structures_is_no_default(instance: Instance, tmp_path: Path) -> None:
    same_door = [an_ege(f"59{n:07d}", f"CABINET {n}") for n in range(100, 220)]
    assert instance.refresh(a_file(tmp_path, *same_door)).state == "published"
    assert instance.rows("SELECT rule FROM refused_point") == []


@pytest.mark.parametrize(("precision", "kept"), [("street", 120), ("housenumber", 0)])
def test_the_middle_of_a_long_street_is_no_default_where_a_geocoder_gives_it(
    instance: Instance, tmp_path: Path, precision: str, kept: int
) -> None:
    """A hundred and twenty numbers of one street that the geocoder knows without its numbers; a door of them all is no door."""
    street = [
        an_ege(f"59{n:07d}", f"CABINET {n}", adresse=[an_address(LILLE, numeroVoie=str(n), point={})])
        for n in range(100, 220)
    ]
    assert instance.refresh(a_file(tmp_path, *street)).state == "published"
    for n in range(100, 220):
        also_geocoded(instance, f"f59{n:07d}", LILLE.moved(east_m=50), precision)
    place_again(instance)
    assert instance.rows("SELECT count(*) FROM structure WHERE position_source = 'geocoder'") == [(kept,)]
    assert instance.rows("SELECT count(*) FROM refused_point") == [(120 - kept,)]


def pin(instance: Instance, place: Place, structure: str = ID) -> acts.Pinned:
    return acts.pin(acting(instance), structure, place.lon, place.lat, "A. Vérificateur", "vu sur place")


def test_a_pin_wins_over_every_source_and_says_how_far_they_are(told: Instance) -> None:
    geocode(told, LILLE.moved(east_m=120))
    done = pin(told, FAR)
    assert served(told) == ("pin", "administrator")
    assert point(told) == (FAR.lon, FAR.lat)
    assert [(each.source, round(metres, -1)) for each, metres in done.distances] == [("finess", 900), ("geocoder", 780)]
    assert not done.outside
    assert told.differences() == []


def test_a_pin_settles_what_sources_disagree_about_until_it_is_undone(told: Instance) -> None:
    geocode(told, LILLE.moved(east_m=3_000))
    place_again(told)
    disagreeing = "SELECT source, other FROM position_conflict"
    assert told.rows(disagreeing) == [("finess", "geocoder")]
    pin(told, FAR)
    assert told.rows(disagreeing) == []
    acts.undo_pin(acting(told), ID, "B. Relecteur", "déménagée")
    assert told.rows(disagreeing) == [("finess", "geocoder")]


def test_a_pin_survives_the_next_file_and_the_next_geocoding(told: Instance, tmp_path: Path) -> None:
    pin(told, FAR)
    load(told, tmp_path, an_ege_at(LILLE.moved(north_m=60)), day=22)
    geocode(told, LILLE)
    place_again(told)
    assert served(told) == ("pin", "administrator")


def test_undone_it_leaves_the_structure_to_its_sources_and_stays_in_the_record(told: Instance) -> None:
    pin(told, FAR)
    acts.undo_pin(acting(told), ID, "B. Relecteur", "déménagée")
    assert served(told) == ("street", "finess")
    assert told.rows('SELECT structure, "by", reason, undone_by, undone_reason, undone_at IS NOT NULL FROM pin') == [
        (ID, "A. Vérificateur", "vu sur place", "B. Relecteur", "déménagée", True)
    ]
    with pytest.raises(NotFound, match="pas de point placé à la main"):
        acts.undo_pin(acting(told), ID, "B. Relecteur", "déménagée")


def test_a_second_pin_takes_the_place_of_the_first(told: Instance) -> None:
    pin(told, FAR)
    pin(told, LILLE)
    assert point(told) == (LILLE.lon, LILLE.lat)
    assert told.rows("SELECT count(*) FROM pin WHERE undone_at IS NULL") == [(1,)]


def test_a_pin_out_of_the_commune_is_told_one_on_another_island_refused(told: Instance) -> None:
    assert pin(told, OUT_OF_LILLE).outside
    with pytest.raises(InvalidPosition, match="longitude se donne avant la latitude"):
        pin(told, BASSE_TERRE)
    with pytest.raises(NotFound):
        pin(told, LILLE, "f999999999")
    assert point(told) == (OUT_OF_LILLE.lon, OUT_OF_LILLE.lat)


@pytest.mark.parametrize("place", [(float("nan"), float("nan")), (LILLE.lat, LILLE.lon), (179.0, 89.0)])
def test_a_pin_that_is_nowhere_in_france_is_refused_whatever_is_known_of_the_commune(
    told: Instance, place: tuple[float, float]
) -> None:
    with told.engine.begin() as connection:
        connection.execute(text(f"UPDATE structure SET commune = NULL WHERE id = '{ID}'"))
    with pytest.raises(InvalidPosition, match="longitude se donne avant la latitude"):
        acts.pin(acting(told), ID, *place, "A. Vérificateur", "vu sur place")
    with pytest.raises(IntegrityError), told.engine.begin() as connection:
        connection.execute(
            text("""INSERT INTO pin (structure, lon, lat, "by", reason) VALUES (:id, 'NaN', 'NaN', 'x', 'y')"""),
            {"id": ID},
        )


def test_a_pin_far_from_its_commune_is_taken_only_when_it_is_meant(told: Instance) -> None:
    bordeaux = (BORDEAUX.lon, BORDEAUX.lat)
    with pytest.raises(InvalidPosition, match="plus de 20 km de la commune"):
        acts.pin(acting(told), ID, *bordeaux, "A. Vérificateur", "vu sur place")
    assert acts.pin(acting(told), ID, *bordeaux, "A. Vérificateur", "vu sur place", far=True).outside


def test_a_pin_goes_along_when_its_structure_is_told_under_another(told: Instance, tmp_path: Path) -> None:
    nurse = Person(12)
    assert load_stock(told, tmp_path, nurse).state == "published"
    pin(told, FAR, nurse.id)
    assert point(told, nurse.id) == (FAR.lon, FAR.lat)
    acts.decide(acting(told), EGE, nurse.siret, "accepted", "A. Vérificateur", "vue sur place")
    assert point(told) == (FAR.lon, FAR.lat)
    assert served(told) == ("pin", "administrator")
    with pytest.raises(NotFound, match=f"dite sous un autre identifiant : {ID}"):
        pin(told, LILLE, nurse.id)
    pin(told, LILLE)
    assert point(told) == (LILLE.lon, LILLE.lat)


def test_a_structure_is_named_by_its_registers_numbers_too(told: Instance, tmp_path: Path) -> None:
    nurse = Person(12)
    load_stock(told, tmp_path, nurse)
    assert pin(told, FAR, f"finess:{EGE}").structure == ID
    acts.undo_pin(acting(told), f"finess:{EGE}", "B. Relecteur", "déménagée")
    assert pin(told, FAR, f"siret:{nurse.siret}").structure == nurse.id
    with pytest.raises(NotFound, match="finess: et siret: le sont"):
        pin(told, FAR, f"rpps:{EGE}")
    acts.withdraw(acting(told), nurse.siret, "elle s’y oppose")
    with pytest.raises(Gone):
        pin(told, FAR, f"siret:{nurse.siret}")


@pytest.mark.parametrize(("source", "expected"), [("geocoder", None), ("finess", "finess")])
def test_a_geocoder_is_held_to_the_arrondissement_a_register_to_its_city(
    instance: Instance, tmp_path: Path, source: str, expected: str | None
) -> None:
    """Some six kilometres from the 13th, in the 18th."""
    montmartre = replace(PARIS_13, lon=2.3431, lat=48.8867)
    place = a_point(montmartre) if source == "finess" else {}
    load(instance, tmp_path, an_ege(EGE, adresse=[an_address(PARIS_13, point=place)]))
    if source == "geocoder":
        geocode(instance, montmartre)
        place_again(instance)
    assert served(instance)[1] == (expected or "commune")
    assert instance.rows("SELECT rule FROM refused_point") == ([] if expected else [("hors_commune",)])


def test_what_each_source_says_is_shown_with_what_was_refused(instance: Instance, tmp_path: Path) -> None:
    load(instance, tmp_path, an_ege_at(OUT_OF_LILLE))
    geocode(instance, FAR)
    place_again(instance)
    with instance.engine.connect() as connection:
        points = points_of(connection, ID)
    assert [(each.source, each.rule) for each in points] == [("finess", "hors_commune"), ("geocoder", None)]
    assert distance_m(points[1].lon, points[1].lat, FAR.lon, FAR.lat) < 1


def test_distances_between_sources_are_measured_on_what_both_place(instance: Instance, tmp_path: Path) -> None:
    """Three pharmacies at 100, 200 and 900 m of where the geocoder finds them; others are not known to it."""
    apart = {EGE: 100, "590000002": 200, "590000003": 900}
    eges = [an_ege(each, adresse=[an_address(LILLE, point=a_point(LILLE))]) for each in apart]
    assert instance.refresh(a_file(tmp_path, *eges, *many(10, first=4))).state == "published"
    for each, metres in apart.items():
        also_geocoded(instance, f"f{each}", LILLE.moved(east_m=metres))
    [pair] = place_again(instance)["distances"]
    assert (pair["source"], pair["other"], pair["n"], pair["far"]) == ("finess", "geocoder", 3, 1)
    assert pair["median_m"] == pytest.approx(200, abs=1)
    assert pair["p95_m"] == pytest.approx(830, abs=3)  # nine tenths of the way from 200 to 900


def test_neither_a_closed_structure_nor_a_refused_point_nor_a_centre_is_measured(
    instance: Instance, tmp_path: Path
) -> None:
    at_centre = a_point(LILLE, key="59350")  # a key of the commune alone promises no better
    eges = [
        an_ege_at(OUT_OF_LILLE),
        an_ege("590000002", adresse=[an_address(LILLE, point=at_centre)]),
        an_ege("590000003", adresse=[an_address(LILLE, point=a_point(LILLE))]),
    ]
    assert instance.refresh(a_file(tmp_path, *eges, *many(10, first=4))).state == "published"
    for number in (EGE, "590000002", "590000003"):
        also_geocoded(instance, f"f{number}", LILLE.moved(east_m=100))
    with instance.engine.begin() as connection:
        connection.execute(text("UPDATE structure SET open = false WHERE id = 'f590000003'"))
    assert place_again(instance)["distances"] == []


def test_a_pin_is_what_the_others_are_compared_with(told: Instance) -> None:
    geocode(told, LILLE.moved(east_m=120))
    pin(told, FAR)
    pairs = {(each["source"], each["other"]): each["median_m"] for each in place_again(told)["distances"]}
    assert pairs == {
        ("administrator", "finess"): pytest.approx(900, abs=2),
        ("administrator", "geocoder"): pytest.approx(780, abs=2),
        ("finess", "geocoder"): pytest.approx(120, abs=1),
    }


def also_geocoded(instance: Instance, structure: str, place: Place, precision: str = "housenumber") -> None:
    with instance.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO geocoded_structure (id, address, asked, lon, lat, precision, indexed_on) "
                f"SELECT id, {ADDRESS_HASH}, '{{}}', :lon, :lat, :precision, '2026-10-01' "
                "FROM structure AS s WHERE id = :id"
            ),
            {"id": structure, "lon": place.lon, "lat": place.lat, "precision": precision},
        )
