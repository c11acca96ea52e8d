"""Back to an earlier publication: what a load published is served again; what people did since stays.

History is what registers said and when: going back does not unsay it. The next file of the flow is compared with the last
one, not with what is served meanwhile, so no change is told twice. Who must not be told does not come back.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from sqlalchemy import Connection, Engine, Row, select

from etl import ledger, merge, publish
from etl.coverage import coverage
from etl.finess import pipeline as finess
from etl.finess.activites.attach import attach_activities
from etl.finess.legacy_load import ancien_positions
from etl.finess.replay import chunks_of_load
from etl.finess.transform import transform
from etl.labels import label
from etl.ledger import Source
from etl.load import Steps
from etl.registers import settling
from etl.registers.together import bring_together
from etl.report import Report
from etl.rhythm import PARIS
from etl.sirene.replay import go_to
from geo import sirene
from geo.errors import Lum1Error
from geo.progress import Progress, Silent
from geo.publication import load

Target = Row[tuple[Any, ...]]


class CannotGoBack(Lum1Error):
    """No publication to go back to under this number."""


def rollback(engine: Engine, search_root: Path, to: int, progress: Progress | None = None, *, home: Path) -> Report:
    """Serve what load `to` published, in one transaction; the ledger keeps the act as a load of its own.

    `home`: where the registers of those who must not be told are kept beside the database.
    """
    steps = Steps(progress or Silent())
    counts: dict[str, Any] = {}
    with ledger.only_load(engine):
        settling.finish_what_was_left(engine, home, search_root)
        with engine.connect() as connection:
            target = _target(connection, to)
        source = Source(
            name=f"retour au chargement {to} : {target.source}",
            origin=target.origin,
            fictitious=target.fictitious,
            sha1=target.sha1 or "",
            size=target.bytes or 0,
            produced_at=target.produced_at,
            licence=target.licence,
        )
        load_id = ledger.open_load(engine, target.pipeline, source)
        with ledger.failure_recorded(engine, load_id), settling.remembering(engine, home, counts) as connection:
            found, version = _go_back(connection, search_root, target, load_id, steps)
            counts |= found
            ledger.close_load(connection, load_id, "published", counts=counts)
        steps("ménage")
        settling.finish(engine, home, search_root)
    return Report(
        load=load_id,
        state="published",
        source=source.name,
        counts=counts,
        gates=[],
        seconds=sum(steps.seconds.values()),
        version=version,
        pipeline=target.pipeline,
        origin=source.origin,
    )


def _go_back(
    connection: Connection, search_root: Path, target: Target, load_id: int, steps: Steps
) -> tuple[dict[str, Any], int]:
    steps("relecture de l’historique")
    written = REPLAYED[target.pipeline](connection, target, load_id, steps)
    attached = attach_activities(connection)
    steps("rapprochement des registres")
    together = bring_together(connection, load_id, whole=True, at=target.id)
    version = publish.publish(
        connection,
        search_root,
        {target.pipeline: load_id},
        fictitious=target.fictitious,
        changed=sum(written.values()) + attached + together.changed,
        step=steps,
    )
    about = {"went_back_to": target.id, "structures": written, "seconds": steps.end()}
    return about | together.counts | coverage(connection, target.pipeline), version


def _replay_finess(connection: Connection, target: Target, load_id: int, steps: Steps) -> Mapping[str, int]:
    merge.create_stage(connection)
    for structures in _structures(connection, target.id, target.produced_at.date()):
        merge.write_stage(connection, structures)
    merge.index_stage(connection)
    steps("fusion")
    changes = merge.go_back(connection, load_id, to=target.id)
    return msgspec.structs.asdict(changes)


def _structures(connection: Connection, load_id: int, produced_on: date) -> Iterator[pl.DataFrame]:
    ancien = ancien_positions(connection)
    for chunk in chunks_of_load(connection, load_id):
        yield transform(chunk.establishments, produced_on, ancien).structures.unique(
            "id", keep="first", maintain_order=True
        )


def _replay_sirene(connection: Connection, target: Target, load_id: int, steps: Steps) -> Mapping[str, int]:
    steps("fusion")
    return go_to(connection, target.id, load_id, target.produced_at.astimezone(PARIS).date())


REPLAYED: Mapping[str, Callable[[Connection, Target, int, Steps], Mapping[str, int]]] = {
    finess.PIPELINE: _replay_finess,
    sirene.PIPELINE: _replay_sirene,
}


def _target(connection: Connection, to: int) -> Target:
    found = connection.execute(select(load).where(load.c.id == to)).one_or_none()
    if found is None:
        raise CannotGoBack(f"Aucun chargement {to} : ./lum1 loads les montre.")
    served = ledger.served_load(connection, found.pipeline)
    if found.pipeline not in REPLAYED:
        others = " ou de ".join(label("pipeline", each) for each in REPLAYED)
        raise CannotGoBack(
            f"Le chargement {to} est de «\u202f{label('pipeline', found.pipeline)}\u202f», dont rien n’est servi de nouveau : "
            f"on revient à un chargement de {others}."
        )
    if found.state != "published" or found.produced_at is None:
        raise CannotGoBack(
            f"Le chargement {to} n’a rien publié qui puisse être servi de nouveau ({label('state', found.state)})."
        )
    if served is not None and served.fictitious != found.fictitious:
        raise CannotGoBack(f"Le chargement {to} est d’un autre monde : données fictives et réelles ne se mêlent pas.")
    return _remembered(connection, found)


def _remembered(connection: Connection, found: Target) -> Target:
    """The load that history knows this content by: a load that went back, or served an older file, wrote none of its own."""
    if "records" in found.counts:
        return found
    if "went_back_to" in found.counts:
        return _target(connection, found.counts["went_back_to"])
    first = select(load).where(
        load.c.pipeline == found.pipeline,
        load.c.sha1 == found.sha1,
        load.c.state == "published",
        load.c.counts.has_key("records"),
    )
    known = connection.execute(first.order_by(load.c.id).limit(1)).one_or_none()
    if known is None:
        raise CannotGoBack(f"L’historique ne connaît pas ce que le chargement {found.id} a publié.")
    return known
