"""Invented legal entities and establishments in the shape of the published JSON, peculiarities included."""

import csv
import random
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from itertools import accumulate
from typing import Any

import msgspec

from etl.demo.names import establishment_name, legal_entity_name, street
from etl.demo.places import Places, projected
from etl.demo.ranges import demo_finess, demo_phone, demo_siren, demo_siret
from geo.communes import Commune

CLOSED_SHARE = 0.40  # as in the live stock: 69,799 of 174,681
WITHOUT_COORDINATES = 0.25
DEGREES_FIRST = 0.74  # of those with coordinates; the rest have the projection first
WITH_SIRET = 0.87
SIZES = ((1, 700), (2, 140), (3, 60), (4, 35), (6, 30), (10, 20), (20, 10), (60, 3))  # establishments per entity


class Truth(msgspec.Struct, frozen=True):
    """What is true of an invented establishment, whatever was published."""

    finess: str
    siret: str | None
    name: str
    categorie: str
    commune: str
    lon: float
    lat: float
    precision: str  # of what was published: housenumber, street, locality, commune, none
    open: bool


class Country:
    """Draws entities one after the other until `size` establishments exist."""

    def __init__(self, seed: int, produced_on: date, rich: bool) -> None:
        self._draw = random.Random(seed)
        self._places = Places(self._draw)
        self._today = produced_on
        self._rich = rich
        self._serial = 0
        self._event = 0

    def entities(self, size: int) -> Iterator[tuple[dict[str, Any], list[Truth]]]:
        """Each PMEJ with the truth of its establishments."""
        left, rank = size, 0
        while left:
            rank += 1
            count = min(left, self._draw.choices([n for n, _ in SIZES], [w for _, w in SIZES])[0])
            left -= count
            yield self._entity(rank, count)

    def _entity(self, rank: int, count: int) -> tuple[dict[str, Any], list[Truth]]:
        commune = self._places.commune()
        siren = demo_siren(rank)
        finess = self._finess(commune)
        name = legal_entity_name(self._draw, commune.name)
        made = [self._establishment(commune, siren, nic) for nic in range(1, count + 1)]
        about = {
            "pmSmsseId": str(rank), "codeApe": "86.10Z", "dateCreation": self._day(40), "denominationLonguePmSmsse": name,
            "denominationPm": name[:60], "numFinessPm": finess, "siren": siren, "statutJuridique": "60",
            "typePersonneMorale": "01",
        }  # fmt: skip
        published = {
            "informationsGeneralesPMEJ": about,
            "adresse": [self._address(commune, *self._places.point(commune), usage="02", precision="housenumber")],
            "contact": self._contact(commune),
            "engagement": [],
            "evenement": self._events("PM", str(rank), 2),
            "ege": [ege for ege, _ in made],
            "roleEge": [],
            "etatObjet": "A",
            "dateDerniereMaj": f"{self._day(5)} 00:00:00",
        }
        return published, [truth for _, truth in made]

    def _establishment(self, home: Commune, siren: str, nic: int) -> tuple[dict[str, Any], Truth]:
        commune = home if nic == 1 or self._draw.random() < 0.5 else self._places.commune()
        finess, categorie = self._finess(commune), self._categorie()
        name = establishment_name(self._draw, categorie, commune.name)
        siret = demo_siret(siren, nic) if self._draw.random() < WITH_SIRET else None
        closed = self._draw.random() < CLOSED_SHARE
        precision = self._precision()
        lon, lat = (commune.lon, commune.lat) if precision == "commune" else self._places.point(commune)
        about = {
            "egeId": str(self._serial), "dateOuverture": self._day(40), "datePremiereAutorisation": self._day(45),
            "nomEgeCourt": name[:38], "nomEgeLong": name, "numFinessEge": finess,
        }  # fmt: skip
        about |= {"siret": siret} if siret else {}
        about |= {"dateFermeture": self._day(12)} if closed and self._draw.random() < 0.99 else {}
        site = self._address(commune, lon, lat, usage="03", precision=precision)
        ege = {
            "informationsGeneralesEGE": about,
            "categorieentiteGeographiqueExercice": categorie + " " * self._draw.choice((0, 0, 3)),
            "modefixationtarifaire": self._draw.choice(("01", "03", "07", "45")),
            "adresse": self._addresses(site, commune),
            "contact": self._contact(commune),
            "engagement": [],
            "evenement": self._events("EG", str(self._serial), 12 if self._rich else 2),
            "roleEge": [],
            "etatObjet": "I" if closed else "A",
            "dateDerniereMaj": f"{self._day(5)} 00:00:00",
        }
        return ege, Truth(finess, siret, name, categorie, commune.code, lon, lat, precision, not closed)

    def _addresses(self, site: dict[str, Any], commune: Commune) -> list[dict[str, Any]]:
        """The site stands alone most often, and not always first (DATA-FACTS § 1.3, 1)."""
        if self._draw.random() > 0.05 and not self._rich:
            return [site]
        desk = self._address(commune, *self._places.point(commune), usage="06", precision="street")
        return [desk, site] if self._draw.random() < 0.4 else [site, desk]

    def _address(self, commune: Commune, lon: float, lat: float, *, usage: str, precision: str) -> dict[str, Any]:
        kind, named = street(self._draw)
        number = str(self._draw.randint(1, 180))
        town = commune.name.upper()
        postcode = commune.postcodes[0] if commune.postcodes else "00000"
        address: dict[str, Any] = {
            "usageAdresse": usage, "numeroVoie": number, "typeVoie": kind, "libelleVoie": named, "cogCommune": commune.code,
            "ligneAcheminement": town, "ligneQuatre": f"{number} {kind} {named}", "codePostal": postcode,
            "coordonneesGeographique": self._coordinates(commune, lon, lat, precision),
        }  # fmt: skip
        if self._draw.random() < 0.08:
            address["lieuDit"] = f"BP {self._draw.randint(1, 999)}"
        if self._rich:
            address |= {
                "ligneUne": town,
                "ligneDeux": named,
                "ligneTrois": f"BATIMENT {number}",
                "ligneSix": f"{postcode} {town}",
            }
        return address

    def _coordinates(self, commune: Commune, lon: float, lat: float, precision: str) -> dict[str, str] | None:
        if precision == "none":
            return None
        east, north = projected(commune, lon, lat)
        pair = {
            "coordonneeX": f"{lon:.6f}",
            "coordonneeY": f"{lat:.6f}",
            "directionLatitude": north,
            "directionLongitude": east,
        }
        if self._draw.random() > DEGREES_FIRST:  # then X holds the northing and Y the easting (DATA-FACTS § 1.3, 2)
            pair = {
                "coordonneeX": north,
                "coordonneeY": east,
                "directionLatitude": f"{lat:.6f}",
                "directionLongitude": f"{lon:.6f}",
            }
        keys = {
            "housenumber": f"{commune.code}_{self._draw.randint(1, 9999):04d}_{self._draw.randint(1, 180):05d}",
            "street": f"{commune.code}_{self._draw.randint(1, 9999):04d}",
            "locality": f"{commune.code}_{''.join(self._draw.choices('abcdefghijkmnpqrstuvwxyz', k=6))}",
            "commune": commune.code,
        }
        return pair | {"cleInInteropBAN": keys[precision], "scoreBAN": f"{self._draw.uniform(0.9, 0.98):.15f}"}

    def _precision(self) -> str:
        if self._draw.random() < WITHOUT_COORDINATES:
            return "none"
        return self._draw.choices(("housenumber", "street", "locality", "commune"), (790, 190, 17, 3))[0]

    def _contact(self, commune: Commune) -> list[dict[str, Any]]:
        if self._draw.random() < 0.15:
            return []
        return [{"typeContact": {"roleContact": "01"}, "telecom": {"telephone": self._phone(commune)}}]

    def _phone(self, commune: Commune) -> str:
        """In the many forms of the live flow, two numbers in one field included."""
        zone = "mobile" if commune.code.startswith(("97", "98")) else self._draw.choice("12345")
        digits = demo_phone(zone, self._draw.randrange(10_000))
        pairs = [digits[i : i + 2] for i in range(0, 10, 2)]
        shapes = (
            digits,
            " ".join(pairs),
            ".".join(pairs),
            f"0{digits}",
            f"{digits}/{demo_phone('mobile', self._draw.randrange(10_000))}",
        )
        return self._draw.choices(shapes, (60, 25, 10, 2, 3))[0]

    def _events(self, kind: str, identifier: str, count: int) -> list[dict[str, str]]:
        events = []
        for _ in range(count):
            self._event += 1
            events.append(
                {
                    "evenementId": str(self._event), "dateEnregistrement": "2025-10-21 18:36:29", "dateEvenement": self._day(30),
                    "etatObjet1": "003", "identifiantObjet1": identifier, "systemeMaitre": "01", "typeObjet1": kind,
                    "codeEvenement": self._draw.choice(("001", "003", "007", "010")),
                }
            )  # fmt: skip
        return events

    def _finess(self, commune: Commune) -> str:
        self._serial += 1
        return demo_finess(commune.departement, self._serial)

    def _categorie(self) -> str:
        codes, weights = _categories()
        return self._draw.choices(codes, cum_weights=weights)[0]

    def _day(self, years: int) -> str:
        return (self._today - timedelta(days=self._draw.randint(30, years * 365))).isoformat()


@cache
def _categories() -> tuple[list[str], list[int]]:
    """Categories per ten thousand establishments, as counted in the national file of January 2021."""
    with (files("etl.demo") / "categories.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    return [row["code"] for row in rows], list(accumulate(int(row["pour_10000"]) for row in rows))
