"""The files of the register that Insee puts online each month: where each stays, and of which month it is."""

import re
import unicodedata
from datetime import date

import msgspec

SIRENE = "5b7ffc618b4c4169d30727e0"
GEOLOCALISATION = "61d5e2d372a52d9f9411ff88"


class StockFile(msgspec.Struct, frozen=True):
    """One table, published twice: /api/1/datasets/r/<id> leads to the newest of each."""

    name: str
    dataset: str
    parquet_id: str
    zip_id: str  # of the CSV
    usual_bytes: int  # of the parquet, where nothing announces its size


STOCK_ETABLISSEMENT = StockFile(
    name="StockEtablissement",
    dataset=SIRENE,
    parquet_id="a29c1297-1f92-4e2a-8f6b-8c902ce96c5f",
    zip_id="0651fb76-bcf3-4f6a-a38d-bc04fa708576",
    usual_bytes=2_000_000_000,
)
STOCK_UNITE_LEGALE = StockFile(
    name="StockUniteLegale",
    dataset=SIRENE,
    parquet_id="350182c9-148a-46e0-8389-76c2ec1374a3",
    zip_id="825f4199-cadd-486c-ac46-a65a8ea1a047",
    usual_bytes=900_000_000,
)
LIENS_SUCCESSION = StockFile(
    name="StockEtablissementLiensSuccession",
    dataset=SIRENE,
    parquet_id="6ea8c0d2-a4b9-4ea2-ba63-7ec89c2dd4f4",
    zip_id="9c4d5d9c-4bbb-4b9c-837a-6155cb589e26",
    usual_bytes=100_000_000,
)
DOUBLONS = StockFile(
    name="StockDoublons",
    dataset=SIRENE,
    parquet_id="ec0a0d5f-5d52-4603-a712-b6821076abf0",
    zip_id="d8c31348-8630-4918-b6d1-5dd689b05f29",
    usual_bytes=5_000_000,
)
POSITIONS = StockFile(
    name="GeolocalisationEtablissement",
    dataset=GEOLOCALISATION,
    parquet_id="672007af-0146-491f-835c-8314d63fa44e",
    zip_id="ba6a4e4c-aac6-4764-bbd2-f80ae345afc5",
    usual_bytes=810_000_000,
)
STOCK = (STOCK_ETABLISSEMENT, STOCK_UNITE_LEGALE, POSITIONS, LIENS_SUCCESSION, DOUBLONS)

MONTHS = (
    "janvier",
    "fevrier",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "aout",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
)
DATED = re.compile(rf"\bdu (?:\d\d?|1er) ({'|'.join(MONTHS)}) (\d{{4}})\b")
ABOUT_A_YEAR_DAYS = range(300, 430)


def month_of(title: str, put_online: date | None) -> date | None:
    """The first of the month that a title says (« … du 01 Novembre 2026 (format parquet) »); None when it says none.

    A title of January that still has the year that ended, or one of December the year to come, is a year off what put it online.
    """
    found = DATED.search(_plain(title))
    if found is None:
        return None
    month, year = MONTHS.index(found[1]) + 1, int(found[2])
    said = date(year, month, 1)
    if put_online and month in (1, 12) and abs((put_online - said).days) in ABOUT_A_YEAR_DAYS:
        return date(year + (1 if put_online > said else -1), month, 1)
    return said


def _plain(text: str) -> str:
    """Without accents, capitals, nor the spaces that are not plain."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())
