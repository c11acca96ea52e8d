// The tiles of a source, from another address. MapLibre keeps a tile that is on its way, whatever address its source has been given
// since, and draws what comes last; one that failed it never asks again once its source has another address; until tiles of another
// question come it leaves those of the one before. Tiles are fetched here, from the address of the moment when they come, and none
// fails or leaves the question before for long: what the server does not give is drawn as it last was for the same question, or else
// as nothing, said, and asked again.
import { addProtocol } from "/vendor/maplibre/maplibre-gl.mjs";
import { LONGEST_MS, patienceSince, secondsAfter, SLOW_MS } from "./reseau.js";

const PROTOCOL = "tuiles";
const OURS = /\/tiles\/(\w+)\/(\d+\/\d+\/\d+)\.mvt/;
const KEPT = 64; // tiles of a question, to draw when they cannot be had again: some screens full
const REMEMBERED = 1_000; // places of the map, and what is drawn there
const MVT = "application/vnd.mapbox-vector-tile";
const LATE = Symbol("late"), LEFT = Symbol("left"); // what is not waited for: by us, by MapLibre
const questions = new Map(); // source → what it is asked now
const onMap = new Map(); // source → place → what MapLibre was last given there: of which question's time, and whether as its answer
const twice = new Set(); // sources that are to be drawn once more
let look = () => {}; // at what is missing in view; what has left it is not waited for
let onAnswer = () => {};
let refresh = () => {};

addProtocol(PROTOCOL, async ({ url }, { signal }) => {
  const [, source, place] = OURS.exec(url);
  if (!questions.has(source)) begin(source, url.slice(`${PROTOCOL}://`.length).replace(place, "{z}/{x}/{y}"));
  for (;;) {
    const question = questions.get(source), given = onMap.get(source);
    const { isAnswer, ...tile } = await drawn(source, question, place, signal);
    if (signal.aborted) given.delete(place); // it left the view, and MapLibre what it drew there
    signal.throwIfAborted();
    if (questions.get(source) !== question) continue;
    given.delete(place);
    given.set(place, { period: question.period, isAnswer });
    if (given.size > REMEMBERED) given.delete(given.keys().next().value);
    look();
    return tile;
  }
});

/** From a moment on, another question is asked. */
function begin(source, address, since = Date.now()) {
  const before = questions.get(source);
  if (before) before.period.until = since;
  else onMap.set(source, new Map());
  before?.over.abort();
  questions.set(source, {
    address,
    period: { until: Infinity }, // when another took its place
    over: new AbortController(),
    coming: new Map(), // place → what is fetched
    late: new Set(), // of these, what is not there after a while
    kept: new Map(), // place → its tile
    fresh: new Set(), // of these, which came too late and were not drawn yet
    failed: new Map(), // place → how often in a row
    damaged: new Map(), // place → how often it came and could not be read
    unread: new Set(), // of these, where MapLibre is to have something that it can read
  });
}

/** What MapLibre draws at a place: it asks again by itself for what is said to be fresh for a moment only. */
async function drawn(source, question, place, signal) {
  const { coming, late, kept, fresh, failed, damaged, unread } = question;
  const instead = (times) => ({ data: kept.get(place)?.data.slice() ?? new ArrayBuffer(0), cacheControl: `max-age=${secondsAfter(times)}` });
  if (fresh.delete(place)) return answerOf(kept.get(place));
  if (unread.delete(place)) return instead(damaged.get(place) - 1 || 0);
  const asked = coming.get(place) ?? ask(question, place);
  asked.waiting++;
  const { until = Infinity } = onMap.get(source).get(place)?.period ?? {};
  const isOld = until < Infinity; // what is drawn there is of another question
  let slow;
  const givenUp = new Promise((resolve) => {
    slow = setTimeout(() => {
      if (coming.get(place) !== asked) return;
      late.add(place);
      if (isOld) resolve(LATE); else look();
    }, isOld ? patienceSince(until) : SLOW_MS);
    signal.addEventListener("abort", () => resolve(LEFT), { once: true });
    if (signal.aborted) resolve(LEFT);
  });
  const what = await Promise.race([asked.answer, givenUp]);
  clearTimeout(slow);
  if (what === LATE) { // it goes on waiting, MapLibre does not
    asked.drawing ??= asked.answer.then((tile) => {
      if (tile === LEFT) return;
      if (tile) fresh.add(place);
      refresh(source, place);
    });
    return instead(0);
  }
  asked.waiting--;
  if (what === LEFT && !asked.waiting) asked.over.abort(LEFT); // nobody listens any more
  return what?.data ? answerOf(what) : instead(failed.get(place) - 1 || 0);
}

const answerOf = ({ data, cacheControl, expires }) => ({ data: data.slice(), cacheControl, expires, isAnswer: true });

