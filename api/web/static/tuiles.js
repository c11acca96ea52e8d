// The tiles of a source, from another address.
const again = new Set(); // sources to be asked once more

/** Draw a source from an address. Tiles on their way come from the one before, and MapLibre keeps them: they are asked again. */
export function drawFrom(map, source, address) {
  if (map.getSource(source).tiles?.[0] === address) return;
  const late = !map.isSourceLoaded(source);
  map.getSource(source).setTiles([address]);
  if (!late || again.has(source)) return;
  again.add(source);
  map.on("sourcedata", function refresh({ sourceId }) {
    if (sourceId !== source || !map.isSourceLoaded(source)) return;
    map.off("sourcedata", refresh);
    again.delete(source);
    map.refreshTiles(source);
  });
}
