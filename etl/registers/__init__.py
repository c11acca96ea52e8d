"""Several registers, one structure per place: who must not be told, which belong together, what each one says."""
