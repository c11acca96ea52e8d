"""`python -m etl.demo --size 20000 --seed 1 --out FOLDER`: write the files and say where."""

from datetime import datetime
from pathlib import Path

import click

from etl.demo.generate import PRODUCED_ON, SEED, generate


@click.command()
@click.option(
    "--size", default=20_000, show_default=True, type=click.IntRange(1), help="Nombre d’établissements FINESS."
)
@click.option("--seed", default=SEED, show_default=True, help="Graine : la même donne les mêmes octets.")
@click.option(
    "--date", "produced_on", default=PRODUCED_ON.isoformat(), show_default=True, type=click.DateTime(["%Y-%m-%d"])
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Dossier à remplir.")
@click.option("--sirene/--no-sirene", default=True, show_default=True, help="Écrire aussi les fichiers SIRENE.")
@click.option("--raw-size", type=click.IntRange(1), help="Mo de JSON avant compression (715 pour le volume réel).")
@click.option("--adresses/--no-adresses", default=False, help="Écrire aussi les adresses vraies, pour un géocodeur.")
@click.option("--activites", type=click.IntRange(1), help="Nombre d’activités du second flux (590 440 en vrai).")
def main(
    size: int,
    seed: int,
    produced_on: datetime,
    out: Path,
    sirene: bool,
    raw_size: int | None,
    activites: int | None,
    adresses: bool,
) -> None:
    """Générer une France fictive aux formats officiels."""
    files = generate(
        out,
        size=size,
        seed=seed,
        produced_on=produced_on.date(),
        sirene=sirene,
        raw_size=raw_size * 1_000_000 if raw_size else None,
        activities=activites,
        addresses=adresses,
    )
    for path in files.written():
        click.echo(f"{path}  {path.stat().st_size:,} octets")


main()
