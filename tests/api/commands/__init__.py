"""One file per family of commands, run as an operator runs them."""
