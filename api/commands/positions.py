"""`pin` and `positions`: a point placed by hand, what each source says of a place, who disagrees, how good they are."""

from datetime import datetime
from typing import Any

import click
import msgspec
from sqlalchemy import Connection, text

from api.commands.acts import DEPARTEMENT, instance_of, reading, said
from api.commands.database import settings_with_database
from api.commands.terminal import Bars
from api.positions import queries, told
from etl.labels import label
from etl.registers import acts, placed
from etl.registers.placed import Point
from geo.errors import NotReady
from geo.figures import metres
from geo.position import distance_m
from geo.publication import served_publication
from geo.whereabouts import id_of


class Degrees(click.FloatRange):
    """A longitude or a latitude, with a point or a comma."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        written: Any = value.replace(",", ".") if isinstance(value, str) else value
        return super().convert(written, param, ctx)


NEGATIVE_NUMBERS = {"ignore_unknown_options": True}  # the longitudes of Guadeloupe are no options


@click.command(context_settings=NEGATIVE_NUMBERS)
@click.argument("structure", metavar="ID")
@click.argument("lon", type=Degrees(-180, 180), required=False)
@click.argument("lat", type=Degrees(-90, 90), required=False)
@click.option("--by", callback=said, metavar="NOM", help="Qui le place, ou l’ôte.")
@click.option("--reason", callback=said, metavar="TEXTE", help="Pourquoi : sur place, appel du…")
@click.option("--loin", is_flag=True, help="Même à plus de vingt kilomètres de sa commune.")
@click.option("--undo", is_flag=True, help="Revenir à ce que disent les sources.")
def pin(
    structure: str, lon: float | None, lat: float | None, by: str | None, reason: str | None, loin: bool, undo: bool
) -> None:
    """Placer une structure à la main (degrés WGS 84, longitude d’abord) ; aucun chargement n’y change rien."""
    if by is None or reason is None:
        raise click.UsageError("--by et --reason sont demandés : un point dit qui le place, ou l’ôte, et pourquoi.")
    instance = instance_of(settings_with_database())
    if undo:
        if lon is not None:
            raise click.UsageError("--undo ne prend pas de point : il revient à ce que disent les sources.")
        with Bars() as bars:
            acts.undo_pin(instance, structure, by, reason, bars)
        click.echo(f"{structure} : plus de point placé à la main.")
        return
    if lon is None or lat is None:
        raise click.UsageError("LON et LAT sont demandés, en degrés, la longitude d’abord.")
    with Bars() as bars:
        done = acts.pin(instance, structure, lon, lat, by, reason, bars, far=loin)
    click.echo(
        f"{done.name} ({done.structure}) placée à {lat:.6f}, {lon:.6f} par {by}. "
        f"« pin {done.structure} --undo --by … --reason … » en revient."
    )
    for point, distance in done.distances:
        click.echo(f"    à {metres(distance)} de ce que dit {label('position_source', point.source)}{_refused(point)}")
    if done.outside:
        click.echo("    Attention : ce point est hors de sa commune.")


@click.group()
def positions() -> None:
    """Les positions des structures : leurs sources, leurs désaccords."""


@positions.command("show")
@click.argument("structure", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="En JSON.")
def show(structure: str, as_json: bool) -> None:
    """Ce que chaque source dit d’une structure, et ce qui est servi."""
    with reading() as connection:
        identifier = id_of(connection, structure)
        served = connection.execute(text(SERVED), {"id": identifier}).mappings().one()
        pins = _pins(connection, structure=identifier, undone=True)
        points = placed.points_of(connection, identifier)
    if as_json:
        click.echo(msgspec.json.encode({"served": {**served}, "sources": points, "pins": pins}).decode())
        return
    click.echo(f"{served['name']} — {served['place']}")
    click.echo(f"    servie : {_where(served)}")
    for point in points:
        apart = ""
        if served["lon"] is not None:
            apart = f", à {metres(distance_m(served['lon'], served['lat'], point.lon, point.lat))}"
        where = f"{point.lat:.6f}, {point.lon:.6f}, {label('precision', point.precision)}{apart}"
        click.echo(f"    {label('position_source', point.source)} : {where}{_refused(point)}")
    for each in pins:
        click.echo(f"    {_told(each)}")


@positions.command("pins")
@click.option("--undone", is_flag=True, help="Avec ceux qui ont été ôtés.")
@click.option("--json", "as_json", is_flag=True, help="En JSON.")
def list_pins(undone: bool, as_json: bool) -> None:
    """Les points placés à la main : par qui, quand, pourquoi ; les derniers d’abord."""
    with reading() as connection:
        found = _pins(connection, structure=None, undone=undone)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    if not found:
        click.echo("Aucun point placé à la main.")
    for each in found:
        click.echo(f"{each.structure}  {each.name or 'n’est plus publiée'}")
        click.echo(f"    {_told(each)}")


@positions.command("conflicts")
@DEPARTEMENT
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--json", "as_json", is_flag=True, help="En JSON.")
def conflicts(departement: str | None, limit: int, as_json: bool) -> None:
    """Les structures que deux sources placent à plus de 500 m l’une de l’autre, les plus éloignées d’abord."""
    with reading() as connection:
        asked = {"departement": departement, "limit": limit}
        rows: list[dict[str, Any]] = [{**row} for row in connection.execute(text(CONFLICTS), asked).mappings()]
    if as_json:
        click.echo(msgspec.json.encode(rows).decode())
        return
    if not rows:
        click.echo("Aucun désaccord.")
    for row in rows:
        sources = f"{label('position_source', row['source'])} et {label('position_source', row['other'])}"
        click.echo(f"{row['structure']}  {metres(row['distance_m'])} entre {sources}")
        click.echo(f"    {row['name']} — {row['place']}")


@positions.command("quality")
@click.option("--departements", is_flag=True, help="Chaque département, et non les moins bien placés.")
@click.option("--json", "as_json", is_flag=True, help="En JSON, tous les chiffres.")
def quality(departements: bool, as_json: bool) -> None:
    """Où sont placées les structures ouvertes, d’après qui, avec quelle précision : les chiffres de /donnees/positions."""
    with reading().execution_options(isolation_level="REPEATABLE READ") as connection:
        served = served_publication(connection)
        if served is None:
            raise NotReady("Rien n’est encore publié : lancez d’abord ./lum1 refresh finess.")
        found = queries.quality(connection, served)
    click.echo(msgspec.json.encode(found).decode() if as_json else told.as_text(found, every=departements))


class Pin(msgspec.Struct, frozen=True):
    """A point placed by hand, standing or not; `name` of its structure, null where it is told no more."""

    structure: str
    name: str | None
    lon: float
    lat: float
    by: str
    reason: str
    pinned_at: datetime
    undone_at: datetime | None
    undone_by: str | None
    undone_reason: str | None


def _pins(connection: Connection, *, structure: str | None, undone: bool) -> list[Pin]:
    rows = connection.execute(text(PINS), {"structure": structure, "undone": undone})
    return [Pin(**row) for row in rows.mappings()]


def _told(pin: Pin) -> str:
    point = f"{pin.lat:.6f}, {pin.lon:.6f}"
    placed_so = f"placé à la main à {point} le {pin.pinned_at:%d/%m/%Y} par {pin.by} : {pin.reason}"
    if pin.undone_at is None:
        return placed_so
    return f"{placed_so} ; ôté le {pin.undone_at:%d/%m/%Y} par {pin.undone_by} : {pin.undone_reason}"


def _where(served: Any) -> str:
    if served["lon"] is None:
        return "sans position"
    where = f"{served['lat']:.6f}, {served['lon']:.6f}, {label('precision', served['precision'])}"
    if served["precision"] == "pin":  # which says by whom
        return where
    return f"{where}, {label('position_source', served['position_source'])}"


def _refused(point: Point) -> str:
    return f" — écarté : {label('rule', point.rule)}" if point.rule else ""


# A few hundred lines that people wrote; of one structure by pin_standing_idx where it stands, else by a scan of them.
PINS = """
SELECT p.structure, s.name, p.lon, p.lat, p.by, p.reason, p.pinned_at, p.undone_at, p.undone_by, p.undone_reason
FROM pin AS p
LEFT JOIN structure AS s ON s.id = p.structure
WHERE (CAST(:structure AS text) IS NULL OR p.structure = :structure) AND (:undone OR p.undone_at IS NULL)
ORDER BY p.pinned_at DESC, p.id DESC
"""
# By structure's primary key.
SERVED = """
SELECT s.id, s.name, s.lon, s.lat, s.precision, s.position_source,
       concat_ws(' ', array_to_string(s.address_lines, ', '), s.postcode, s.commune_name) AS place
FROM structure AS s
WHERE s.id = :id
"""
# The whole list of disagreements, a few thousands, joined by structure's primary key.
CONFLICTS = """
SELECT c.structure, c.source, c.other, c.distance_m, s.name, s.departement,
       concat_ws(' ', array_to_string(s.address_lines, ', '), s.postcode, s.commune_name) AS place
FROM position_conflict AS c
JOIN structure AS s ON s.id = c.structure
WHERE s.open AND (CAST(:departement AS text) IS NULL OR s.departement = :departement)
ORDER BY c.distance_m DESC, c.structure, c.source, c.other
LIMIT :limit
"""
