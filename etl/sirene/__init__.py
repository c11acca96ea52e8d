"""SIRENE: Insee's register of legal units and their establishments, masked at the door."""
