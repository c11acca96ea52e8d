"""OGC API - Features and OGC API - Tiles: the map for QGIS, GDAL and whoever brings their own tools."""
