-- One tile of the base map. Asked by GET /tiles/base/{z}/{x}/{y}.mvt; base_shape_geom_idx finds the shapes, the zoom range
-- keeps one generalisation of each. Layers of one tile are concatenated: MVT is a sequence of layers.
WITH bounds AS (
    SELECT ST_MakeEnvelope(:west, :south, :east, :north, 3857) AS tile
), shape AS (
    SELECT layer, kind, code, name, rank, ST_AsMVTGeom(geom, tile, 4096, 64) AS geom
    FROM base_shape, bounds
    WHERE layer IN ('land', 'departements', 'communes', 'labels') AND geom && ST_Expand(tile, (:east - :west) / 64) AND :z BETWEEN min_zoom AND max_zoom
    ORDER BY layer, rank, code, name
)
SELECT
    (SELECT coalesce(ST_AsMVT(land, 'land', 4096, 'geom'), '')
     FROM (SELECT kind, geom FROM shape WHERE layer = 'land' AND geom IS NOT NULL) AS land)
    || (SELECT coalesce(ST_AsMVT(departement, 'departements', 4096, 'geom'), '')
        FROM (SELECT code, name, geom FROM shape WHERE layer = 'departements' AND geom IS NOT NULL) AS departement)
    || (SELECT coalesce(ST_AsMVT(commune, 'communes', 4096, 'geom'), '')
        FROM (SELECT code, geom FROM shape WHERE layer = 'communes' AND geom IS NOT NULL) AS commune)
    || (SELECT coalesce(ST_AsMVT(label, 'labels', 4096, 'geom'), '')
        FROM (SELECT name, kind, rank, geom FROM shape WHERE layer = 'labels' AND geom IS NOT NULL) AS label)
