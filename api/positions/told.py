"""The figures of positions as lines for a terminal, 80 columns wide."""

from collections.abc import Iterable, Iterator, Mapping

from api.positions.schemas import Geocoding, OfDepartement, OfSource, Quality
from api.positions.service import least_precise, name_of, share_of
from api.positions.words import SHORT
from etl.labels import label
from etl.lines import WIDTH, line, most_first, paragraphs, table
from etl.report import distances
from geo.figures import number, percent
from geo.position import PositionSource, Precision

WORST_SHOWN = 10  # départements
NUMBER_WIDTH = 8  # so that the longest source stands beside seven of them
GEOCODER = PositionSource.GEOCODER.value
HEADINGS = {**SHORT, "pin": "main", "locality": "lieu", GEOCODER: "géocod."}


def as_text(quality: Quality, *, every: bool) -> str:
    """What the page says; of départements the least precisely placed, or every one."""
    return paragraphs(
        (
            _precisions(quality),
            _across("Sources", quality.precisions, _of_sources(quality.sources)),
            distances(quality.distances.pairs if quality.distances else ()),
            _geocoding(quality.geocoding),
            table("Points écartés", {label("rule", rule): n for rule, n in quality.refused.items() if n}),
            _disagreements(quality),
            _across(
                "Départements" if every else "Les moins précis",
                _of_a_departement(quality.precisions),
                _of_departements(quality.departements if every else least_precise(quality.departements, WORST_SHOWN)),
            ),
        )
    )


Across = Iterable[tuple[str, int, Mapping[str, int], str]]  # a name, all of it, by precision, what is beside


def _precisions(quality: Quality) -> Iterator[str]:
    yield f"{number(quality.open)} structures ouvertes, {percent(quality.precise, quality.open)} placées précisément"
    for name, n in quality.precisions.items():
        yield line(label("precision", name), number(n), percent(n, quality.open))


def _across(title: str, precisions: Iterable[str], rows: Across) -> Iterator[str]:
    """Names down, precisions across."""
    names = [*precisions]
    room = WIDTH - NUMBER_WIDTH * (len(names) + 1)
    for rank, (name, whole, counted, beside) in enumerate(rows):
        if not rank:
            headings = ("toutes", *(HEADINGS[each] for each in names))
            yield title.ljust(room) + "".join(each.rjust(NUMBER_WIDTH) for each in headings)
        shown = f"  {_cut(name, room - 2 - (len(beside) + 1 if beside else 0))} {beside}".ljust(room)
        counts = (whole, *(counted.get(each, 0) for each in names))
        yield shown + "".join(number(n).rjust(NUMBER_WIDTH) for n in counts)


def _cut(name: str, room: int) -> str:
    return name if len(name) < room else f"{name[: room - 2]}…"


def _of_sources(rows: Iterable[OfSource]) -> Across:
    for row in rows:
        yield label("position_source", row.source) if row.source else "aucune", row.open, row.precisions, ""


def _of_departements(rows: Iterable[OfDepartement]) -> Across:
    for row in rows:
        share = share_of(row)
        counted = {**row.precisions, GEOCODER: row.geocoder}
        yield f"{row.code} {name_of(row.code)}", row.open, counted, "–" if share is None else percent(share)


def _of_a_departement(precisions: Iterable[str]) -> list[str]:
    """Pins leave their room to the geocoder: they are few, and their source is told above."""
    return [*(each for each in precisions if each != Precision.PIN), GEOCODER]


def _geocoding(geocoding: Geocoding) -> Iterator[str]:
    if not geocoding.asked:
        yield "Aucune adresse n’a encore été cherchée par un géocodeur : ./lum1 refresh positions"
        return
    yield from table("Adresses cherchées", {"toutes": geocoding.asked, "trouvées telles qu’écrites": geocoding.whole})
    for title, counted in (("Non trouvées", geocoding.not_found), ("Moins précises", geocoding.less)):
        yield from table(title, {label("position_reason", reason): n for reason, n in most_first(counted)})


def _disagreements(quality: Quality) -> Iterator[str]:
    pairs = {
        f"{label('position_source', each.source)} et {label('position_source', each.other)}": each.n
        for each in quality.disagreements
    }
    yield from table("Désaccords de plus de 500\u202fm (./lum1 positions conflicts)", pairs)
