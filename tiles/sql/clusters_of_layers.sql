-- One tile of clusters of several layers, and the publication it is of. Asked by tiles/render.py.
-- One range of the grid's primary key for each layer; counts of a cell add up, so do its members' units.
SELECT (
    SELECT ST_AsMVT(cluster, 'clusters', 4096, 'geom')
    FROM (
        SELECT
            ST_MakePoint(sum(sx)::bigint / sum(n), sum(sy)::bigint / sum(n)) AS geom,
            sum(n)::integer AS n,
            CASE WHEN sum(n) = 1 THEN structure_of(bit_xor(who)) END AS id
        FROM tile_count
        WHERE tile = :tile AND layer = ANY (CAST(:layers AS integer[]))
        GROUP BY cell
        ORDER BY cell
    ) AS cluster
) AS tile, (SELECT version FROM current_publication) AS version
