-- Tiles of a zoom that a point is drawn in, those beside its own included where it is within the margin of their edge.
-- Asked by tiles.archive, for each zoom of points: one scan of `structure`, a group per tile.
SELECT tx, ty
FROM (
    SELECT
        (ST_X(geom) + :half) / (2 * :half) * (1 << :z) AS x,
        (:half - ST_Y(geom)) / (2 * :half) * (1 << :z) AS y
    FROM structure
    WHERE open AND lon IS NOT NULL
) AS point
CROSS JOIN LATERAL generate_series(floor(x - :margin)::integer, floor(x + :margin)::integer) AS tx
CROSS JOIN LATERAL generate_series(floor(y - :margin)::integer, floor(y + :margin)::integer) AS ty
WHERE tx BETWEEN 0 AND (1 << :z) - 1 AND ty BETWEEN 0 AND (1 << :z) - 1
GROUP BY tx, ty
