"""After any load, decision or withdrawal: the structures that the registers make together."""

from typing import Any

import msgspec
from sqlalchemy import Connection, text

from etl.registers import alone, links, withheld
from etl.registers.given import give


class Together(msgspec.Struct, frozen=True):
    """What was made of the registers."""

    changed: int  # rows of `structure`
    left: int  # structures of those who must not be told
    counts: dict[str, Any]


def bring_together(connection: Connection, load_id: int, *, whole: bool) -> Together:
    """Forget who must not be told, find links, make SIRENE's structures and give FINESS's theirs; in the caller's transaction.

    `whole`: look for links everywhere, not only where this load changed something.
    """
    left = withheld.purge(connection)
    if not connection.execute(text(HAS_SIRENE)).scalar_one():
        return Together(left, left, {})
    found = links.renew(connection, load_id, whole=whole)
    rows = alone.apply(connection, load_id)
    given = give(connection)
    counts = {"links": found, "alone": {name: n for name, n in rows.items() if n}, "given": given}
    return Together(left + sum(rows.values()) + given, left, counts)


HAS_SIRENE = "SELECT EXISTS (SELECT FROM sirene_establishment) OR EXISTS (SELECT FROM link WHERE valid_to IS NULL)"
