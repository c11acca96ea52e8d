"""The engine in the process: PostGIS for questions without words, columns and postings for words."""

from search.embedded.index import build, opens
from search.embedded.verify import verify

__all__ = ["build", "opens", "verify"]
