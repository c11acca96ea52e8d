"""Places that tests stand on, overseas included."""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Place:
    """A point and the commune around it."""

    name: str
    commune: str
    departement: str
    region: str
    postcode: str
    lon: float
    lat: float
    epci: str | None = None

    def moved(self, east_m: float = 0.0, north_m: float = 0.0) -> "Place":
        """The same place a few metres away (small distances only)."""
        metres_per_degree = 111_195.08
        lon = self.lon + east_m / (metres_per_degree * math.cos(math.radians(self.lat)))
        return replace(self, lon=lon, lat=self.lat + north_m / metres_per_degree)


LILLE = Place("Lille", "59350", "59", "32", "59000", 3.0635, 50.6366, "200093201")
PARIS_13 = Place("Paris 13e Arrondissement", "75113", "75", "11", "75013", 2.3622, 48.8289, "200054781")
BORDEAUX = Place("Bordeaux", "33063", "33", "75", "33000", -0.5792, 44.8378, "243300316")
LORIENT = Place("Lorient", "56121", "56", "53", "56100", -3.3702, 47.7482, "200042174")
AJACCIO = Place("Ajaccio", "2A004", "2A", "94", "20000", 8.7369, 41.9192, "242010056")
BASSE_TERRE = Place("Basse-Terre", "97105", "971", "01", "97100", -61.7328, 15.9979, "249710047")
FORT_DE_FRANCE = Place("Fort-de-France", "97209", "972", "02", "97200", -61.0674, 14.6037, "249720061")
CAYENNE = Place("Cayenne", "97302", "973", "03", "97300", -52.3266, 4.9372, "249730045")
SAINT_DENIS_REUNION = Place("Saint-Denis", "97411", "974", "04", "97400", 55.4504, -20.8789, "249740119")
MAMOUDZOU = Place("Mamoudzou", "97611", "976", "06", "97600", 45.2279, -12.7806, "200060457")
SAINT_PIERRE_MIQUELON = Place("Saint-Pierre", "97502", "975", "975", "97500", -56.1773, 46.7811)
WALLIS = Place("Uvea", "98613", "986", "986", "98600", -176.1736, -13.2825)
NOUMEA = Place("Nouméa", "98818", "988", "988", "98800", 166.4416, -22.2711)
