"""The ledger of loads, for everyone to read."""
