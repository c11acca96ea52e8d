"""Asking where an address is: the contract of the BAN's geocoder."""
