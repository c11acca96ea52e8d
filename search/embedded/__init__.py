"""The engine in the process: columns, postings of words, what is said of each structure."""

from search.embedded.index import build, opens
from search.embedded.verify import verify

__all__ = ["build", "opens", "verify"]
