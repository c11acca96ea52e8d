// The tiles of a source, from another address. MapLibre keeps a tile that is on its way, whatever address its source has been given
// since, and draws what comes last; one that failed it never asks again once its source has another address; until tiles of another
// question come it leaves those of the one before. Tiles are fetched here, from the address of the moment when they come, and none
// fails or leaves the question before for long: what the server does not give is drawn as it last was for the same question, or else
// as nothing, said, and asked again.
import { addProtocol } from "/vendor/maplibre/maplibre-gl.mjs";

const PROTOCOL = "tuiles";
const OURS = /\/tiles\/(\w+)\/(\d+\/\d+\/\d+)\.mvt/;
const AGAIN_S = [1, 2, 4, 8, 16, 30]; // after the first failure, the second…
export const LATE_MS = 1_000; // the question before is not left on the map for longer
export const SLOW_MS = 4_000; // where nothing of another question is drawn meanwhile
const REPLACING_MS = 3_000; // in which MapLibre asks for what is to take the place of the question before
export const LONGEST_MS = 60_000; // what takes longer will not come
const KEPT = 64; // tiles of a question, to draw when they cannot be had again: some screens full
const MVT = "application/vnd.mapbox-vector-tile";
const LATE = Symbol("late"), LEFT = Symbol("left"); // what is not waited for: by us, by MapLibre
const questions = new Map(); // source → what it is asked now
const twice = new Set(); // sources that are to be drawn once more
let onChange = () => {};
let onAnswer = () => {};
let refresh = () => {};

addProtocol(PROTOCOL, async ({ url }, { signal }) => {
  const [, source, place] = OURS.exec(url);
  if (!questions.has(source)) begin(source, url.slice(`${PROTOCOL}://`.length).replace(place, "{z}/{x}/{y}"));
  for (;;) {
    const question = questions.get(source);
    const tile = await drawn(source, question, place, signal);
    signal.throwIfAborted();
    if (questions.get(source) !== question) continue;
    onChange();
    return tile;
  }
});

function begin(source, address) {
  const before = questions.get(source);
  before?.over.abort();
  questions.set(source, {
    address,
    over: new AbortController(),
    replacesUntil: before ? Date.now() + REPLACING_MS : 0,
    coming: new Map(), // place → what is fetched
    late: new Set(), // of these, whose drawing did not wait
    kept: new Map(), // place → its tile
    fresh: new Set(), // of these, which came too late and were not drawn yet
    failed: new Map(), // place → how often in a row
    damaged: new Set(), // of these, what came but cannot be read
  });
}

/** What MapLibre draws at a place: it asks again by itself for what is said to be fresh for a moment only. */
async function drawn(source, question, place, signal) {
  const { coming, late, kept, fresh, failed, damaged } = question;
  const shown = (seconds) => ({ data: kept.get(place)?.data.slice() ?? new ArrayBuffer(0), cacheControl: `max-age=${seconds}` });
  if (fresh.delete(place)) return copyOf(kept.get(place));
  if (damaged.delete(place)) return shown(secondsAfter(failed.get(place) - 1));
  const asked = coming.get(place) ?? ask(question, place);
  asked.waiting++;
  let slow;
  const replaces = Date.now() < question.replacesUntil;
  const givenUp = new Promise((resolve) => {
    slow = setTimeout(() => {
      late.add(place);
      if (replaces) resolve(LATE); else onChange();
    }, replaces ? LATE_MS : SLOW_MS);
    signal.addEventListener("abort", () => resolve(LEFT), { once: true });
    if (signal.aborted) resolve(LEFT);
  });
  const what = await Promise.race([asked.answer, givenUp]);
  clearTimeout(slow);
  if (what === LATE) {
    asked.answer.then((tile) => {
      if (tile === LEFT) return;
      if (tile) fresh.add(place);
      refresh(source, place);
    });
    return shown(AGAIN_S[0]);
  }
  asked.waiting--;
  if (what === LEFT && !asked.waiting) asked.over.abort(LEFT); // nobody listens any more
  return what?.data ? copyOf(what) : shown(secondsAfter(failed.get(place) - 1 || 0));
}

const copyOf = ({ data, ...rest }) => ({ data: data.slice(), ...rest });

