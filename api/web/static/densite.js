// How many structures for 10,000 inhabitants: areas coloured by the classes of the question asked, their legend, what one area says.
import { Popup } from "/vendor/maplibre/maplibre-gl.mjs";
import { fetchedAtLast, patienceSince, SLOW_MS } from "./reseau.js";
import { drawFrom, isUpToDate } from "./tuiles.js";
import { densityAsked, viewAsked } from "./vue.js";

const POINT_ZOOM = 14; // from here on clusters are of tiles that hold too many points: they stay
const number = new Intl.NumberFormat("fr");
const rate = new Intl.NumberFormat("fr", { maximumFractionDigits: 3 });

/** Of a map whose style has loaded, on the question `asked`; `onChange`: shown or hidden, `onSay`: what is to be read aloud. */
export function createDensity(map, { asked, onChange, onSay, onTrouble }) {
  const place = document.getElementById("densite");
  const button = document.getElementById("voir-densite");
  const legend = document.getElementById("densite-legende");
  const { classes: colours, none } = map.getStyle().metadata;
  const layers = map.getStyle().layers.filter(({ source }) => source === "areas");
  const fills = layers.filter(({ type }) => type === "fill");
  const popup = new Popup({ maxWidth: "min(280px, 80vw)", className: "aire", closeOnClick: false, focusAfterOpen: false });
  let shown = false;
  let query = null; // the question whose areas are drawn
  let breaks = {};
  let since = 0; // when they stopped being of the question asked
  let coming; // the question whose classes are on their way
  let over = new AbortController(); // of what is asked for them
  let areSeen = false;

  /** Colours of a layer: none, then classes; an area without inhabitants has no rate, and no colour. */
  const painted = (layer) => {
    const classed = breaks[layer] ?? [];
    const steps = classed.flatMap((from, rank) => [from, colours[rank + 1]]);
    const colour = steps.length ? ["step", ["get", "per_10000"], colours[0], ...steps] : colours[0];
    return ["case", ["==", ["get", "n"], 0], none, ["has", "per_10000"], colour, "rgba(0,0,0,0)"];
  };

  const levelShown = () => fills.find(({ maxzoom = Infinity }) => map.getZoom() < maxzoom)["source-layer"];

  let told = "";
  function tell() {
    const level = levelShown();
    const classed = breaks[level] ?? [];
    const key = level + classed;
    if (key === told) return;
    told = key;
    document.getElementById("densite-niveau").textContent = legend.dataset[level];
    const names = classed.length
      ? [`moins de ${rate.format(classed[0])}`,
        ...classed.slice(1).map((to, rank) => `de ${rate.format(classed[rank])} à ${rate.format(to)}`),
        `${rate.format(classed.at(-1))} et plus`]
      : ["une ou plus"];
    document.getElementById("densite-classes").replaceChildren(...[["aucune", none], ...names.map((name, rank) => [name, colours[rank]])].map(line));
  }

  function line([name, colour]) {
    const item = document.createElement("li");
    const swatch = item.appendChild(document.createElement("span"));
    swatch.style.backgroundColor = colour;
    item.append(name);
    return item;
  }

  /** The areas of the question asked: its classes first, so that no tile takes the colours of another. */
  async function draw() {
    if (shown && coming === asked) return;
    over.abort();
    over = new AbortController();
    coming = undefined;
    if (!shown || query === asked) {
      see();
      onTrouble("");
      return;
    }
    const wanted = coming = asked;
    const suffix = wanted ? "?" + wanted : "";
    const found = await fetchedAtLast(`/tiles/areas.json${suffix}`, {
      isRight: (areas) => fills.every(({ "source-layer": layer }) => Array.isArray(areas?.classes?.[layer])),
      tell: (state) => { if (state) leave(state); },
      patience: areSeen ? patienceSince(since) : SLOW_MS,
      signal: over.signal,
    });
    if (!found) return;
    coming = undefined;
    query = wanted;
    breaks = found.classes;
    popup.remove();
    for (const { id, "source-layer": layer } of fills) map.setPaintProperty(id, "fill-color", painted(layer));
    drawFrom(map, "areas", `/tiles/areas/{z}/{x}/{y}.mvt${suffix}`, { since, stays: areSeen });
    see();
    tell();
    onTrouble("");
  }

  /** Nothing of the question before stays for what is not there. */
  function leave(state) {
    popup.remove();
    see();
    onTrouble(state);
  }

  /** Areas, and their legend, are seen while they are of the question asked. */
  function see() {
    areSeen = shown && query === asked;
    legend.hidden = !areSeen;
    for (const { id } of layers) map.setLayoutProperty(id, "visibility", areSeen ? "visible" : "none");
  }

  function toggle(on) {
    if (on === shown) return;
    shown = on;
    button.setAttribute("aria-pressed", String(on));
    popup.remove();
    for (const id of ["clusters", "cluster-counts"]) map.setLayerZoomRange(id, on ? POINT_ZOOM : 0, 24);
    draw();
    onChange();
  }

  /** What an area says: « Nord : 1 234 structures, 4,7 pour 10 000 habitants ». */
  function sentence({ name, n, per_10000: density }) {
    const count = n ? `${number.format(n)} structure${n > 1 ? "s" : ""}` : "aucune structure";
    const share = n && density !== undefined ? `, ${rate.format(density)} pour 10\u202f000 habitants` : "";
    return `${name.replaceAll("'", "’")}\u00a0: ${count}${share}`;
  }

  /** Say what the area at a point of the screen has. */
  function open(point) {
    const [area] = shown ? map.queryRenderedFeatures(point, { layers: fills.map(({ id }) => id) }) : [];
    popup.remove();
    if (!area || !isUpToDate(map, "areas")) return; // it has the numbers of the question before, for a moment
    const text = sentence(area.properties);
    popup.setPadding(beside());
    popup.setLngLat(map.unproject(point)).setText(text).addTo(map);
    onSay(text);
  }

  /** What the legend covers: the left of a wide map, the top of a narrow one. */
  function beside() {
    const covered = legend.getBoundingClientRect(), whole = map.getContainer().getBoundingClientRect();
    const onTop = covered.top - whole.top < whole.bottom - covered.bottom;
    return { top: onTop ? covered.bottom - whole.top : 0, right: 0, bottom: 0, left: onTop ? 0 : covered.right - whole.left };
  }

  button.addEventListener("click", () => toggle(!shown));
  map.on("zoom", () => { if (shown) tell(); });
  map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key === "Enter") open(map.project(map.getCenter()));
    if (event.key === "Escape") popup.remove();
  });
  window.addEventListener("hashchange", () => { if (viewAsked()) toggle(densityAsked()); });
  place.hidden = false;
  toggle(densityAsked());

  return {
    open,
    isShown: () => shown,
    ask(wanted) {
      if (asked === query && wanted !== asked) since = Date.now();
      asked = wanted;
      draw();
    },
  };
}
