"""`withdraw` and `links`: what people decide of registers, dated and undoable."""

import re
from collections.abc import Mapping
from typing import Any

import click
import msgspec
from sqlalchemy import Connection, text

from api.commands.database import settings_with_database
from api.commands.terminal import Bars
from etl.registers import acts
from etl.rhythm import PARIS
from geo.communes import area_names
from geo.database import engine_for
from geo.errors import NotFound
from geo.identifiers import Finess
from geo.settings import Settings

STATUSES = {"accepted": "accepté", "review": "à vérifier", "rejected": "refusé"}
NOTHING = {
    "accepted": "Aucun rapprochement accepté.",
    "review": "Rien à vérifier.",
    "rejected": "Aucun rapprochement refusé.",
}
SOURCES = {"declared": "déclaré par FINESS", "scoring": "trouvé", "human": "décidé"}
# What a terminal set to another encoding sends, and the one character that PostgreSQL does not store.
_CANNOT_BE_KEPT = re.compile("[\0\ud800-\udfff]")
VERDICTS = {"accepted": "Accepté", "rejected": "Refusé"}


def said(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """What a person wrote, without what surrounds it; nothing but spaces says nothing."""
    if value is None:
        return None
    if not value.strip():
        raise click.UsageError(f"{parameter.opts[0]} est vide : un acte dit qui décide et pourquoi.", context)
    if _CANNOT_BE_KEPT.search(value):
        raise click.UsageError(f"{parameter.opts[0]} contient des octets qui ne sont pas du texte en UTF-8.", context)
    return value.strip()


def _known(_: click.Context, __: click.Parameter, departement: str | None) -> str | None:
    if departement is not None and departement not in area_names("departement"):
        raise NotFound(f"Le département «\u202f{departement}\u202f» n’existe pas : 59, 2A, 974…")
    return departement


DEPARTEMENT = click.option("--departement", callback=_known, help="D’un seul département.")
BY = click.option("--by", required=True, callback=said, metavar="NOM", help="Qui décide.")
REASON = click.option("--reason", required=True, callback=said, metavar="TEXTE", help="Pourquoi.")


@click.command()
@click.argument("siret")
@click.option(
    "--reason",
    callback=said,
    metavar="TEXTE",
    help="Pourquoi : opposition reçue le…, numéro du dossier. Jamais publié.",
)
@click.option("--undo", is_flag=True, help="Revenir sur un retrait.")
def withdraw(siret: str, reason: str | None, undo: bool) -> None:
    """Retirer un établissement de SIRENE : personne ne le trouve plus, aucun chargement ne le ramène."""
    instance = instance_of(settings_with_database())
    if undo:
        with Bars() as bars:
            acts.undo_withdrawal(instance, siret, bars)
        click.echo("Retrait levé : l’établissement reviendra avec le prochain stock de SIRENE (rien n’en a été gardé).")
        return
    if not reason:
        raise click.UsageError("--reason est demandé : un retrait se justifie.")
    with Bars() as bars:
        done = acts.withdraw(instance, siret, reason, bars)
    left = "Sa fiche est retirée" if done.left else "Aucune fiche de SIRENE ne le montrait"
    click.echo(
        f"SIRET {done.siret} retiré. {left} ; chargements, retours en arrière et restaurations n’y changeront rien."
    )
    for finess in done.published_by_finess:
        click.echo(
            f"FINESS publie lui-même ce numéro ({finess}) : cette fiche reste, avec ce que FINESS en dit seulement."
        )


@click.group()
def links() -> None:
    """Les rapprochements entre FINESS et SIRENE."""


@links.command("list")
@click.option("--status", type=click.Choice(tuple(STATUSES)), default="review", show_default=True)
@DEPARTEMENT
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--json", "as_json", is_flag=True, help="En JSON.")
def list_links(status: str, departement: str | None, limit: int, as_json: bool) -> None:
    """Ceux d’un état (à vérifier, si --status ne dit rien), les plus probables d’abord."""
    with reading() as connection:
        rows = _links(connection, {"status": status, "departement": departement, "limit": limit, "finess": None})
    _tell(rows, as_json, NOTHING[status])


@links.command("show")
@click.argument("finess")
@click.option("--json", "as_json", is_flag=True, help="En JSON.")
def show_links(finess: str, as_json: bool) -> None:
    """Tous ceux d’un établissement FINESS, refusés compris."""
    number = str(Finess.parse(finess))
    with reading() as connection:
        if not connection.execute(text(acts.IS_OURS), {"finess": number}).scalar_one():
            raise NotFound(f"FINESS ne publie aucun établissement {number}.")
        rows = _links(connection, {"status": None, "departement": None, "limit": 1_000, "finess": number})
    _tell(rows, as_json, f"Aucun rapprochement de l’établissement {number} : rien n’en est déclaré, trouvé ni décidé.")


@links.command("accept")
@click.argument("finess")
@click.argument("siret")
@BY
@REASON
def accept_link(finess: str, siret: str, by: str, reason: str) -> None:
    """Ces deux établissements n’en font qu’un."""
    _decide(finess, siret, "accepted", by, reason)


@links.command("reject")
@click.argument("finess")
@click.argument("siret")
@BY
@REASON
def reject_link(finess: str, siret: str, by: str, reason: str) -> None:
    """Ces deux établissements sont distincts."""
    _decide(finess, siret, "rejected", by, reason)


@links.command("undo")
@click.argument("finess")
@click.argument("siret")
def undo_link(finess: str, siret: str) -> None:
    """Revenir sur une décision : le rapprochement redevient ce qui en est trouvé."""
    with Bars() as bars:
        acts.undo_decision(instance_of(settings_with_database()), finess, siret, bars)
    click.echo(f"{finess} et {siret} : plus aucune décision.")


def _decide(finess: str, siret: str, verdict: str, by: str, reason: str) -> None:
    with Bars() as bars:
        acts.decide(instance_of(settings_with_database()), finess, siret, verdict, by, reason, bars)
    click.echo(f"{finess} et {siret} : rapprochement {STATUSES[verdict]}, par {by}. « links undo » y revient.")


def reading() -> Connection:
    """What is served, to be looked at."""
    return engine_for(settings_with_database().database_url).connect()


def _links(connection: Connection, asked: Mapping[str, object]) -> list[dict[str, Any]]:
    return [{**row} for row in connection.execute(text(LINKS), asked).mappings()]


def _tell(rows: list[dict[str, Any]], as_json: bool, nothing: str) -> None:
    if as_json:
        click.echo(msgspec.json.encode(rows).decode())
        return
    if not rows:
        click.echo(nothing)
    for row in rows:
        there = row["sirene"] or "tenu à l’écart ou inconnu de SIRENE"
        click.echo(
            f"{row['finess']}  {row['siret']}  {row['score']:5.1f}  {STATUSES[row['status']]}, {SOURCES[row['source']]}"
        )
        click.echo(f"    FINESS  {row['name']} — {row['place']}")
        click.echo(f"    SIRENE  {there}" + (f" — {row['sirene_place']}" if row["sirene"] else ""))
        if row["reason"]:
            click.echo(f"    {row['reason']}")
        if row["verdict"]:
            click.echo(f"    {_decision(row)}")


def _decision(row: Mapping[str, Any]) -> str:
    """Who decided, when and why: what stands until « links undo »."""
    verdict, day = VERDICTS[row["verdict"]], row["decided_at"].astimezone(PARIS).strftime("%d/%m/%Y")
    return f"{verdict} par {row['decided_by']} le {day} : {row['decided_because']}"


def instance_of(settings: Settings) -> acts.Instance:
    """Where acts take place."""
    return acts.Instance(engine_for(settings.database_url), settings.home, settings.search_root)


# Asked by `links list` and `links show`: standing links, joined by link_standing_idx's numbers with both registers,
# and by link_decision_standing_idx with what people decided.
LINKS = """
SELECT l.finess, l.siret, l.score, l.source, l.status, l.reason, l.parts, l.valid_from,
       d.verdict, d.by AS decided_by, d.decided_at, d.reason AS decided_because,
       s.name, concat_ws(' ', array_to_string(s.address_lines, ', '), s.postcode, s.commune_name) AS place,
       e.name AS sirene, concat_ws(' ', array_to_string(e.address_lines, ', '), e.postcode, e.commune_name) AS sirene_place
FROM link AS l
JOIN structure AS s ON s.finess && ARRAY[l.finess]
LEFT JOIN sirene_establishment AS e ON e.siret = l.siret
LEFT JOIN link_decision AS d ON (d.finess, d.siret) = (l.finess, l.siret) AND d.undone_at IS NULL
WHERE l.valid_to IS NULL
  AND (CAST(:status AS text) IS NULL OR l.status = :status)
  AND (CAST(:finess AS text) IS NULL OR l.finess = :finess)
  AND (CAST(:departement AS text) IS NULL OR s.departement = :departement)
ORDER BY l.score DESC, CAST(l.parts ->> 'strength' AS float8) DESC NULLS LAST, l.finess, l.siret
LIMIT :limit
"""
