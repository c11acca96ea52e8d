"""Files of zones of intervention."""
