"""Which FINESS establishment and which SIRENE establishment belong together: pure functions on frames."""

from etl.matching.links import links

__all__ = ["links"]
