"""How well structures are placed, for everyone to read: by precision, source and département, what was refused and why."""
