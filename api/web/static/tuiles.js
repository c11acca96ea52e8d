// The tiles of a source, from another address. MapLibre keeps a tile that is on its way, whatever address its source has been given
// since, and draws what comes last; one that failed it never asks again once its source has another address. Tiles are fetched here,
// from the address of the moment when they come, and none fails: what the server does not give is drawn as it last was for the same
// question, or else as nothing, and asked again.
import { addProtocol } from "/vendor/maplibre/maplibre-gl.mjs";

const PROTOCOL = "tuiles";
const OURS = /\/tiles\/(\w+)\/(\d+\/\d+\/\d+)\.mvt/;
const AGAIN_S = [1, 2, 4, 8, 16, 30]; // after the first failure, the second…
const KEPT = 64; // tiles of a question, to draw when they cannot be had again: some screens full
const questions = new Map(); // source → what it is asked now
const twice = new Set(); // sources that are to be drawn once more
let onChange = () => {};
let onAnswer = () => {};

addProtocol(PROTOCOL, async ({ url }, { signal }) => {
  const [, source, place] = OURS.exec(url);
  if (!questions.has(source)) begin(source, url.slice(`${PROTOCOL}://`.length).replace(place, "{z}/{x}/{y}"));
  for (;;) {
    const question = questions.get(source);
    const either = endedByEither(signal, question.over.signal);
    const tile = await drawn(question, place, either.signal);
    either.abort(); // nobody listens any more
    signal.throwIfAborted();
    if (questions.get(source) !== question) continue;
    onChange();
    return tile;
  }
});

/** AbortSignal.any, which browsers of 2023 do not have. */
function endedByEither(...signals) {
  const ended = new AbortController();
  for (const each of signals) {
    if (each.aborted) ended.abort();
    each.addEventListener("abort", () => ended.abort(), { once: true, signal: ended.signal });
  }
  return ended;
}

function begin(source, address) {
  questions.get(source)?.over.abort();
  questions.set(source, { address, over: new AbortController(), kept: new Map(), failed: new Map() });
}

/** What MapLibre draws at a place: it asks again by itself for what is said to be fresh for a moment only. */
async function drawn({ address, kept, failed }, place, signal) {
  try {
    const answer = await fetch(address.replace("{z}/{x}/{y}", place), { signal });
    const isPage = answer.headers.get("Content-Type")?.startsWith("text/"); // of a network that wants to be signed in to, say
    if (!answer.ok || isPage) throw new TypeError(answer.statusText);
    const data = await answer.arrayBuffer();
    failed.delete(place);
    onAnswer();
    kept.delete(place);
    kept.set(place, data.slice());
    if (kept.size > KEPT) kept.delete(kept.keys().next().value);
    return { data, cacheControl: answer.headers.get("Cache-Control"), expires: answer.headers.get("Expires") };
  } catch {
    const times = failed.get(place) ?? 0;
    if (!signal.aborted) failed.set(place, times + 1);
    const data = kept.get(place)?.slice() ?? new ArrayBuffer(0);
    return { data, cacheControl: `max-age=${secondsAfter(times)}` };
  }
}

/** When what failed is to be asked again, having failed so many times before. */
export function secondsAfter(times) {
  return AGAIN_S[Math.min(times, AGAIN_S.length - 1)];
}

/** How MapLibre is to ask for what stands at an address of a style. */
export function requestOf(address) {
  const { href, pathname } = new URL(address, location.origin);
  return { url: OURS.test(pathname) ? `${PROTOCOL}://${href}` : href };
}

/** Draw a source from an address. */
export function drawFrom(map, source, address) {
  if (map.getSource(source).tiles[0] === address) return;
  begin(source, address);
  onChange();
  const waiting = !map.isSourceLoaded(source);
  map.getSource(source).setTiles([address]);
  if (!waiting || twice.has(source)) return;
  twice.add(source); // what had come and was not drawn yet is of the address before
  const refresh = ({ sourceId }) => {
    if (sourceId !== source || !map.isSourceLoaded(source)) return;
    map.off("sourcedata", refresh);
    twice.delete(source);
    map.refreshTiles(source);
  };
  map.on("sourcedata", refresh);
}

/** Be told whether tiles in view are missing, each time that this changes. */
export function whenTilesFail(map, tell) {
  let told = false;
  const isInView = (source, failed) => {
    const { minzoom, maxzoom, tileSize } = map.getSource(source);
    return map.coveringTiles({ tileSize, minzoom, maxzoom, reparseOverscaled: true })
      .some(({ canonical: { z, x, y } }) => failed.has(`${z}/${x}/${y}`));
  };
  const isShown = (source) => map.getStyle().layers.some((layer) => layer.source === source && layer.layout?.visibility !== "none");
  onChange = () => {
    const failing = [...questions].filter(([, { failed }]) => failed.size);
    const missing = failing.some(([source, { failed }]) => isInView(source, failed) && isShown(source));
    if (missing !== told) tell(told = missing);
  };
  map.on("moveend", () => onChange());
  map.on("styledata", () => onChange()); // layers shown or hidden
  let last = 0;
  const askAgain = () => {
    last = Date.now();
    for (const [source, { failed }] of questions) {
      const tiles = [...failed.keys()].map((place) => place.split("/").map(Number)).map(([z, x, y]) => ({ z, x, y }));
      if (tiles.length) map.refreshTiles(source, tiles);
    }
  };
  window.addEventListener("online", askAgain);
  onAnswer = () => { // the server is back: what failed before is not waited for
    if (told && Date.now() - last > 1000 * AGAIN_S[0]) askAgain();
  };
}
