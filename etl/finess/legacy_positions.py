"""Where the legacy file puts each establishment, in WGS 84, and how precise that may be said to be.

Every point says its geocoder, score and projection in one text, written four ways over ten years (DATA-FACTS § 1.4). The
projection is the text's; the commune's territory tells whether the point can be true.
"""

import re
from functools import cache

import msgspec
import polars as pl

from etl.cleaning import decimal
from etl.finess.legacy_layout import GEOLOCALISATION, insee_commune
from geo.communes import current_code
from geo.position import Precision
from geo.projections import to_wgs84
from geo.territories import TERRITORIES, Territory, territory_of

# What a geocoder's answer is worth, whatever its score: the file has no BAN key, which alone tells a number from its street
# (DATA-FACTS § 1.3, 4), and the score does not stand in for it. Against the keys of the flow (52,846 establishments in both),
# rows with a street number are numbers in 93 % of cases at score 95 or more, and in 93 % under 70 too; the others are streets
# (87 %) and hamlets. So: the street, which is true of nearly all.
PRECISION_OF_GEOCODER = {
    "BAN": Precision.STREET,
    "BDADRESSE": Precision.STREET,  # IGN's own base, before the BAN
    "MAPS": Precision.STREET,
    "ADMINEXPRESS": Precision.NONE,  # the middle of the commune: ours is as good and says what it is
}
UNKNOWN_GEOCODER = Precision.STREET
# Every pipeline that geocodes throws away what scores under 0.30 (DATA-FACTS § 3); the last file has nothing under 40.
SCORE_FLOOR = 30.0
MIDDLE_OF_COMMUNE = "."  # the score of what was not geocoded

# UTM zones by the projection we compute with: local ones agree with WGS 84 within a metre (DATA-FACTS § 1.7), and the old
# datums of the Antilles (2970, 2973), 500 m away, were never published under these names.
UTM = {"20N": 5490, "21N": 4467, "22N": 2972, "38S": 4471, "40S": 2975, "1S": 32701}
SAME_AS = {4559: 5490, 32620: 5490, 32621: 4467, 32622: 2972, 32738: 4471, 32740: 2975, 9794: 2154}
KNOWN_EPSG = {territory.epsg for territory in TERRITORIES}

_EPSG = re.compile(r"EPSG:(\d+)")
_LAMBERT_93 = re.compile(r"\bL(?:AMBERT)?[ _-]?93(?![0-9])")
_UTM = re.compile(r"UTM[ _]?(?:ZONE )?(?:([NS])(\d{1,2})|(\d{1,2})([NS]))(?![0-9])")

PLACED = (*GEOLOCALISATION, "lon", "lat", "precision", "placing", "geocoder", "other_projection")


class Origin(msgspec.Struct, frozen=True):
    """What `sourcecoordet` says: `rank,provider,score,geocoder,projection`, or seven tokens before 2025."""

    geocoder: str  # letters only: BD_ADRESSE and BDADRESSE are one, ADMIN-EXPRESS-2023 has no year
    precision: str
    epsg: int | None


@cache
def origin(sourcecoordet: str) -> Origin | None:
    """The text taken apart, None when it is none of the forms we know.

    >>> origin("1,ATLASANTE,96,BAN,EPSG:2154 RGF93 / Lambert-93 (Métropole)")
    Origin(geocoder='BAN', precision='street', epsg=2154)
    >>> origin("1,ATLASANTE,100,IGN,BD_ADRESSE,V2.2,UTM_S40").epsg, origin("2,ATLASANTE,.,ADMIN-EXPRESS-2023,?").precision
    (2975, 'none')
    """
    tokens = [token.strip() for token in re.split("[,;]", sourcecoordet)]
    if len(tokens) == 5:
        _, _, score, geocoder, projection = tokens
    elif len(tokens) == 7:
        _, _, score, _, geocoder, _, projection = tokens
    else:
        return None
    name = re.sub("[^A-Z]", "", geocoder.upper())
    return Origin(name, _precision(name, score).value, epsg_of(projection))


def epsg_of(projection: str) -> int | None:
    """The projection that a token names, None when it names none of ours.

    >>> [epsg_of(t) for t in ("LAMBERT_93", "L93_METROPOLE", "UTM_N20", "WGS84/UTM zone 1S", "EPSG:4559 RRAF91", "EPSG:2970")]
    [2154, 2154, 5490, 32701, 5490, None]
    """
    text = projection.upper()
    if code := _EPSG.search(text):
        epsg = int(code[1])
        epsg = SAME_AS.get(epsg, epsg)
        return epsg if epsg in KNOWN_EPSG else None
    if _LAMBERT_93.search(text):
        return 2154
    if zone := _UTM.search(text):
        return UTM.get(f"{int(zone[2] or zone[3])}{zone[1] or zone[4]}")
    return None


