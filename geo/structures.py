"""The structures people find: one row per place, whatever registers it came from."""

from geoalchemy2 import Geometry
from sqlalchemy import (
    Boolean,
    Column,
    Computed,
    Date,
    Double,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from geo.database import metadata

structure = Table(
    "structure",
    metadata,
    # 'f' + FINESS number of its founding establishment (docs/adr/0002); "C" so that every engine breaks ties alike
    Column("id", String(collation="C"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text(collation="C"), nullable=False),  # unaccented upper case: names sort by it on every engine
    Column("other_names", ARRAY(Text), nullable=False, server_default="{}"),
    Column("categorie_no", Integer, nullable=False),
    Column("finess", ARRAY(Text), nullable=False, server_default="{}"),
    Column("siret", ARRAY(Text), nullable=False, server_default="{}"),
    Column("siren", Text),
    Column("ej_finess", Text),
    Column("ej_name", Text),
    Column("ej_siren", Text),
    Column("statut", Text),  # legal status of who runs it, a code of geo.statuts
    Column("address_lines", ARRAY(Text), nullable=False, server_default="{}"),
    Column("postcode", Text),
    Column("commune", Text),  # as the register says it when we know the code, arrondissements included
    Column("commune_name", Text),
    Column("departement", Text),
    Column("region", Text),
    Column("epci", Text),
    Column("phones", ARRAY(Text), nullable=False, server_default="{}"),
    # codes of geo.activites that a question may filter by; from another flow than the rest, so not in row_hash
    Column("activites", ARRAY(Text), nullable=False, server_default="{}"),
    # of the people that those activities serve
    Column("publics", ARRAY(Text), nullable=False, server_default="{}"),
    # given by SIRENE, through accepted links where FINESS founded the structure; so not in row_hash
    Column("naf", ARRAY(Text), nullable=False, server_default="{}"),  # 86.21Z (rév. 2), 2025:86.21Y
    Column("aliases", ARRAY(Text), nullable=False, server_default="{}"),  # names it is found by, beside other_names
    Column("open", Boolean, nullable=False),
    Column("opened_on", Date),
    Column("closed_on", Date),
    Column("updated_on", Date),
    Column("lon", Double),
    Column("lat", Double),
    Column("precision", Text, nullable=False),  # geo.position.Precision
    Column("position_source", Text),  # geo.position.PositionSource
    # EPSG:3857, for tiles and for "nearest first": computed by the database, so that it can't disagree with lon, lat
    Column(
        "geom",
        Geometry("POINT", srid=3857, spatial_index=False),
        Computed("ST_Transform(ST_SetSRID(ST_MakePoint(lon, lat), 4326), 3857)", persisted=True),
    ),
    Column("register", Text, nullable=False, server_default="finess"),  # that founded it: finess or sirene
    Column("row_hash", LargeBinary, nullable=False),  # of what its register says: unchanged rows aren't rewritten
    Column("load_id", Integer, nullable=False),
)

# Usage: nearest open structures (ORDER BY geom <-> point), boxes and circles (geom && box), point tiles.
Index("structure_open_geom_idx", structure.c.geom, postgresql_using="gist", postgresql_where=text("open"))
# Usage: the same with one or a few categories; column first, so that a rare one does not read its neighbours.
Index(
    "structure_open_categorie_geom_idx",
    structure.c.categorie_no,
    structure.c.geom,
    postgresql_using="gist",
    postgresql_where=text("open"),
)
# Usage: the same with `open=all`.
Index("structure_geom_idx", structure.c.geom, postgresql_using="gist")
# Usage: /structures/finess:… and numbers typed in the search box.
Index("structure_finess_idx", structure.c.finess, postgresql_using="gin")
# Usage: /structures/siret:… and numbers typed in the search box.
Index("structure_siret_idx", structure.c.siret, postgresql_using="gin")
# Usage: phone numbers typed in the search box.
Index("structure_phones_idx", structure.c.phones, postgresql_using="gin")
# Usage: activite= (any of the codes asked).
Index("structure_activites_idx", structure.c.activites, postgresql_using="gin")
# Usage: public= (any of the codes asked).
Index("structure_publics_idx", structure.c.publics, postgresql_using="gin")
# Usage: naf= (any of the codes asked).
Index("structure_naf_idx", structure.c.naf, postgresql_using="gin")
# Usage: /structures/finess:… of a legal entity: its establishments.
Index("structure_ej_finess_idx", structure.c.ej_finess)
# Usage: a SIREN typed in the search box.
Index("structure_siren_idx", structure.c.siren)
# Usage: commune=, epci=, departement=, region= (administrative filters).
Index("structure_commune_idx", structure.c.commune)
Index("structure_epci_idx", structure.c.epci)
Index("structure_departement_idx", structure.c.departement)
Index("structure_region_idx", structure.c.region)
# Usage: statut=, secteur= (its statuses), without a place: a rare one does not read the others.
Index("structure_statut_idx", structure.c.statut)
# Usage: maj_depuis= of late days, which few structures have.
Index("structure_updated_on_idx", structure.c.updated_on)
# Usage: precision= of a rare one (pin, locality), which "nearest first" would look for in the whole country.
Index("structure_precision_idx", structure.c.precision)
# Usage: sort=name, its cursor, and the list without any question.
Index("structure_name_key_id_idx", structure.c.name_key, structure.c.id)

# What the founding register says where another now speaks (geo.precedence), so that it can be said again.
structure_own = Table(
    "structure_own",
    metadata,
    Column("id", String(collation="C"), primary_key=True),
    Column("siret", ARRAY(Text), nullable=False),
    Column("lon", Double),
    Column("lat", Double),
    Column("precision", Text, nullable=False),
    Column("position_source", Text),
)
