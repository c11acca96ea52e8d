"""From the record as published to the row people find: our names, types, a place in WGS 84, a reason for each refusal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from etl.cleaning import decimal, is_a_date, iso_date, phone_numbers
from etl.finess.coordinates import READINGS, locate
from etl.finess.fallback import NO_POSITIONS, fall_back_on_ancien
from etl.finess.refusals import reason_of_refusal
from etl.placing import far_from_commune, territory_of_place, with_commune
from geo.communes import region_of_departement
from geo.identifiers import structure_id_of_finess
from geo.position import PositionSource, Precision, precision_of_ban_key
from geo.text import sort_key

DATES = ("date_ouverture", "date_fermeture")

# Overseas numbers begin with 97 whatever the département; the fourth digit tells which.
OVERSEAS_NUMBERS = {"9701": "971", "9702": "972", "9703": "973", "9704": "974", "9705": "975", "9706": "976"}


@dataclass
class Transformed:
    """Rows for `structure`, refused rows with their reason, and what was noticed on the way."""

    structures: pl.DataFrame
    rejected: pl.DataFrame  # finess, reason
    positions: Mapping[str, list[float]]  # lon, lat of those that the flow itself places, by FINESS number
    noticed: Mapping[str, int] = field(default_factory=dict)


def transform(published: pl.DataFrame, produced_on: date, ancien: pl.DataFrame | None = None) -> Transformed:
    """One batch of `PUBLISHED` records (etl.finess.layout); `ancien`: points of the legacy file (etl.finess.fallback)."""
    judged = published.with_columns(reason=reason_of_refusal())
    usable = judged.filter(pl.col("reason").is_null())
    placed = usable.pipe(find_communes).pipe(read_coordinates)
    structures = (
        placed.pipe(fall_back_on_ancien, NO_POSITIONS if ancien is None else ancien)
        .pipe(fall_back_on_commune_centre)
        .pipe(name_establishments)
        .pipe(decide_open, produced_on)
        .pipe(write_addresses)
        .pipe(write_phones)
        .pipe(keep_our_columns)
    )
    rejected = judged.filter(pl.col("reason").is_not_null()).select("finess", "reason")
    return Transformed(structures, rejected, _positions(placed), _noticed(placed, structures))


def find_communes(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds the commune of the code published (followed to today's when it merged) and the administrative areas above."""
    departement_of_number = pl.col("finess").map_elements(departement_of_finess, return_dtype=pl.String)
    return (
        frame.pipe(with_commune, "cog_commune")
        .with_columns(departement=pl.coalesce("departement", departement_of_number))
        .with_columns(
            region=pl.coalesce(
                "region",
                pl.col("departement").map_elements(region_of_departement, return_dtype=pl.String),
            ),
            commune_name=pl.coalesce("commune_name", "ligne_acheminement"),
        )
    )


