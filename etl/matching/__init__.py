"""Which FINESS establishment and which SIRENE establishment belong together: pure functions on frames."""
