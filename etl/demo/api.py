"""What Insee's API answers of the day after the stock: the same rows as nested JSON, changed and masked, page after page."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from etl.demo import events
from etl.demo.masks import mask_stock, mask_units
from etl.demo.sirene_layout import STOCK, UNITS

PAGE_ENTRIES = 1000  # Insee's most
FIRST_CURSOR = "*"
_COLUMNS = STOCK.names()
_ADDRESS, _SECOND, _PERIOD = map(
    _COLUMNS.index, ("complementAdresseEtablissement", "complementAdresse2Etablissement", "dateDebut")
)
# Where the stock's columns are in an entry.
OWN = (*_COLUMNS[:_ADDRESS], _COLUMNS[-1])
ADDRESS, SECOND_ADDRESS, PERIOD = _COLUMNS[_ADDRESS:_SECOND], _COLUMNS[_SECOND:_PERIOD], _COLUMNS[_PERIOD:-1]
NOT_OF_THE_UNIT = ("siren", "unitePurgeeUniteLegale", "nombrePeriodesUniteLegale", "dateDebut")
OF_THE_UNIT = [name for name in UNITS if name not in NOT_OF_THE_UNIT]
# Numbers that the API writes as texts.
TEXTS = {
    "categorieJuridiqueUniteLegale", "anneeEffectifsUniteLegale", "anneeCategorieEntreprise",
    "anneeEffectifsEtablissement",
}  # fmt: skip
CHANGES = {
    "changementEtatAdministratifEtablissement": (events.CLOSES, events.MOVES),
    "changementEnseigneEtablissement": (events.RENAMED,),
    "changementDenominationUsuelleEtablissement": (),
    "changementActivitePrincipaleEtablissement": (),
    "changementCaractereEmployeurEtablissement": (),
}
Entry = dict[str, Any]


class Pages:
    """Receives rows of the stock as they are before masks, with what happened to them."""

    def __init__(self, out: Path, produced_on: date) -> None:
        self._out, self._produced_on = out, produced_on
        # what the day before changed is there in the morning; nothing is older than the stock, which is of the first
        self._day = max(produced_on - timedelta(days=1), produced_on.replace(day=1))
        self._stock: list[pl.DataFrame] = []
        self._units: list[pl.DataFrame] = []

    def add(self, stock: pl.DataFrame, units: pl.DataFrame, told: pl.DataFrame, draw: np.random.Generator) -> None:
        """`told`: siret, event. Rows without an event are left out."""
        happened = told.filter(pl.col("event").is_not_null()).select("siret", "siren", "event")
        chance = draw.random(len(happened))
        timed = happened.with_columns(treated=_some_time(chance, self._day))
        of_units = timed.unique("siren", keep="last", maintain_order=True).drop("siret")
        self._stock.append(_changed_stock(stock.join(timed.drop("siren"), on="siret"), self._day))
        self._units.append(_changed_units(units.join(of_units, on="siren")))

    def finish(self) -> tuple[Path, ...]:
        """The day's pages, in the order of their numbers."""
        stock = pl.concat(self._stock).sort("siret")
        units = pl.concat(self._units).unique("siren", keep="last", maintain_order=True)
        entries = _entries(stock, units)
        return tuple(
            self._page(rank, list(islice(entries, PAGE_ENTRIES)), stock.height)
            for rank in range(max(1, -(-stock.height // PAGE_ENTRIES)))
        )

    def _page(self, rank: int, entries: list[Entry], total: int) -> Path:
        following = rank + 1 if (rank + 1) * PAGE_ENTRIES < total else rank  # the last one gives its own again
        header = {
            "statut": 200,
            "message": "OK",
            "total": total,
            "debut": 0,
            "nombre": len(entries),
            "curseur": self._cursor(rank),
            "curseurSuivant": self._cursor(following),
        }
        path = self._out / f"sirene-api-{self._produced_on:%Y%m%d}-p{rank + 1}.json"
        path.write_bytes(msgspec.json.encode({"header": header, "etablissements": entries}))
        return path

    def _cursor(self, rank: int) -> str:
        if rank == 0:
            return FIRST_CURSOR
        digest = hashlib.blake2b(f"{self._day}/{rank}".encode(), digest_size=22).digest()
        return base64.b64encode(digest).decode()


def _some_time(chance: np.ndarray[tuple[int], np.dtype[np.float64]], day: date) -> pl.Expr:
    """To the millisecond, as the API tells it."""
    return pl.lit(day).cast(pl.Datetime("us")) + pl.duration(
        milliseconds=pl.lit(pl.Series((chance * 86_400_000).astype(int)))
    )


def _changed_stock(rows: pl.DataFrame, day: date) -> pl.DataFrame:
    closed = pl.col("event").is_in([events.CLOSES, events.MOVES])
    renamed = pl.col("event") == events.RENAMED
    return rows.with_columns(
        began="dateDebut",
        sign="enseigne1Etablissement",
        etablissementSiege=pl.col("etablissementSiege") & (pl.col("event") != events.MOVES),
        nombrePeriodesEtablissement=pl.when(closed | renamed).then(2).otherwise(1).cast(pl.Int64),
        etatAdministratifEtablissement=pl.when(closed).then(pl.lit("F")).otherwise("etatAdministratifEtablissement"),
        dateDebut=pl.when(closed | renamed).then(pl.lit(day)).otherwise("dateDebut"),
        enseigne1Etablissement=pl.when(renamed).then(_new_sign()).otherwise("enseigne1Etablissement"),
        statutDiffusionEtablissement=_status("statutDiffusionEtablissement", events.MASKED, events.MASKED_HERE),
        dateDernierTraitementEtablissement="treated",
    )


def _changed_units(rows: pl.DataFrame) -> pl.DataFrame:
    """A person who closes shop ends there; a company goes on."""
    ended = (pl.col("event") == events.CLOSES) & pl.col("natural_person")
    of_the_unit = pl.col("event").is_in([events.MASKED, events.MASKED_UNIT, events.SHOWN, events.OPENS]) | ended
    return rows.with_columns(
        etatAdministratifUniteLegale=pl.when(ended).then(pl.lit("C")).otherwise("etatAdministratifUniteLegale"),
        statutDiffusionUniteLegale=_status("statutDiffusionUniteLegale", events.MASKED, events.MASKED_UNIT),
        dateDernierTraitementUniteLegale=pl.when(of_the_unit)
        .then("treated")
        .otherwise("dateDernierTraitementUniteLegale"),
    )


def _status(name: str, *masking: str) -> pl.Expr:
    event = pl.col("event")
    return pl.when(event.is_in(masking)).then(pl.lit("P")).when(event == events.SHOWN).then(pl.lit("O")).otherwise(name)


def _new_sign() -> pl.Expr:
    return pl.lit("MAISON ") + pl.col("libelleVoieEtablissement")


def _entries(stock: pl.DataFrame, units: pl.DataFrame) -> Iterator[Entry]:
    """Masked as Insee masks, some at a time."""
    by_siren = {row["siren"]: row for row in _written(mask_units(units)).iter_rows(named=True)}
    before = _written(stock.select("event", "began", "sign")).iter_rows(named=True)
    for was, row in zip(before, _written(mask_stock(stock)).iter_rows(named=True), strict=True):
        unit = by_siren[row["siren"]]
        yield {
            **{name: row[name] for name in OWN},
            "uniteLegale": {name: unit[name] for name in OF_THE_UNIT},
            "adresseEtablissement": {name: row[name] for name in ADDRESS},
            "adresse2Etablissement": {name: row[name] for name in SECOND_ADDRESS},
            "periodesEtablissement": list(_periods(row, was)),
        }


def _periods(row: Entry, was: Entry) -> Iterator[Entry]:
    """The current one first, then the one that the event ended."""
    current = {"dateFin": None, **{name: row[name] for name in PERIOD}}
    changes = {change: was["event"] in because for change, because in CHANGES.items()}
    yield current | changes
    if any(changes.values()):
        ended = {"dateFin": str(date.fromisoformat(row["dateDebut"]) - timedelta(days=1)), "dateDebut": was["began"]}
        state = {"etatAdministratifEtablissement": "A", "enseigne1Etablissement": was["sign"]}
        yield current | ended | state | dict.fromkeys(changes, False)


def _written(rows: pl.DataFrame) -> pl.DataFrame:
    """Days, instants to the millisecond and some numbers are texts."""
    texts = [pl.col(name).cast(pl.String) for name in rows.columns if name in TEXTS]
    return rows.with_columns(
        pl.selectors.date().dt.strftime("%Y-%m-%d"),
        pl.selectors.datetime().dt.strftime("%Y-%m-%dT%H:%M:%S%.3f"),
        *texts,
    )