/** Fetch a tile; `answer` comes to null when it fails, to LEFT when nobody wants it any more. */
function ask(question, place) {
  const { address, over, coming, late, kept, fresh, failed, damaged } = question;
  // what was damaged may have been so in the browser's own cache, which would give it again
  const cache = failed.has(place) || damaged.has(place) ? "reload" : "default";
  const asked = { waiting: 0, over: new AbortController() };
  const leave = () => asked.over.abort(LEFT);
  over.signal.addEventListener("abort", leave);
  const longest = setTimeout(() => asked.over.abort(), LONGEST_MS);
  asked.answer = fetched(address.replace("{z}/{x}/{y}", place), { cache, signal: asked.over.signal }).then((tile) => {
    failed.delete(place);
    const before = kept.get(place);
    kept.delete(place);
    kept.set(place, { ...tile, before: before && { ...before, before: undefined } });
    if (kept.size > KEPT) {
      const [oldest] = kept.keys();
      kept.delete(oldest);
      fresh.delete(oldest);
    }
    if (!damaged.has(place)) onAnswer();
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
async function fetched(address, how) {
  const answer = await fetch(address, how);
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

/** How MapLibre is to ask for what stands at an address of a style. */
export function requestOf(address) {
  const { href, pathname } = new URL(address, location.origin);
  return { url: OURS.test(pathname) ? `${PROTOCOL}://${href}` : href };
}

/** The places where MapLibre has something of a source drawn. */
function placesDrawn(map, source) {
  const tiles = map.style.tileManagers[source];
  return new Set(tiles.getIds().map((id) => tiles.getTileByID(id)).filter((tile) => tile?.hasData()).map(({ tileID }) => placeOf(tileID)));
}

const placeOf = ({ canonical: { z, x, y } }) => `${z}/${x}/${y}`;

/** Whether nothing is drawn of another question than the one asked. */
export function isUpToDate(map, source) {
  const { period } = questions.get(source), there = placesDrawn(map, source);
  return [...onMap.get(source)].every(([place, given]) => given.period === period || !there.has(place));
}

/** Draw a source from an address: of another question since a moment, of which nothing is to be seen any more unless it `stays` a while. */
export function drawFrom(map, source, address, { since, stays = true } = {}) {
  if (map.getSource(source).serialize().tiles[0] === address) return;
  if (!stays) map.style.tileManagers[source].clearTiles();
  begin(source, address, since);
  const there = placesDrawn(map, source);
  for (const place of onMap.get(source).keys()) if (!there.has(place)) onMap.get(source).delete(place);
  look();
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
  const layers = new Map(); // source → the names of its layers, of which the style is asked once
  const layersOf = (source) => {
    if (!layers.has(source)) layers.set(source, map.getStyle().layers.filter((layer) => layer.source === source).map(({ id }) => id));
    return layers.get(source);
  };
  const placesInView = (source) => {
    const { minzoom, maxzoom, tileSize } = map.getSource(source);
    const shown = layersOf(source).some((layer) => map.getLayoutProperty(layer, "visibility") !== "none");
    const tiles = shown ? map.coveringTiles({ tileSize, minzoom, maxzoom, reparseOverscaled: true }) : [];
    return new Set(tiles.map(placeOf));
  };
  look = () => {
    let state = "";
    for (const [source, { failed, late, damaged, coming }] of questions) {
      if (!failed.size && !late.size && !damaged.size) continue;
      const inView = placesInView(source);
      for (const place of late) if (!inView.has(place)) coming.get(place)?.over.abort(LEFT);
      for (const missing of [failed, damaged]) for (const place of missing.keys()) if (!inView.has(place)) missing.delete(place);
      if (failed.size || damaged.size) state = "failed";
      else if ([...late].some((place) => inView.has(place))) state ||= "late";
    }
    if (state !== told) tell(told = state);
  };
  map.on("moveend", () => look());
  map.on("styledata", () => look()); // layers shown or hidden
  map.on("error", ({ sourceId, tile }) => { // it could not be read: damaged on its way
    const question = questions.get(sourceId);
    if (!question || !tile) return;
    const { kept, fresh, damaged, unread } = question, place = placeOf(tile.tileID);
    const before = kept.get(place)?.before;
    if (before) kept.set(place, before); else kept.delete(place);
    fresh.delete(place);
    damaged.set(place, (damaged.get(place) ?? 0) + 1);
    unread.add(place);
    refresh(sourceId, place); // at once: a tile in error is stuck when its source is given another address
  });
  map.on("sourcedata", ({ sourceId, tile }) => { // it could
    const question = questions.get(sourceId);
    if (!tile || !question?.damaged.size) return;
    const place = placeOf(tile.tileID), given = onMap.get(sourceId).get(place);
    if (given?.period === question.period && given.isAnswer && question.damaged.delete(place)) look();
  });
  const toRefresh = (places) => places.map((place) => place.split("/").map(Number)).map(([z, x, y]) => ({ z, x, y }));
  refresh = (source, place) => {
    look();
    if (!placesDrawn(map, source).has(place)) questions.get(source).fresh.delete(place); // whoever comes there later asks anew
    map.refreshTiles(source, toRefresh([place]));
  };
  let last = 0;
  const askAgain = () => {
    last = Date.now();
    for (const [source, { failed, damaged }] of questions) {
      const missing = [...failed.keys(), ...damaged.keys()];
      if (missing.length) map.refreshTiles(source, toRefresh(missing));
    }
  };
  window.addEventListener("online", askAgain);
  onAnswer = () => { // the server is back: what failed before is not waited for
    if (told === "failed" && Date.now() - last > 1000 * secondsAfter(0)) askAgain();
  };
}
