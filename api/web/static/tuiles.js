// The tiles of a source, from another address. MapLibre keeps a tile that is on its way, whatever address its source has been given
// since, and draws what comes last: tiles are fetched here, from the address of the moment when they come.
import { AJAXError, addProtocol } from "/vendor/maplibre/maplibre-gl.mjs";

const PROTOCOL = "tuiles";
const OURS = /\/tiles\/(\w+)\/(\d+\/\d+\/\d+)\.mvt/;
const asked = new Map(); // source → its address, and what ends the requests of it
const late = new Set(); // sources to be drawn once more

addProtocol(PROTOCOL, async ({ url }, { signal }) => {
  const [, source, place] = OURS.exec(url);
  if (!asked.has(source)) ask(source, url.slice(`${PROTOCOL}://`.length).replace(place, "{z}/{x}/{y}"));
  for (;;) {
    const now = asked.get(source);
    const address = now.address.replace("{z}/{x}/{y}", place);
    try {
      const answer = await fetch(address, { signal: AbortSignal.any([signal, now.over.signal]) });
      if (!answer.ok) throw new AJAXError(answer.status, answer.statusText, address, await answer.blob());
      const data = await answer.arrayBuffer();
      if (asked.get(source) === now) return { data, cacheControl: answer.headers.get("Cache-Control"), expires: answer.headers.get("Expires") };
    } catch (error) {
      if (signal.aborted || asked.get(source) === now) throw error;
    }
  }
});

function ask(source, address) {
  asked.get(source)?.over.abort();
  asked.set(source, { address, over: new AbortController() });
}

/** How MapLibre is to ask for what stands at an address of a style. */
export function requestOf(address) {
  const { href, pathname } = new URL(address, location.origin);
  return { url: OURS.test(pathname) ? `${PROTOCOL}://${href}` : href };
}

/** Draw a source from an address. */
export function drawFrom(map, source, address) {
  if (map.getSource(source).tiles[0] === address) return;
  ask(source, address);
  const waiting = !map.isSourceLoaded(source);
  map.getSource(source).setTiles([address]);
  if (!waiting || late.has(source)) return;
  late.add(source); // what had come and was not drawn yet is of the address before
  const refresh = ({ sourceId }) => {
    if (sourceId !== source || !map.isSourceLoaded(source)) return;
    map.off("sourcedata", refresh).off("error", refresh);
    late.delete(source);
    map.refreshTiles(source);
  };
  map.on("sourcedata", refresh);
  map.on("error", refresh);
}
