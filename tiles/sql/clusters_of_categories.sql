-- One tile of clusters, some categories only. Asked by GET /tiles/structures/{z}/{x}/{y}.mvt?categorie=…
-- One range of the grid's primary key per category asked for; counts of a cell add up, so do its members' units.
SELECT ST_AsMVT(cluster, 'clusters', 4096, 'geom')
FROM (
    SELECT
        ST_MakePoint(sum(sx)::bigint / sum(n), sum(sy)::bigint / sum(n)) AS geom,
        sum(n)::integer AS n,
        CASE WHEN sum(n) = 1 THEN min(id) END AS id
    FROM tile_count
    WHERE z = :z AND tx = :x AND ty = :y AND categorie_no = ANY (CAST(:categories AS integer[]))
    GROUP BY cell
    ORDER BY cell
) AS cluster
