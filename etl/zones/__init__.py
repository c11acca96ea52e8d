"""Zones of intervention, declared in a file: one JSON object a line (docs/zones.md)."""
