-- One tile of clusters, every category counted. Asked by GET /tiles/structures/{z}/{x}/{y}.mvt without filters.
-- One range of the grid's primary key (z, tx, ty, categorie_no, cell); positions are in tile units already.
SELECT ST_AsMVT(cluster, 'clusters', 4096, 'geom')
FROM (
    SELECT ST_MakePoint(sx / n, sy / n) AS geom, n, id
    FROM tile_count
    WHERE z = :z AND tx = :x AND ty = :y AND categorie_no = 0
    ORDER BY cell
) AS cluster
