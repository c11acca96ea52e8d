"""A real addok for the session, a faulty geocoder for each test, and a clock that only waits make advance."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from etl import demo
from geo.geocoder import Geocoder
from geo.geocoder.asking import LIMITS, Limits
from geo.patience import Patience
from geo.quota import Quota
from tests.geocoder.faulty import FaultyGeocoder
from tests.geocoder.peer import running_addok

LILLE = {"postcode": ["59000", "59800"], "citycode": "59350", "city": "Lille"}
PARIS_19 = {"postcode": "75019", "citycode": ["75119", "75056"], "city": ["Paris", "Paris 19e Arrondissement"]}
SAINT_DENIS = {"postcode": "97400", "citycode": "97411", "city": "Saint-Denis"}
ADDRESSES = (
    LILLE | {"id": "59350", "type": "municipality", "name": "Lille", "lon": 3.0573, "lat": 50.6292, "importance": 0.6},
    LILLE | {
        "id": "59350_5321", "type": "street", "name": "Rue des Lilas", "lon": 3.07, "lat": 50.64, "importance": 0.3,
        "housenumbers": {
            "12": {"id": "59350_5321_00012", "lon": 3.0701, "lat": 50.6401},
            "12bis": {"id": "59350_5321_00012_bis", "lon": 3.0702, "lat": 50.6402},
        },
    },
    *(
        LILLE | {
            "id": f"59350_6{n:03d}", "type": "street", "name": name, "lon": 3.06 + n / 1000, "lat": 50.62,
            "housenumbers": {"12": {"id": f"59350_6{n:03d}_00012", "lon": 3.06 + n / 1000, "lat": 50.62}},
        }
        for n, name in enumerate(("Rue D", "Allée L", "Rue Claude Monet", "Rue Martine", "Rue du Capitaine Roux"))
    ),
    LILLE | {"id": "59350_5400", "type": "street", "name": "Rue de l’Œuvre d’Élise", "lon": 3.05, "lat": 50.63},
    PARIS_19 | {
        "id": "75119_2700", "type": "street", "name": "Allée Darius Milhaud", "lon": 2.3872, "lat": 48.884,
        "housenumbers": {"22": {"id": "75119_2700_00022", "lon": 2.38728, "lat": 48.884085}},
    },
    SAINT_DENIS | {"id": "97411", "type": "municipality", "name": "Saint-Denis", "lon": 55.448, "lat": -20.879},
    SAINT_DENIS | {
        "id": "97411_abcdef", "type": "locality", "name": "La Montagne Saint-Bernard", "lon": 55.41, "lat": -20.9,
        "housenumbers": {"7": {"id": "97411_abcdef_00007", "lon": 55.411, "lat": -20.901}},
    },
)  # fmt: skip


class Calm:
    """Waits are written down instead of waited for; chance always draws the longest."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def clock(self) -> float:
        return sum(self.waits)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture(scope="session")
def france(tmp_path_factory: pytest.TempPathFactory) -> demo.DemoFiles:
    """A small one, with its addresses."""
    folder = tmp_path_factory.mktemp("france")
    return demo.generate(folder, size=150, seed=11, produced_on=date(2026, 11, 23), sirene=True, addresses=True)


@pytest.fixture(scope="session")
def addok_url(france: demo.DemoFiles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real addok that knows the addresses above, and those of the demo."""
    ours = tmp_path_factory.mktemp("addok") / "adresses.ndjson"
    ours.write_text("".join(f"{json.dumps(each)}\n" for each in ADDRESSES), encoding="utf-8")
    assert isinstance(france.addresses, Path)
    with running_addok(ours, france.addresses) as addok:
        yield addok.url


@pytest.fixture
def addok(addok_url: str) -> Geocoder:
    return Geocoder(addok_url)


@pytest.fixture
def server() -> Iterator[FaultyGeocoder]:
    with FaultyGeocoder() as server:
        yield server


@pytest.fixture
def calm() -> Calm:
    return Calm()


MakeGeocoder = Callable[..., Geocoder]


@pytest.fixture
def a_client(server: FaultyGeocoder, calm: Calm) -> MakeGeocoder:
    """A client of the faulty server; of a hurried patience, if asked."""

    def made(
        url: str = server.url, per_second: int = 1000, answer_s: float = 10.0, limits: Limits = LIMITS
    ) -> Geocoder:
        patience = Patience(clock=calm.clock, sleep=calm.sleep, chance=lambda: 1.0)
        return Geocoder(url, Quota(per_second, 1.0, calm.clock, calm.sleep), patience, answer_s, limits=limits)

    return made


@pytest.fixture
def geocoder(a_client: MakeGeocoder) -> Geocoder:
    return a_client()
