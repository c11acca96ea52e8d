"""SIRENE's establishments as we tell them, those that must not be told, and which ones followed which."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from geo.database import metadata

PIPELINE = "sirene"
KIND = "siret"  # of its records in source_record

# Derived from the current `siret` records: what a structure that SIRENE founds says, what one of FINESS may take from it.
sirene_establishment = Table(
    "sirene_establishment",
    metadata,
    # Usage: links, by SIRET; the page of a structure.
    Column("siret", Text, primary_key=True),
    Column("siren", Text, nullable=False),
    Column("active", Boolean, nullable=False),  # the establishment and its legal unit
    Column("natural_person", Boolean, nullable=False),
    Column("statut", Text),  # legal status, FINESS's code of Insee's meaning (geo.statuts)
    Column("naf", ARRAY(Text), nullable=False),  # 86.21Z (rév. 2) and 2025:86.21Y: what naf= asks
    Column("categorie_no", Integer),  # null: out of the health and social field, here because FINESS names it
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("other_names", ARRAY(Text), nullable=False),
    Column("address_lines", ARRAY(Text), nullable=False),
    Column("postcode", Text),
    Column("commune", Text),  # today's
    Column("commune_name", Text),
    Column("departement", Text),
    Column("region", Text),
    Column("epci", Text),
    Column("opened_on", Date),
    Column("closed_on", Date),
    Column("updated_on", Date),
    Column("treated_at", DateTime, nullable=False),  # Insee's last treatment, Paris time: which of two sayings is newer
    Column("lon", Double),
    Column("lat", Double),
    Column("precision", Text, nullable=False),
    Column("position_source", Text),
    Column("row_hash", LargeBinary, nullable=False),
    Column("load_id", Integer, nullable=False),  # the load that last changed it
)
# Usage: candidates for the establishments of a commune.
Index("sirene_establishment_commune_idx", sirene_establishment.c.commune)
# Usage: a legal unit that turns to partial diffusion, or ceases: all its establishments.
Index("sirene_establishment_siren_idx", sirene_establishment.c.siren)

# Partial diffusion (art. R123-232-1 C. com., DESIGN.md decision 5): all that is kept of them, and for matching only.
masked_siret = Table(
    "masked_siret",
    metadata,
    Column("siret", Text, primary_key=True),
    Column("siren", Text, nullable=False),
    Column("diffusion", Text, nullable=False),
    Column("naf", Text),
    Column("nomenclature", Text),
    Column("commune", Text),
    Column("said_by", Text, nullable=False),  # stock, api: what the API masks, a stock that lags does not unmask
    Column("since", DateTime(timezone=True), nullable=False, server_default=func.now()),  # when we learnt it
    Column("said_at", DateTime(timezone=True), nullable=False),  # by the newest that says it: an older O lifts nothing
    Column(
        "was_told", Boolean, nullable=False, server_default="false"
    ),  # a structure of ours once: its address answers 410
)
# Usage: a legal unit whose status changes.
Index("masked_siret_siren_idx", masked_siret.c.siren)

# Legal units that Insee's API says are masked: whichever of their establishments comes next is masked too.
masked_unit = Table(
    "masked_unit",
    metadata,
    Column("siren", Text, primary_key=True),
    Column("said_at", DateTime(timezone=True), nullable=False),
)
# Establishments that told of one who is withheld under another number: the same unit twice, or the same place before.
withheld_with = Table(
    "withheld_with",
    metadata,
    Column("siret", Text, primary_key=True),
    Column("because_of", Text, primary_key=True),  # the SIRET that is withheld
    Column("was_told", Boolean, nullable=False, server_default="false"),
)

# People who object (art. 21 RGPD), one row an act: `./lum1 withdraw`. The number stays, so that no load brings it back.
withdrawal = Table(
    "withdrawal",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("siret", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("withdrawn_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("undone_at", DateTime(timezone=True)),
    Column("was_told", Boolean, nullable=False, server_default="false"),
)
# Usage: whether a SIRET is withdrawn today.
Index("withdrawal_standing_idx", withdrawal.c.siret, unique=True, postgresql_where=text("undone_at IS NULL"))

# Who must not be told today, in SQL, a query of its SIRET: by what was said of itself, then whom that takes along too.
WITHHELD_ITSELF = "SELECT siret FROM masked_siret UNION SELECT siret FROM withdrawal WHERE undone_at IS NULL"
WITHHELD = f"{WITHHELD_ITSELF} UNION SELECT siret FROM withheld_with"

# Which establishment went on after which (StockEtablissementLiensSuccession). Versions by load, as `source_record` has them: a
# load begins what came and ends what left, so that going back to one finds what was known then (`geo.history.stood`).
succession = Table(
    "succession",
    metadata,
    # Usage: links and who is told as another, by predecessor, once a run.
    Column("predecessor", Text, primary_key=True),
    Column("successor", Text, primary_key=True),
    Column("load_id", Integer, primary_key=True),  # the load that first said it
    Column("ended_by", Integer),  # the load that no longer did
    Column("happened_on", Date, nullable=False),
    Column("goes_on", Boolean),  # continuiteEconomique
)
# Usage: the load's comparison with what is known; one version of a link stands at once.
Index(
    "succession_current_idx",
    succession.c.predecessor,
    succession.c.successor,
    unique=True,
    postgresql_where=text("ended_by IS NULL"),
)
# Two numbers for one legal unit (StockDoublons), by versions too.
duplicate_siren = Table(
    "duplicate_siren",
    metadata,
    Column("siren", Text, primary_key=True),
    Column("duplicate", Text, primary_key=True),
    Column("load_id", Integer, primary_key=True),
    Column("ended_by", Integer),
)
# Usage: the same.
Index(
    "duplicate_siren_current_idx",
    duplicate_siren.c.siren,
    duplicate_siren.c.duplicate,
    unique=True,
    postgresql_where=text("ended_by IS NULL"),
)
# An establishment told as another, the last of those that went on at its door: derived from the two tables above, its address
# redirects.
absorbed_siret = Table(
    "absorbed_siret",
    metadata,
    Column("siret", Text, primary_key=True),
    Column("survivor", Text, nullable=False),
    Column("why", Text, nullable=False),  # succession, duplicate
)
