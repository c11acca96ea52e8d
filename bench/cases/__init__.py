"""The cases, in the order they run: the first ones leave the volume that the next ones ask."""

from collections.abc import Callable, Iterator

from bench.cases.facets import facets
from bench.cases.finess_activites import finess_activites
from bench.cases.finess_delta import finess_delta
from bench.cases.finess_tenfold import finess_tenfold
from bench.cases.finess_volume import finess_volume
from bench.cases.geocoding import geocoding
from bench.cases.geocoding_together import geocoding_together
from bench.cases.nearby import nearby
from bench.cases.search_server import search_server
from bench.cases.serving import serving
from bench.cases.sirene_stock import sirene_stock
from bench.cases.sirene_together import sirene_together
from bench.cases.tiles import tiles
from bench.cases.typeahead import typeahead
from bench.cases.words import words
from bench.ground import Ground
from bench.measure import Measure

Case = Callable[[Ground], Iterator[Measure]]

CASES: dict[str, Case] = {
    case.__name__: case
    for case in (
        finess_volume,
        serving,
        facets,
        nearby,
        typeahead,
        words,
        tiles,
        search_server,
        finess_delta,
        finess_activites,
        finess_tenfold,
        sirene_stock,
        sirene_together,
        geocoding,
        geocoding_together,
    )
}
