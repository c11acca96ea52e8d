"""What the legacy FINESS file last said of each establishment: where it stood, and its row.

The file (etalab-cs1100507) stopped in May 2026 (DATA-FACTS § 0, 1). The flow that replaced it leaves one establishment in
four without coordinates; most of those have a point here.
"""

from sqlalchemy import Column, Date, Double, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from geo.database import metadata

finess_ancien = Table(
    "finess_ancien",
    metadata,
    # Usage: a refresh reads every placed row; the page of a structure placed by this file asks for its date by number.
    Column("finess", Text, primary_key=True),
    Column("produced_on", Date, nullable=False),  # of the newest file read that has this row
    Column("lon", Double),  # null when it was not placed, or only at its commune's centre
    Column("lat", Double),
    Column("precision", Text, nullable=False),  # geo.position.Precision
    Column("record", JSONB, nullable=False),  # the row and its point under their published names; blanks left out
)
