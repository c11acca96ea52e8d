"""The committed files, and how outlines are packed in them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import shapely

FOLDER = Path(__file__).parent
COMMUNES = FOLDER / "communes.parquet"
FORMER_CODES = FOLDER / "anciens_codes.parquet"
AREAS = FOLDER / "zonages.parquet"  # départements, régions, EPCI: kind, code, name, parent
CONTOURS = FOLDER / "contours.parquet"  # communes and départements
WORLD = FOLDER / "monde.parquet"
CATEGORIES = FOLDER / "categories_finess.csv"
LEGAL_STATUSES = FOLDER / "statuts_juridiques.csv"
LEGAL_CATEGORIES = (
    FOLDER / "categories_juridiques.csv"
)  # Insee's, and FINESS's status of the same meaning; read from here
ACTIVITES = FOLDER / "activites.csv"  # table, code, libelle; read from here, never loaded into PostgreSQL
PROFESSIONS = FOLDER / "professions.csv"  # categories of what Sirene knows
NAF = FOLDER / "naf.csv"  # activities that make one of those categories; never loaded into PostgreSQL
ALL = (COMMUNES, FORMER_CODES, AREAS, CONTOURS, WORLD, CATEGORIES, PROFESSIONS, LEGAL_STATUSES)

STEPS_PER_DEGREE = 10_000  # 1e-4° is 11 m at most: far below the contours' own 261 m


def fingerprint() -> str:
    """Changes when any reference file does."""
    digest = hashlib.blake2b(digest_size=16)
    for path in ALL:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def pack(shape: shapely.Geometry) -> tuple[list[int], list[bool], list[int]]:
    """Points per ring, whether each ring opens a polygon, and interleaved lon/lat differences in steps."""
    lengths, opens, deltas = [], [], []
    for polygon in shapely.get_parts(shape):
        for rank, ring in enumerate((polygon.exterior, *polygon.interiors)):
            steps = np.rint(shapely.get_coordinates(ring) * STEPS_PER_DEGREE).astype(np.int32)
            kept = np.concatenate(([True], np.any(np.diff(steps, axis=0) != 0, axis=1)))
            steps = steps[kept]
            if len(steps) < 4:
                continue
            lengths.append(len(steps))
            opens.append(rank == 0)
            deltas.extend(np.diff(steps, axis=0, prepend=np.zeros((1, 2), np.int32)).ravel().tolist())
    return lengths, opens, deltas


def unpack(lengths: Sequence[int], opens: Sequence[bool], deltas: Sequence[int]) -> shapely.MultiPolygon:
    """The multipolygon that `pack` packed, WGS 84, made valid."""
    steps = np.asarray(deltas, dtype=np.int32).reshape(-1, 2)
    rings, start = [], 0
    for length in lengths:
        rings.append(np.cumsum(steps[start : start + length], axis=0) / STEPS_PER_DEGREE)
        start += length
    shells = [rank for rank, opening in enumerate(opens) if opening]
    ends = [*shells[1:], len(rings)]
    polygons = [shapely.Polygon(rings[a], rings[a + 1 : b]) for a, b in zip(shells, ends, strict=True)]
    return as_multipolygon(shapely.MultiPolygon(polygons))


def as_multipolygon(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """The areas of a shape, valid, without the points and lines that repairs leave."""
    if not shape.is_valid:
        shape = shapely.make_valid(shape)
    parts = [p for p in shapely.get_parts(shape) if p.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.MultiPolygon([q for p in parts for q in shapely.get_parts(p)])


def packed_frame(names: dict[str, list[str]], shapes: Sequence[shapely.Geometry]) -> pl.DataFrame:
    """Columns of names beside the packed shapes."""
    packed = [pack(shape) for shape in shapes]
    return pl.DataFrame(
        names
        | {
            "lengths": pl.Series([p[0] for p in packed], dtype=pl.List(pl.Int32)),
            "opens": pl.Series([p[1] for p in packed], dtype=pl.List(pl.Boolean)),
            "deltas": pl.Series([p[2] for p in packed], dtype=pl.List(pl.Int32)),
        }
    )
