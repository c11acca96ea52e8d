// node peer.mjs POINTS TILES: points are pairs of doubles (lon, lat), tiles a JSON list of [z, x, y]; says, as JSON, how long the
// index took, what each tile took in milliseconds, and how many points its clusters stand for.
import { readFileSync } from "node:fs";
import Supercluster from "supercluster";
import vtpbf from "vt-pbf";

const [points, tiles] = process.argv.slice(2);
const bytes = readFileSync(points);
const axes = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
const features = [];
for (let i = 0; i < axes.length; i += 2) {
  features.push({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [axes[i], axes[i + 1]] } });
}
const began = performance.now();
const index = new Supercluster({ radius: 60, maxZoom: 16 }).load(features);
const built = performance.now() - began;

const asked = JSON.parse(readFileSync(tiles, "utf8"));
const draw = ([z, x, y]) => {
  const tile = index.getTile(z, x, y);
  return [tile, tile ? vtpbf.fromGeojsonVt({ clusters: tile }, { version: 2, extent: 512 }) : null];
};
asked.forEach(draw); // compiled by now
const taken = [], counted = [];
for (const address of asked) {
  const start = performance.now();
  const [tile] = draw(address);
  taken.push(performance.now() - start);
  counted.push((tile?.features ?? []).reduce((sum, each) => sum + (each.tags.point_count ?? 1), 0));
}
console.log(JSON.stringify({ built, taken, counted }));
