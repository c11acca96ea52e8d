-- Codes of the areas that one tile may show. Asked by tiles/areas.py, which then tells what is counted in these alone.
-- Of a wide tile base_shape_layer_idx finds the few shapes, of a small one base_shape_geom_idx; the zoom range keeps one generalisation.
SELECT code
FROM base_shape
WHERE layer = ANY (CAST(:shapes AS text[])) AND :z BETWEEN min_zoom AND max_zoom
    AND geom && ST_Expand(ST_MakeEnvelope(:west, :south, :east, :north, 3857), (:east - :west) / 64)
ORDER BY code
