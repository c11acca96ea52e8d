"""Which lum1 this is: in the description of its API, in what it writes for others to keep."""

VERSION = "0.1.0"
