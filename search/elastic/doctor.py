"""What `lum1 doctor` says of the search server: its kind, its version, the index that answers."""

from geo.publication import Publication
from geo.search_server import SearchServer
from search.elastic.connect import connected, flavour_of, in_our_words
from search.elastic.indices import Indices


def told(server: SearchServer, publication: Publication | None) -> tuple[str, bool]:
    """One line, and whether the index served is of the publication served (None where it is not known).

    NotReady where no server that we know answers.
    """
    with connected(server) as client:
        flavour, indices = flavour_of(client), Indices(client, server.name)
        with in_our_words():
            served = indices.served_with_meta()
    if served is None:
        return f"{flavour}, sans index", False
    index, meta = served
    found = f"{flavour}, index {index}, {meta.structures} structures"
    if publication is not None and meta.stamp != publication.stamp:
        return f"{found}, de la version {meta.version} quand la {publication.version} d’ici est servie", False
    return found, True
