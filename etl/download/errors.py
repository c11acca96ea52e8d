"""What can go wrong between the producer and the archive.

Lum1Error
├── Unreachable      of geo.errors: the producer cannot be reached from here, or not any more
│   ├── NoNetwork    its very first contact fails: nothing is tried again
│   └── Absent       it answers, and has no such file for us
├── Damaged          what arrived is not what was announced
└── Unwritable       this machine cannot keep the file

Interrupted (geo.patience) never leaves this package: it is what the next attempt may mend.
"""

from geo.errors import Lum1Error, Unreachable


class NoNetwork(Unreachable):
    """Not even a connection to the catalogue: a machine without network must reach the demo without a wait."""


class Absent(Unreachable):
    """The producer answers that there is no such file, or none for us (401, 403, 404, 410)."""


class Damaged(Lum1Error):
    """What arrived is not what was announced."""


class Unwritable(Lum1Error):
    """The archive's disk refuses the file."""
