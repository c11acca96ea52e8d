-- One tile of clusters of one layer (every category, one of them, or a family), and the publication it is of. Asked by
-- tiles/render.py. One range of the grid's primary key (tile, layer, cell); positions are in tile units already.
SELECT (
    SELECT ST_AsMVT(cluster, 'clusters', 4096, 'geom')
    FROM (
        SELECT ST_MakePoint(sx / n, sy / n) AS geom, n, CASE WHEN n = 1 THEN structure_of(who) END AS id
        FROM tile_count
        WHERE tile = :tile AND layer = :layer
        ORDER BY cell
    ) AS cluster
) AS tile, (SELECT version FROM current_publication) AS version
