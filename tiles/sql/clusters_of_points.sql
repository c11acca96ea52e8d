-- Clusters counted outside (any other filter, or words), encoded. Asked by tiles.render with one array per column.
SELECT ST_AsMVT(cluster, 'clusters', 4096, 'geom') AS tile
FROM (
    SELECT ST_MakePoint(x, y) AS geom, n, id
    FROM unnest(
        CAST(:x AS bigint[]), CAST(:y AS bigint[]), CAST(:n AS integer[]), CAST(:id AS text[])
    ) AS given (x, y, n, id)
) AS cluster
