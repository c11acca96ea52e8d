"""One structure over HTTP."""