/** Fetch a tile; `answer` comes to null when it fails, to LEFT when nobody wants it any more. */
function ask(question, place) {
  const { address, over, coming, late, kept, fresh, failed } = question;
  const asked = { waiting: 0, over: new AbortController() };
  const leave = () => asked.over.abort(LEFT);
  over.signal.addEventListener("abort", leave);
  const longest = setTimeout(() => asked.over.abort(), LONGEST_MS);
  asked.answer = fetched(address.replace("{z}/{x}/{y}", place), asked.over.signal).then((tile) => {
    failed.delete(place);
    kept.delete(place);
    kept.set(place, tile);
    if (kept.size > KEPT) {
      const [oldest] = kept.keys();
      kept.delete(oldest);
      fresh.delete(oldest);
    }
    onAnswer();
    return tile;
  }).catch(() => {
    if (asked.over.signal.reason === LEFT) return LEFT;
    failed.set(place, (failed.get(place) ?? 0) + 1);
    return null;
  }).finally(() => {
    clearTimeout(longest);
    over.signal.removeEventListener("abort", leave);
    if (coming.get(place) === asked) coming.delete(place);
    late.delete(place);
  });
  asked.over.signal.addEventListener("abort", () => { if (coming.get(place) === asked) coming.delete(place); });
  coming.set(place, asked);
  return asked;
}

/** A tile as the server gives it; what stands between may answer something else in its place. */
async function fetched(address, signal) {
  const answer = await fetch(address, { signal });
  const data = await answer.arrayBuffer();
  const isTile = answer.status === 204 || (answer.status === 200 && answer.headers.get("Content-Type")?.startsWith(MVT) && isWhole(data));
  if (!isTile) throw new TypeError(answer.statusText);
  return { data, cacheControl: answer.headers.get("Cache-Control"), expires: answer.headers.get("Expires") };
}

/** Whether these bytes are layers one after the other, up to the last (MVT § 4.1: field 3, each with its length). */
function isWhole(data) {
  const bytes = new Uint8Array(data);
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at++] !== 0x1a) return false;
    let length = 0, scale = 1;
    for (let more = true; more; scale *= 128) {
      if (at >= bytes.length) return false;
      length += (bytes[at] & 127) * scale;
      more = bytes[at++] > 127;
    }
    at += length;
  }
  return at === bytes.length;
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
  if (map.getSource(source).serialize().tiles[0] === address) return;
  begin(source, address);
  onChange();
  const waiting = !map.isSourceLoaded(source);
  map.getSource(source).setTiles([address]);
  if (!waiting || twice.has(source)) return;
  twice.add(source); // what had come and was not drawn yet is of the address before
  const again = ({ sourceId }) => {
    if (sourceId !== source || !map.isSourceLoaded(source)) return;
    map.off("sourcedata", again);
    twice.delete(source);
    map.refreshTiles(source);
  };
  map.on("sourcedata", again);
}

/** Be told what is missing in view each time that this changes: "" (nothing), "late" or "failed". */
export function whenTilesFail(map, tell) {
  let told = "";
  const seen = (source) => {
    const { minzoom, maxzoom, tileSize } = map.getSource(source);
    const shown = map.getStyle().layers.some((layer) => layer.source === source && layer.layout?.visibility !== "none");
    const tiles = shown ? map.coveringTiles({ tileSize, minzoom, maxzoom, reparseOverscaled: true }) : [];
    return new Set(tiles.map(({ canonical: { z, x, y } }) => `${z}/${x}/${y}`));
  };
  onChange = () => {
    let state = "";
    for (const [source, { failed, late, coming }] of questions) {
      if (!failed.size && !late.size) continue;
      const inView = seen(source);
      for (const place of late) if (!inView.has(place)) coming.get(place)?.over.abort(LEFT);
      if ([...failed.keys()].some((place) => inView.has(place))) state = "failed";
      else if ([...late].some((place) => inView.has(place))) state ||= "late";
    }
    if (state !== told) tell(told = state);
  };
  map.on("moveend", () => onChange());
  map.on("styledata", () => onChange()); // layers shown or hidden
  map.on("error", ({ sourceId, tile }) => { // it could not be read: damaged on its way
    const question = questions.get(sourceId);
    if (!question || !tile) return;
    const { z, x, y } = tile.tileID.canonical, place = `${z}/${x}/${y}`;
    question.kept.delete(place);
    question.failed.set(place, (question.failed.get(place) ?? 0) + 1);
    question.damaged.add(place);
    refresh(sourceId, place); // at once: a tile in error is stuck when its source is given another address
  });
  const toRefresh = (places) => places.map((place) => place.split("/").map(Number)).map(([z, x, y]) => ({ z, x, y }));
  refresh = (source, place) => {
    onChange();
    map.refreshTiles(source, toRefresh([place]));
  };
  let last = 0;
  const askAgain = () => {
    last = Date.now();
    for (const [source, { failed }] of questions) if (failed.size) map.refreshTiles(source, toRefresh([...failed.keys()]));
  };
  window.addEventListener("online", askAgain);
  onAnswer = () => { // the server is back: what failed before is not waited for
    if (told === "failed" && Date.now() - last > 1000 * AGAIN_S[0]) askAgain();
  };
}
