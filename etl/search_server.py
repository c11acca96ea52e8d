"""What is published, told to the search server (LUM1_SEARCH) by whoever publishes it; who cannot leaves it to etl.following."""

import logging

from sqlalchemy import Engine

from geo import discretion
from geo.errors import Lum1Error
from geo.publication import served_publication
from geo.search_server import SearchServer

logger = logging.getLogger("lum1")


def told(engine: Engine, *, purged: bool) -> bool:
    """Whether it holds what is published, nothing older if somebody was `purged`; where there is none, nothing is to be told.

    Only what changed: an index that must be made takes minutes, under the lock of loads.
    """
    server = SearchServer.chosen()
    if server is None:
        return True
    with engine.connect() as connection:
        if served_publication(connection) is None:
            return True
    from search.elastic import sync  # its client takes 30 MB and half a second that few ask for

    try:
        sync.follow(engine, server, alone=purged, may_build=False)
    except Exception as error:  # what is published is published, whatever the server does
        why = str(error) if isinstance(error, Lum1Error) else discretion.said(error)
        kept = " Il garde jusque-là ce qui vient d’être retiré." if purged else ""
        logger.warning("%s Le moteur de recherche sera mis à jour plus tard (./lum1 search sync).%s", why, kept)
        return False
    return True
