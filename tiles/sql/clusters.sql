-- One tile of clusters of one layer (every category, one of them, or a family), and the publication it is of. Asked by
-- tiles/render.py. One range of the grid's primary key (tile, layer, cell); positions are in tile units already. Between a
-- publication and its `take_in`, some tiles have changes that wait: these alone are added up.
WITH waiting AS (
    SELECT cell, n, sx, sy, who FROM tile_change WHERE tile = :tile AND layer = :layer
)
SELECT (
    SELECT ST_AsMVT(cluster, 'clusters', 4096, 'geom')
    FROM (
        (
            SELECT ST_MakePoint(sx / n, sy / n) AS geom, n, CASE WHEN n = 1 THEN structure_of(who) END AS id
            FROM tile_count
            WHERE tile = :tile AND layer = :layer AND n > 0 AND NOT EXISTS (SELECT FROM waiting)
            ORDER BY cell
        )
        UNION ALL
        (
            SELECT
                ST_MakePoint(sum(sx)::bigint / sum(n), sum(sy)::bigint / sum(n)) AS geom,
                sum(n)::integer AS n,
                CASE WHEN sum(n) = 1 THEN structure_of(bit_xor(who)) END AS id
            FROM (
                SELECT cell, n, sx, sy, who
                FROM tile_count
                WHERE tile = :tile AND layer = :layer AND EXISTS (SELECT FROM waiting)
                UNION ALL
                SELECT * FROM waiting
            ) AS counted
            GROUP BY cell
            HAVING sum(n) > 0
            ORDER BY cell
        )
    ) AS cluster
) AS tile, (SELECT version FROM current_publication) AS version
