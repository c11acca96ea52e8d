"""A refresh in a process of its own, and what became of it."""

import asyncio
import os
import signal
import sys
from typing import Literal

import msgspec

from geo.errors import Lum1Error
from geo.settings import REPOSITORY

REFRESH = (sys.executable, "-m", "etl.refresh_all")


class Interrupted(Lum1Error):
    """The refresh was asked to end, as everything is by `stop` and by a machine that shuts down."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of a refresh, and what to say of it."""

    state: Literal["done", "refused", "unreachable", "busy", "failed"]
    said: str


async def refreshed_apart() -> Outcome:
    """Run the refresh to its end; cancelled, it ends at once and its transaction with it."""
    return _read(*await run_apart(REFRESH))


async def run_apart(command: tuple[str, ...]) -> tuple[bytes, int]:
    """What a program of ours says, and its exit code; cancelled, it is ended first. Interrupted, when somebody else ended it."""
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )
    try:
        said, _ = await child.communicate()
    except asyncio.CancelledError:
        if child.returncode is None:
            child.terminate()
        await child.wait()
        raise
    if child.returncode == -signal.SIGTERM:
        raise Interrupted("Le chargement a été arrêté.")
    return said, child.returncode or 0


def _read(said: bytes, code: int) -> Outcome:
    try:
        return msgspec.json.decode(said, type=Outcome)
    except msgspec.DecodeError:
        pass
    if code == -signal.SIGKILL:
        return Outcome("failed", "Le système a tué le chargement : la mémoire a sans doute manqué.")
    return Outcome("failed", f"Le chargement s’est arrêté sans rien dire (code {code}).")