def place(establishments: pl.DataFrame, points: pl.DataFrame) -> pl.DataFrame:
    """The PLACED columns of every establishment, in the same order; lon and lat are null when `placing` is not `placee`."""
    return (
        establishments.select("nofinesset", "departement", "commune")
        .join(points, on="nofinesset", how="left", maintain_order="left")
        .pipe(_read_origins)
        .pipe(_find_territories)
        .pipe(_project)
        .pipe(_judge)
        .select(PLACED)
    )


def _precision(geocoder: str, score: str) -> Precision:
    if score == MIDDLE_OF_COMMUNE:
        return Precision.NONE
    try:
        if float(score.replace(",", ".")) < SCORE_FLOOR:
            return Precision.NONE
    except ValueError:
        return Precision.NONE
    return PRECISION_OF_GEOCODER.get(geocoder, UNKNOWN_GEOCODER)


def _read_origins(frame: pl.DataFrame) -> pl.DataFrame:
    texts = frame["sourcecoordet"].drop_nulls().unique().to_list()  # hundreds, for tens of thousands of rows
    known = [(text, *msgspec.structs.astuple(found)) for text in texts if (found := origin(text))]
    schema = {"sourcecoordet": pl.String, "geocoder": pl.String, "promised": pl.String, "epsg": pl.Int32}
    read = pl.DataFrame(known, schema=schema, orient="row")
    return frame.join(read, on="sourcecoordet", how="left", maintain_order="left")


def _find_territories(frame: pl.DataFrame) -> pl.DataFrame:
    frame = frame.with_columns(insee=insee_commune())
    codes = frame["insee"].drop_nulls().unique().to_list()
    rows = [(code, _territory(code).epsg, *_territory(code).bounds) for code in codes]
    names = ("insee", "territory_epsg", "west", "south", "east", "north")
    schema = dict.fromkeys(names, pl.Float64) | {"insee": pl.String, "territory_epsg": pl.Int32}
    return frame.join(pl.DataFrame(rows, schema=schema, orient="row"), on="insee", how="left", maintain_order="left")


def _territory(code: str) -> Territory:
    return territory_of(current_code(code) or code)  # 97123 is in Guadeloupe by its number, 97701 where it is


def _project(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds lon and lat: groups of one projection each, put back in their order."""
    numbered = frame.with_row_index("order").with_columns(x=decimal("coordxet"), y=decimal("coordyet"))
    readable = numbered.filter(pl.all_horizontal(pl.col("x", "y").is_finite(), pl.col("epsg").is_not_null()))
    located = [
        _degrees(int(epsg), rows) for (epsg,), rows in readable.select("order", "x", "y", "epsg").group_by("epsg")
    ]
    nowhere = pl.DataFrame(schema={"order": numbered.schema["order"], "lon": pl.Float64, "lat": pl.Float64})
    return numbered.join(pl.concat([nowhere, *located]), on="order", how="left", maintain_order="left").drop("order")


def _degrees(epsg: int, rows: pl.DataFrame) -> pl.DataFrame:
    lon, lat = to_wgs84(epsg, rows["x"].to_numpy(), rows["y"].to_numpy())
    # a centimetre: the file has decimetres, and another version of PROJ must not make every row differ
    return rows.select("order", lon=pl.Series(lon).round(7), lat=pl.Series(lat).round(7))


def _judge(frame: pl.DataFrame) -> pl.DataFrame:
    inside = pl.col("lon").is_between("west", "east") & pl.col("lat").is_between("south", "north")
    judged = frame.with_columns(
        placing=pl.when(pl.col("x").is_null() | pl.col("y").is_null()).then(pl.lit("sans_point"))
        .when(pl.col("promised").is_null()).then(pl.lit("source_inconnue"))
        .when(pl.col("epsg").is_null()).then(pl.lit("projection_inconnue"))
        .when(pl.col("insee").is_null()).then(pl.lit("commune_illisible"))
        .when(~inside.fill_null(False)).then(pl.lit("hors_du_territoire"))
        .when(pl.col("promised") == Precision.NONE.value).then(pl.lit("sans_precision"))
        .otherwise(pl.lit("placee")),
        other_projection=pl.col("epsg") != pl.col("territory_epsg"),
    )  # fmt: skip
    placed = pl.col("placing") == "placee"
    return judged.with_columns(
        lon=pl.when(placed).then("lon"),
        lat=pl.when(placed).then("lat"),
        precision=pl.when(placed).then("promised").otherwise(pl.lit(Precision.NONE.value)),
    )
