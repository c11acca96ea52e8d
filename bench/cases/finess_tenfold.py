"""The official file, then ten times as many establishments: memory must not follow."""

from collections.abc import Iterator

from bench import files
from bench.cases.finess_volume import peak
from bench.ground import Ground, digest_of_sources
from bench.measure import Measure, Skipped, check

NAME = "finess-structures-journalier-20261121.json.gz"


def finess_tenfold(ground: Ground) -> Iterator[Measure]:
    if ground.official is None:
        raise Skipped("../shared/data/official est absent.")
    source, part = ground.official / NAME, ground.sizes.tenfold
    folder = ground.folder / "files" / f"dix-fois-{part or 'tout'}-{digest_of_sources('bench/files.py')}"
    ground.say("écriture du fichier officiel, une fois et dix fois (gardés pour les fois suivantes)")
    once = files.kept(folder / f"une-fois-{NAME}", lambda path: files.tenfold(source, path, part, copies=1))
    tenfold = files.kept(folder / f"dix-fois-{NAME}", lambda path: files.tenfold(source, path, part))
    ground.say("chargement, une fois")
    small = ground.load(ground.instance("une-fois"), once)
    ground.say("chargement, dix fois")
    large = ground.load(ground.instance("dix-fois"), tenfold)
    check("états", (small.report.state, large.report.state), ("published", "published"))
    check("établissements gardés", large.report.counts["kept"], files.COPIES * small.report.counts["kept"])
    yield Measure(label="établissements, une fois", value=small.report.counts["kept"], unit="")
    yield peak(small, "mémoire, une fois (PSS)")
    yield Measure(
        label="mémoire, dix fois (PSS)",
        value=large.peak_mib,
        unit="Mio",
        floor=small.peak_mib,
        floor_label="une fois",
        target=peak(large).target,
    )
    yield Measure(
        label="durée, dix fois",
        value=large.report.seconds,
        unit="s",
        floor=files.COPIES * small.report.seconds,
        floor_label="10 × une fois",
    )
