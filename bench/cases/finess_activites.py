"""The activities flow at its live volume, on a country that is served: seconds, memory, journal; again; written otherwise."""

from collections.abc import Iterator

from bench import files, floors
from bench.cases.finess_delta import MEBIBYTE, beside
from bench.cases.finess_volume import peak
from bench.ground import Ground, asked, differences, digest_of_sources
from bench.measure import Measure, check
from etl.finess.activites.extract import read_header

FLOW = "activites"
VERSIONS = "SELECT count(*) FROM source_record WHERE kind = 'activites'"
EVERY_ACTIVITY = "SELECT sum(jsonb_array_length(record -> 'activites')) FROM source_record WHERE kind = 'activites'"
HAVING_SOME = "SELECT substr(id, 2) FROM structure WHERE activites <> '{}'"


def finess_activites(ground: Ground) -> Iterator[Measure]:
    volume = ground.volume
    file = volume.files.activites
    made_by = digest_of_sources("bench/files.py", "tests/etl/finess/noise.py")
    ground.say("écriture des activités autrement (gardée pour les fois suivantes)")
    again = files.kept(file.with_name(f"autrement-{made_by}-{file.name}"), lambda at: files.otherwise(file, at))
    instance = ground.copy(volume.instance, "activites")
    ground.say("premier chargement des activités")
    first = ground.load(instance, file, flow=FLOW)
    check("état", first.report.state, "published")
    day = read_header(file).generated_at.date().isoformat()
    expected, standing = files.standing(file, volume.files.finess, day)
    versions = asked(instance, VERSIONS)
    check("activités gardées", asked(instance, EVERY_ACTIVITY)[0][0], expected)
    check("établissements qui en ont", {number for (number,) in asked(instance, HAVING_SOME)}, standing)
    check("tuiles et index comparés à PostgreSQL", differences(instance, first.report.version), [])
    ground.say("activités, encore")
    unchanged = ground.load(instance, file, flow=FLOW)
    check("encore", (unchanged.report.state, asked(instance, VERSIONS)), ("unchanged", versions))
    ground.say("activités, écrites autrement")
    noisy = ground.load(instance, again, flow=FLOW)
    check(
        "écrites autrement", (noisy.report.counts["structures"], asked(instance, VERSIONS)), ({"updated": 0}, versions)
    )

    parsed = floors.ijson_seconds(file)
    yield Measure(label="activités", value=expected, unit="")
    yield Measure(
        label="premier chargement des activités",
        value=first.report.seconds,
        unit="s",
        floor=parsed,
        floor_label="gunzip + ijson",
    )
    yield peak(first)
    yield Measure(label="journal (WAL) du premier chargement", value=first.wal_bytes / MEBIBYTE, unit="Mio")
    for label, loaded in (("encore", unchanged), ("écrites autrement", noisy)):
        yield from beside(first, label, loaded, "premier chargement")
