"""Finding structures with words and geography."""
