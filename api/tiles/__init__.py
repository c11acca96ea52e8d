"""Tiles over HTTP."""
