-- One tile of areas with what was counted in each, told as one array per column. Asked by tiles/areas.py.
-- Few shapes or a small tile: base_shape_layer_idx or base_shape_geom_idx. Materialised: each shape is cut and simplified once.
WITH area AS MATERIALIZED (
    SELECT code, name, n, population, per_10000, ST_AsMVTGeom(geom, tile, 4096, 64) AS geom
    FROM ST_MakeEnvelope(:west, :south, :east, :north, 3857) AS tile
    JOIN base_shape ON geom && ST_Expand(tile, (:east - :west) / 64)
    JOIN unnest(
        CAST(:codes AS text[]), CAST(:n AS integer[]), CAST(:population AS integer[]),
        CAST(:per_10000 AS double precision[])
    ) AS told (code, n, population, per_10000) USING (code)
    WHERE layer = ANY (CAST(:shapes AS text[])) AND :z BETWEEN min_zoom AND max_zoom
    ORDER BY code
)
SELECT ST_AsMVT(area, :layer, 4096, 'geom') AS tile
FROM area
WHERE geom IS NOT NULL