def read_coordinates(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds lon, lat (null when nothing usable was published) and `coordinates`: what became of what was published."""
    axes = [name for pair in READINGS[::2] for name in pair]
    numbers = frame.select(decimal(axis) for axis in axes).fill_null(float("nan"))
    published = pl.Series(frame.select(pl.any_horizontal(pl.col(axis).is_not_null() for axis in axes)).to_series())
    found = locate(numbers, [territory_of_place(*row) for row in frame.select("commune", "departement").iter_rows()])
    return (
        frame.with_columns(
            lon=pl.Series(found.lon, nan_to_null=True),
            lat=pl.Series(found.lat, nan_to_null=True),
            published=published,
            by_projection=pl.Series(found.by_projection),
        )
        .with_columns(far=far_from_commune().fill_null(False))
        .with_columns(
            coordinates=pl.when(~pl.col("published")).then(pl.lit("absentes"))
            .when(pl.col("lon").is_null()).then(pl.lit("inutilisables"))
            .when("far").then(pl.lit("hors_de_la_commune"))
            .when("by_projection").then(pl.lit("lues_en_projection"))
            .otherwise(pl.lit("lues_en_degres")),
            lon=pl.when(~pl.col("far")).then("lon"),
            lat=pl.when(~pl.col("far")).then("lat"),
        )
    )  # fmt: skip


def fall_back_on_commune_centre(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds precision and source; a record without a usable point stands at its commune's centre, and says so."""
    by_ancien = pl.col("ancien_precision").is_not_null()
    by_finess = pl.col("lon").is_not_null()
    by_commune = pl.col("commune_lon").is_not_null()
    promised = pl.col("cle_ban").map_elements(precision_of_ban_key, return_dtype=pl.String, skip_nulls=False)
    return frame.with_columns(
        precision=pl.when(by_ancien).then("ancien_precision")
        .when(by_finess).then(promised)
        .when(by_commune).then(pl.lit(Precision.COMMUNE.value))
        .otherwise(pl.lit(Precision.NONE.value)),
        position_source=pl.when(by_ancien).then(pl.lit(PositionSource.FINESS_ANCIEN.value))
        .when(by_finess).then(pl.lit(PositionSource.FINESS.value))
        .when(by_commune).then(pl.lit(PositionSource.COMMUNE.value)),
        lon=pl.coalesce("lon", "commune_lon"),
        lat=pl.coalesce("lat", "commune_lat"),
    )  # fmt: skip


def name_establishments(frame: pl.DataFrame) -> pl.DataFrame:
    """The long name is the one shown; the short one and the complement stay findable."""
    shown = pl.coalesce("nom_long", "nom_court")
    others = pl.concat_list("nom_court", "complement_nom").list.drop_nulls().list.unique(maintain_order=True)
    return frame.with_columns(
        name=shown,
        name_key=shown.map_elements(sort_key, return_dtype=pl.String),
        other_names=others.list.set_difference(pl.concat_list(shown)),
    )


def decide_open(frame: pl.DataFrame, produced_on: date) -> pl.DataFrame:
    """Open means active, without a closing date that has come (a closing may be announced ahead)."""
    return frame.with_columns(
        opened_on=iso_date("date_ouverture"), closed_on=iso_date("date_fermeture"), updated_on=iso_date("date_maj")
    ).with_columns(
        open=(pl.col("etat") == "A").fill_null(False)
        & (pl.col("closed_on").is_null() | (pl.col("closed_on") > produced_on))
    )


def write_addresses(frame: pl.DataFrame) -> pl.DataFrame:
    """The postal lines between the name and the postcode."""
    street = pl.concat_str(
        "numero_voie", "complement_voie", "type_voie", "libelle_voie", separator=" ", ignore_nulls=True
    )
    written = pl.coalesce("ligne_quatre", pl.when(street != "").then(street))
    return frame.with_columns(
        address_lines=pl.concat_list("complement_point", written, "lieu_dit")
        .list.drop_nulls()
        .list.unique(maintain_order=True)
    )


def write_phones(frame: pl.DataFrame) -> pl.DataFrame:
    """Every number of the public contact, apart."""
    return frame.with_columns(
        phones=pl.col("telephones").map_elements(phone_numbers, return_dtype=pl.List(pl.String), skip_nulls=False)
    )


def keep_our_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of `structure`, in the order of STRUCTURE_COLUMNS."""
    siret = pl.when(pl.col("siret").str.contains(r"^\d{14}$")).then("siret")
    return frame.select(
        id=pl.col("finess").map_elements(structure_id_of_finess, return_dtype=pl.String),
        name="name",
        name_key="name_key",
        other_names="other_names",
        categorie_no=pl.col("categorie").cast(pl.Int32),
        finess=pl.concat_list("finess"),
        siret=pl.concat_list(siret).list.drop_nulls(),
        siren=pl.coalesce(siret.str.slice(0, 9), "ej_siren"),
        ej_finess="ej_finess",
        ej_name="ej_nom",
        ej_siren="ej_siren",
        statut="ej_statut",
        address_lines="address_lines",
        postcode="code_postal",
        commune="commune",
        commune_name="commune_name",
        departement="departement",
        region="region",
        epci="epci",
        phones="phones",
        open="open",
        opened_on="opened_on",
        closed_on="closed_on",
        updated_on="updated_on",
        lon="lon",
        lat="lat",
        precision="precision",
        position_source="position_source",
    )


def departement_of_finess(finess: str) -> str | None:
    """The département a FINESS number was given in: all that is left when the commune's code is unknown."""
    if finess.startswith(("97", "98")):
        return OVERSEAS_NUMBERS.get(finess[:4])
    return finess[:2]


def _positions(placed: pl.DataFrame) -> dict[str, list[float]]:
    rows = placed.filter(pl.col("lon").is_not_null()).select("finess", "lon", "lat").iter_rows()
    return {finess: [round(lon, 6), round(lat, 6)] for finess, lon, lat in rows}


def _noticed(placed: pl.DataFrame, structures: pl.DataFrame) -> dict[str, int]:
    published = sum(int(placed[name].is_not_null().sum()) for name in DATES)
    coordinates = {f"coordonnees_{name}": n for name, n in placed["coordinates"].value_counts().iter_rows()}
    dropped_siret = int(placed["siret"].is_not_null().sum()) - int((structures["siret"].list.len() > 0).sum())
    return coordinates | {
        "sans_commune_connue": int(structures["commune"].is_null().sum()),
        "placees_par_l_ancien_fichier": structures["position_source"].eq(PositionSource.FINESS_ANCIEN.value).sum(),
        "sans_position": int(structures["lon"].is_null().sum()),
        "siret_mal_formes": dropped_siret,
        "ouvertes": int(structures["open"].sum()),
        "dates_publiees": published,
        "dates_illisibles": published - sum(int(placed.select(is_a_date(name).sum()).item()) for name in DATES),
    }
