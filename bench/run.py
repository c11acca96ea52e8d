"""`./lum1 bench [CASE…] [--quick] [--json FILE]`: every case on a PostgreSQL of its own, never the served instance."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from api.machine.cluster import Cluster
from api.machine.home import Home
from bench import martin, table
from bench.cases import CASES
from bench.ground import Ground
from bench.machine import Machine, describe
from bench.measure import Measure, Skipped
from bench.sizes import FULL, QUICK, Sizes
from geo.errors import Lum1Error
from geo.settings import Settings

EXIT_STOPPED = 128 + signal.SIGTERM


class Outcome(msgspec.Struct, frozen=True):
    """What a run found."""

    machine: Machine
    sizes: Sizes
    measured: dict[str, list[Measure]]
    skipped: dict[str, str]
    wrong: dict[str, str]

    def as_text(self) -> str:
        ended = {name: f"sauté : {why}" for name, why in self.skipped.items()}
        return table.as_text(self.machine, self.measured, ended | {n: f"FAUX : {why}" for n, why in self.wrong.items()})


def main(arguments: list[str]) -> int:
    """Run the cases that are named, all of them otherwise; 1 when an answer was wrong."""
    asked = _asked(arguments)
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(EXIT_STOPPED)
    )  # so that PostgreSQL and the server are stopped too
    home = Home(Settings.from_environment().home / "bench")
    home.create()
    with home.lock():
        _forget_the_operators_settings(home)
        cluster = Cluster(home)  # durable: the journal is measured, and seconds include its disk
        say = _teller()
        try:
            say("PostgreSQL")
            cluster.ensure()
            if "tiles" in (asked.cases or CASES):
                martin.install(home.root, say)
            sizes = QUICK if asked.quick else FULL
            outcome = measure(asked.cases or list(CASES), home.root, cluster.url("postgres"), sizes, say)
        finally:
            cluster.stop()
    print(outcome.as_text())
    if asked.json:
        asked.json.write_bytes(msgspec.json.format(msgspec.json.encode(_with_ratios(outcome)), indent=2) + b"\n")
    return 1 if outcome.wrong else 0


def measure(
    names: Sequence[str],
    folder: Path,
    server_url: str,
    sizes: Sizes,
    say: Callable[[str], None],
    *,
    template: str | None = None,
) -> Outcome:
    """The cases one after the other; one that is skipped or wrong gives no number, and the next ones go on."""
    measured: dict[str, list[Measure]] = {}
    skipped: dict[str, str] = {}
    wrong: dict[str, str] = {}
    machine = describe(server_url)
    with Ground(folder, server_url, sizes, say, template=template) as ground:
        for name in names:
            say(f"{name} ——")
            try:
                measured[name] = list(CASES[name](ground))
            except Skipped as why:
                skipped[name] = str(why)
            except Lum1Error as why:
                wrong[name] = str(why)
        skipped |= ground.left_out
    return Outcome(machine, sizes, measured, skipped, wrong)


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./lum1 bench", description="Mesurer lum1 à côté de ses planchers.")
    parser.add_argument("cases", nargs="*", metavar="CAS", help=f"parmi {', '.join(CASES)} ; tous par défaut")
    parser.add_argument("--quick", action="store_true", help="petits volumes")
    parser.add_argument("--json", type=Path, metavar="FICHIER", help="écrire aussi les nombres là")
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.cases if name not in CASES]:
        parser.error(f"cas inconnu : {', '.join(unknown)}")
    return asked


def _forget_the_operators_settings(home: Home) -> None:
    """Thresholds and addresses of the served instance are not the bench's, nor its database."""
    for name in [name for name in os.environ if name.startswith("LUM1_")]:
        del os.environ[name]
    os.environ |= {"LUM1_HOME": str(home.root), "LUM1_LIVE": "0", "LUM1_SCHEDULE": "0"}


def _teller() -> Callable[[str], None]:
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"bench [{time.monotonic() - began:4.0f} s] {what}", file=sys.stderr, flush=True)

    return say


def _with_ratios(outcome: Outcome) -> dict[str, Any]:
    written: dict[str, Any] = msgspec.to_builtins(outcome)
    for name, measures in outcome.measured.items():
        for each, into in zip(measures, written["measured"][name], strict=True):
            into |= {"ratio": each.ratio, "held": each.held}
    return written


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Lum1Error as error:
        sys.exit(f"lum1 bench : {error}")
