"""Elasticsearch's own types of its requests, and TypeScript's compiler, which says what isn't of them.

refusals([Typed("search", "SearchRequest", {"query": {}})])

Both are npm's, by package-lock.json, in a tests' home: an Elasticsearch is not needed.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from api.machine.assets import AssetsFailed, with_node
from api.machine.assets import install as install_packages
from api.machine.home import Home
from geo.settings import Settings

HERE = Path(__file__).parent
FOLDER = "typescript"  # of a tests' home
REFUSED = re.compile(r"^requests\.ts\((\d+),\d+\): (.+)$")


class Typed(msgspec.Struct, frozen=True):
    """What is sent, and the official type that it must be of."""

    endpoint: str  # to name it by where it is refused
    of: str
    value: Any

    def __str__(self) -> str:
        return f"({json.dumps(self.value, ensure_ascii=False)}) satisfies Closed<estypes.{self.of}>;"


def install(home: Home) -> None:
    """Fetch both into a tests' home, once for each lock file; where npm cannot, a word, and nothing."""
    if _is_complete(home):
        return
    folder = home.root / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        install_packages(home, HERE, folder)
    except AssetsFailed as error:
        print(f"Types d’Elasticsearch pour les essais : {error}", file=sys.stderr)
        return
    (folder / "complete").write_text(_sum())


def missing() -> str:
    """Why nothing can be compiled here; empty when it can."""
    return (
        ""
        if _is_complete(_home())
        else "les types d’Elasticsearch ne sont pas installés : il faut npm, puis ./lum1 test"
    )


def refusals(requests: Sequence[Typed]) -> list[str]:
    """What is not of its type, in the compiler's words; empty when all are."""
    home = _home()
    with tempfile.TemporaryDirectory(prefix="lum1-types-") as name:
        folder = Path(name)
        for each in ("tsconfig.json", "closed.ts", "package.json"):
            shutil.copyfile(HERE / each, folder / each)
        (folder / "node_modules").symlink_to(home.root / FOLDER / "node_modules")
        lines = ['import type { Closed, estypes } from "./closed.js";', *map(str, requests)]
        (folder / "requests.ts").write_text("\n".join(lines), encoding="utf-8")
        command = [str(folder / "node_modules" / ".bin" / "tsc"), "--project", str(folder), "--pretty", "false"]
        done = subprocess.run(command, cwd=folder, env=with_node(home), capture_output=True, text=True, check=False)
    said = [_named(line, requests) for line in (done.stdout + done.stderr).splitlines()]
    assert said or done.returncode == 0, f"tsc : {done.returncode}"
    return said


def _named(line: str, requests: Sequence[Typed]) -> str:
    found = REFUSED.match(line)
    return f"{requests[int(found[1]) - 2].endpoint} : {found[2]}" if found else line


def _is_complete(home: Home) -> bool:
    complete = home.root / FOLDER / "complete"
    return complete.is_file() and complete.read_text() == _sum()


@cache
def _home() -> Home:
    """The tests' own, whatever home a test is about."""
    return Home(Settings.from_environment().home)


def _sum() -> str:
    return hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
