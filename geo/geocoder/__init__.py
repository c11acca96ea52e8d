"""Asking where an address is: a client of the BAN's contract, the same for the Géoplateforme and an addok of one's own."""

from geo.geocoder.client import AT_ONCE, Geocoder
from geo.geocoder.completing import Completer
from geo.geocoder.shapes import Answer, Kind, Question, Status

__all__ = ["AT_ONCE", "Answer", "Completer", "Geocoder", "Kind", "Question", "Status"]
