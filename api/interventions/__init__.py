"""Who comes to an address, over HTTP and on pages."""
