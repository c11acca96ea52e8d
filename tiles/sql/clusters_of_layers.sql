-- One tile of clusters of several layers, and the publication it is of. Asked by tiles/render.py.
-- One range of the grid's primary key for each layer, with what waits to be taken in (tiles/counts.py); counts of a cell add up,
-- so do its members' units.
SELECT (
    SELECT ST_AsMVT(cluster, 'clusters', 4096, 'geom')
    FROM (
        SELECT
            ST_MakePoint(sum(sx)::bigint / sum(n), sum(sy)::bigint / sum(n)) AS geom,
            sum(n)::integer AS n,
            CASE WHEN sum(n) = 1 THEN structure_of(bit_xor(who)) END AS id
        FROM (
            SELECT cell, n, sx, sy, who
            FROM tile_count
            WHERE tile = :tile AND layer = ANY (CAST(:layers AS integer[]))
            UNION ALL
            SELECT cell, n, sx, sy, who
            FROM tile_change
            WHERE tile = :tile AND layer = ANY (CAST(:layers AS integer[]))
        ) AS counted
        GROUP BY cell
        HAVING sum(n) > 0
        ORDER BY cell
    ) AS cluster
) AS tile, (SELECT version FROM current_publication) AS version
