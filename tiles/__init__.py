"""Drawing structures and the base map as vector tiles."""
