"""What the legacy file says of each point in one text: geocoder, score, projection; written four ways over ten years.

`1;ATLASANTE;100;IGN;BD_ADRESSE;V2.1;LAMBERT_93` in 2016, with commas until 2021, `1,ATLASANTE,96,BAN,L93_METROPOLE` in 2025,
`1,ATLASANTE,96,BAN,EPSG:2154 RGF93 / Lambert-93 (Métropole)` in 2026 (DATA-FACTS § 1.4).
"""

import re
from functools import cache

import msgspec

from geo.position import Precision
from geo.territories import TERRITORIES

# What a geocoder's answer is worth, whatever its score: the file has no BAN key, which alone tells a number from its street
# (DATA-FACTS § 1.3, 4), and the score does not stand in for it. Against the keys of official/ (52,835 establishments in both),
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


def _precision(geocoder: str, score: str) -> Precision:
    if score == MIDDLE_OF_COMMUNE:
        return Precision.NONE
    try:
        if float(score.replace(",", ".")) < SCORE_FLOOR:
            return Precision.NONE
    except ValueError:
        return Precision.NONE
    return PRECISION_OF_GEOCODER.get(geocoder, UNKNOWN_GEOCODER)
