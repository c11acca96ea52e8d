"""`python -m etl.demo --size 20000 --seed 1 --out FOLDER`: write the files and say where."""

from datetime import date
from pathlib import Path

import click

from etl.demo.generate import PRODUCED_ON, SEED, generate


@click.command()
@click.option("--size", default=20_000, show_default=True, type=click.IntRange(1), help="Établissements.")
@click.option("--seed", default=SEED, show_default=True)
@click.option(
    "--date", "produced_on", default=PRODUCED_ON.isoformat(), show_default=True, type=click.DateTime(["%Y-%m-%d"])
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--sirene/--no-sirene", default=True, help="Écrire aussi les fichiers SIRENE.")
@click.option("--rich", is_flag=True, help="Aussi bavard que le flux réel : 4 ko par établissement.")
def main(size: int, seed: int, produced_on: date, out: Path, sirene: bool, rich: bool) -> None:
    """Générer une France fictive aux formats officiels."""
    day = date(produced_on.year, produced_on.month, produced_on.day)
    files = generate(out, size=size, seed=seed, produced_on=day, sirene=sirene, rich=rich)
    for path in files.written():
        click.echo(f"{path}  {path.stat().st_size:,} octets")


main()
