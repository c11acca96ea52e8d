"""The search server brought to what is published by the worker: once it answers again, or when its index must be made."""

import asyncio
import logging
import sys
from typing import NoReturn

from etl import ledger
from etl.jobs import ask
from etl.outcome import run_apart
from etl.registers import settling
from etl.rhythm import Rhythm
from geo import discretion
from geo.database import engine_for
from geo.errors import Lum1Error, NotReady
from geo.search_server import SearchServer
from geo.settings import Settings

logger = logging.getLogger("lum1")

COMMAND = (sys.executable, "-m", "etl.following")


async def keep_up(settings: Settings, rhythm: Rhythm) -> NoReturn:
    """Look every few seconds whether the server is behind, and bring it up apart; less often while that fails."""
    said, pause_s, server = "", rhythm.search_s, settings.search_server
    while True:
        await asyncio.sleep(pause_s)
        pause_s = rhythm.search_s
        try:
            if server is not None and await asyncio.to_thread(is_behind, settings, server):
                words, code = await run_apart(COMMAND)
                pause_s = rhythm.search_s if code == 0 else rhythm.search_again_s
                said_last = words.decode().strip() or (f"arrêt sans rien dire (code {code})." if code else "")
                if said_last:
                    logger.info("moteur de recherche : %s", said_last)
            now = ""
        except NotReady as error:
            now = str(error)
        except Exception as error:  # whatever it answers, the other jobs go on
            now, pause_s = discretion.said(error), rhythm.search_again_s
        if now and now != said:  # once, however long it lasts
            logger.warning("moteur de recherche : %s", now)
        said = now


def is_behind(settings: Settings, server: SearchServer) -> bool:
    """Whether it has something to be told; NotReady when it does not answer."""
    from search.elastic import sync  # its client takes 30 MB that few workers need

    behind = ask(settings, lambda connection: sync.is_behind(connection, server))
    return behind or settling.is_unfinished(settings.home)


def follow(settings: Settings, server: SearchServer) -> str:
    """Bring it up, under the lock of loads, and finish what a withdrawal left to it; what was done, in a sentence."""
    from search.elastic import sync

    engine = engine_for(settings.database_url)
    try:
        with ledger.only_load(engine):
            done = sync.follow(engine, server, alone=settling.is_unfinished(settings.home))
            settling.finish_what_was_left(engine, settings.home, settings.search_root)
    finally:
        engine.dispose()
    return f"index {done.index} à la version {done.version}."


def main() -> int:
    """What the worker runs apart."""
    settings = Settings.from_environment()
    if settings.search_server is None:
        return 0
    try:
        print(follow(settings, settings.search_server))
    except ledger.LoadUnderWay:
        return 0  # it tells the server itself at its end, or the next look does
    except Lum1Error as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.excepthook = discretion.hook
    sys.exit(main())
