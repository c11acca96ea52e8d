"""After any load, decision or withdrawal: the structures that the registers make together."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from etl.registers import alone, links, withheld
from etl.registers.given import give
from etl.registers.withheld import Purged


class Together(msgspec.Struct, frozen=True):
    """What was made of the registers."""

    changed: int  # rows of `structure`
    purged: Purged
    counts: dict[str, Any]


def bring_together(
    connection: Connection, load_id: int, *, whole: bool, also: Sequence[str] = (), told_on: date | None = None
) -> Together:
    """Forget who must not be told, find links, make SIRENE's structures and give FINESS's theirs; in the caller's transaction.

    `whole`: look for links everywhere, not only where this load changed something and around the FINESS numbers `also`.
    `told_on`: the day of the events that this load of SIRENE makes; none at a first load, nor for a load of another register.
    """
    purged = withheld.purge(connection)
    counts: dict[str, Any] = {"purged": purged.counts} if purged.records or purged.structures else {}
    # whose last establishment just left still has to be taken from FINESS's structures
    if not (purged.records or purged.structures or connection.execute(text(HAS_SIRENE)).scalar_one()):
        return Together(purged.structures, purged, counts)
    found = links.renew(connection, load_id, whole=whole, also=(*also, *purged.partners))
    alone.absorb(connection)
    changes = alone.write_changes(connection, load_id, told_on) if told_on else {}
    rows = alone.apply(connection, load_id)
    given = give(connection)
    counts |= {"links": found, "alone": {name: n for name, n in rows.items() if n}, "given": given}
    if told_on:
        counts["changes"] = changes
    return Together(purged.structures + sum(rows.values()) + given, purged, counts)


def forget_sirene(connection: Connection) -> None:
    """From invented to real data: nothing of the other world stays but who must not be told."""
    for table in FORGOTTEN:
        connection.execute(text(f"DELETE FROM {table}"))


FORGOTTEN = ("structure_own", "sirene_establishment", "link", "succession", "duplicate_siren", "absorbed_siret")
HAS_SIRENE = "SELECT EXISTS (SELECT FROM sirene_establishment) OR EXISTS (SELECT FROM link WHERE valid_to IS NULL)"
