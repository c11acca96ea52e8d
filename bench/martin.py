"""martin, PostGIS to vector tiles in Rust, on the same structures, built by the machine's Cargo. Every point, no clusters."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from api.machine.ports import free_port
from bench import peer
from bench.country import Country
from bench.measure import Skipped
from geo.settings import Settings

VERSION = "1.14.0"
FEATURES = ("--no-default-features", "--features", "postgres", "--locked")


def install(folder: Path, say: Callable[[str], None]) -> None:
    """Build it under this folder, once for each version; where Cargo is absent or cannot, a word, and nothing."""
    if _program(folder).exists():
        return
    if not shutil.which("cargo"):
        return say("martin : Cargo manque, il ne sera pas mesuré")
    say(
        f"martin {VERSION} : Cargo le compile, une fois pour toutes ; cela prend des minutes, une heure si la machine travaille"
    )
    command = ["nice", "cargo", "install", "--quiet", "martin", "--version", VERSION, *FEATURES]
    built = subprocess.run([*command, "--root", str(_program(folder).parent.parent)], check=False)
    if built.returncode:
        say("martin : Cargo n’a pas pu, il ne sera pas mesuré ; ses mots sont plus haut")


@contextmanager
def tiles(country: Country) -> Iterator[str]:
    """One worker; where its tiles are. Those that it was asked for, it keeps: each is to be asked for once."""
    home = Settings.from_environment().home
    found = [path for each in (home, home.parent / "bench") if (path := _program(each)).exists()]
    if not found:
        raise Skipped("martin n’est pas installé : ./lum1 bench tiles le compile là où il y a Cargo.")
    address = f"127.0.0.1:{free_port(at_least=peer.FIRST_PORT)}"
    with tempfile.TemporaryDirectory(prefix="lum1-martin-") as folder:
        config = Path(folder) / "martin.yaml"
        config.write_bytes(msgspec.json.encode(_config(address, country.instance.database_url)))
        command = [str(found[0]), "--config", str(config)]
        with peer.served("martin", country, command, f"http://{address}/health", {}):
            yield f"http://{address}/structure/{{z}}/{{x}}/{{y}}"


def _program(folder: Path) -> Path:
    return folder / "martin" / VERSION / "bin" / "martin"


def _config(address: str, database_url: str) -> dict[str, object]:
    table = {"schema": peer.SCHEMA, "table": "structure", "srid": 4326, "geometry_column": "geom"}
    columns = {"properties": {"id": "text", "categorie_no": "int4"}}
    served = {"listen_addresses": address, "worker_processes": 1, "keep_alive": peer.KEEP_ALIVE_S}
    return served | {
        "postgres": {"connection_string": database_url, "tables": {"structure": table | columns}},
    }
