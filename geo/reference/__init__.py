"""Reference data in compact files, built by our own scripts (SOURCES.md says from what, under which licence)."""
