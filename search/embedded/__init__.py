"""The engine in the process: PostGIS for questions without words, tantivy and columns for words."""

from search.embedded.index import build, verify

__all__ = ["build", "verify"]
