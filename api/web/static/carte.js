// The map: our own style, tiles of the question asked, clusters that open, one structure at a time highlighted.
import { AttributionControl, Map as MapLibre, NavigationControl, Popup, ScaleControl } from "/vendor/maplibre/maplibre-gl.mjs";
import { createDensity } from "./densite.js";
import { fetchedAtLast } from "./reseau.js";
import { drawFrom, isUpToDate, requestOf, whenTilesFail } from "./tuiles.js";
import { densityAsked, keepInAddress, viewAsked } from "./vue.js";

const FRANCE = { center: [2.6, 46.6], zoom: 4.8 };
const CLUSTER_STEP = 2;
const STRUCTURE_ZOOM = 14; // where clusters give way to points
const NAME_ZOOM = 16; // from here on tiles say names, and what still overlaps stands at one door
const MARGINS = { top: 60, right: 60, bottom: 80, left: 40 }; // what the buttons cover

export function createMap({ onStructure, onCrowd, onMoved, onImpossible, onTrouble, onSay }) {
  const place = document.getElementById("carte");
  if (!place) return null;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const addressOf = (query) => `/tiles/structures/{z}/{x}/{y}.mvt${query ? "?" + query : ""}`;
  let asked = document.getElementById("contenu").dataset.tuiles ?? ""; // what the list shows
  let map;
  try {
    map = new MapLibre({
      container: place,
      // the style names no host: tiles come from the page's own origin, whatever proxy stands before the server
      transformRequest: requestOf,
      ...(viewAsked() ?? FRANCE),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      maxZoom: 19,
      fadeDuration: still ? 0 : 200,
      locale: { "NavigationControl.ZoomIn": "Zoomer", "NavigationControl.ZoomOut": "Dézoomer", "AttributionControl.ToggleAttribution": "Crédits", "Map.Title": "Carte", "Popup.Close": "Fermer" },
    });
  } catch {
    onImpossible();
    return null;
  }
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new AttributionControl({ compact: true }));
  // they open once there are some, unless compact already: on a small map, or one not yet shown, they would be most of it
  const credits = place.querySelector(".maplibregl-ctrl-attrib");
  credits.open = false;
  credits.className = `maplibregl-ctrl maplibregl-ctrl-attrib maplibregl-attrib-empty ${place.clientWidth < 640 ? "maplibregl-compact" : ""}`;
  map.addControl(new ScaleControl({ maxWidth: 100 }), "bottom-right"); // above the credits, however many lines they take
  // what does not load is said, until it does
  const missing = new Map(); // what → "late", "failed", or "" once it is there
  const tell = (what, state) => {
    missing.set(what, state);
    const states = [...missing.values()];
    onTrouble(states.includes("failed") ? "failed" : states.includes("late") ? "late" : "");
  };
  map.on("error", ({ tile }) => { if (!tile) tell("carte", "failed"); }); // for good: a tile in error alone is asked again
  whenTilesFail(map, (state) => tell("tuiles", state));
  let density = null; // once the style is there
  const write = keepInAddress(map, () => density?.isShown() ?? densityAsked());
  place.mapLibre = map; // for tests and the curious

  const ready = fetchedAtLast(`/tiles/style.json${dark ? "?theme=sombre" : ""}`, {
    isRight: (style) => Array.isArray(style?.layers) && style.sources?.structures,
    tell: (state) => tell("style", state),
  }).then(async (style) => {
    style.sources.structures.tiles = [addressOf(asked)]; // nothing is drawn but what the list shows
    const loaded = map.once("style.load");
    map.setStyle(style);
    await loaded;
    density = createDensity(map, {
      asked,
      onChange: write,
      onSay,
      onTrouble: (state) => tell("densite", state),
    });
  });

  map.on("click", (event) => {
    const found = map.queryRenderedFeatures(
      [[event.point.x - 6, event.point.y - 6], [event.point.x + 6, event.point.y + 6]],
      { layers: ["clusters", "points"] },
    );
    const [feature] = found;
    if (!feature) {
      density?.open(event.point);
      return;
    }
    const there = new Map(found.filter((each) => each.layer.id === "points").map(({ properties: { id, name } }) => [id, name ?? id]));
    if (there.size === 1) onStructure(feature.properties.id);
    else if (there.size && map.getZoom() >= NAME_ZOOM) {
      if (isUpToDate(map, "structures")) propose(feature.geometry.coordinates, there);
    } else if (map.getZoom() >= map.getMaxZoom()) onCrowd(); // a tile of more points than are drawn one by one: no zoom takes them apart
    else map.easeTo({ center: feature.geometry.coordinates, zoom: map.getZoom() + CLUSTER_STEP, duration: still ? 0 : 500 });
  });

  let proposed = null;

  /** Several structures at one door, by name: no zoom takes their points apart. */
  function propose(coordinates, there) {
    const list = document.createElement("ul");
    list.className = "au-meme-point";
    const popup = proposed = new Popup({ maxWidth: "min(320px, 80vw)" }).setLngLat(coordinates).setDOMContent(list);
    for (const [id, name] of [...there].sort(([, a], [, b]) => a.localeCompare(b, "fr"))) {
      const line = list.appendChild(document.createElement("li"));
      const choice = line.appendChild(document.createElement("button"));
      choice.type = "button";
      choice.textContent = name;
      choice.addEventListener("click", () => { popup.remove(); onStructure(id); });
    }
    popup.addTo(map);
  }

  for (const layer of ["clusters", "points"]) {
    map.on("mouseenter", layer, () => { map.getCanvas().style.cursor = "pointer"; });
    map.on("mouseleave", layer, () => { map.getCanvas().style.cursor = ""; });
  }
  map.on("moveend", (event) => { if (event.originalEvent) onMoved(); });

  const fly = (center, zoom) => (still ? map.jumpTo({ center, zoom }) : map.flyTo({ center, zoom, duration: 900 }));

  /** The tiles of another question. */
  async function ask(query) {
    asked = query;
    proposed?.remove();
    await ready;
    if (query !== asked) return;
    drawFrom(map, "structures", addressOf(query));
    density.ask(query);
  }

  /** Ring one place, or none. */
  async function highlight(coordinates) {
    await ready;
    const features = coordinates ? [{ type: "Feature", properties: {}, geometry: { type: "Point", coordinates } }] : [];
    map.getSource("selection").setData({ type: "FeatureCollection", features });
  }

  let pointed = null;

  return {
    /** Follow what the list shows: its tiles and, unless told not to, its place. */
    show(content, move = true) {
      const { tuiles, bornes, lon, lat, fiche } = content.dataset;
      if (tuiles !== undefined) ask(tuiles);
      this.point(content);
      if (!move) return;
      if (lon) fly([Number(lon), Number(lat)], fiche ? Math.max(map.getZoom(), STRUCTURE_ZOOM) : 11.5);
      else if (bornes) {
        const [west, south, east, north] = bornes.split(",").map(Number);
        map.fitBounds([[west, south], [east, north]], { padding: MARGINS, maxZoom: STRUCTURE_ZOOM, duration: still ? 0 : 900 });
      } else if (tuiles === "") fly(FRANCE.center, FRANCE.zoom);
    },
    /** Ring the structure that this element is about, a line of the list or an open page. */
    point(element) {
      const { lon, lat, id, fiche } = element.dataset;
      const about = (id ?? fiche) && lon ? element : null;
      if (about === pointed) return;
      pointed = about;
      highlight(about && [Number(lon), Number(lat)]);
    },
    bounds: () => map.getBounds().toArray().flat().map((degrees, i) => Math.min(i % 2 ? 90 : 180, Math.max(i % 2 ? -90 : -180, degrees)).toFixed(4)).join(","),
    centre: () => (map.getZoom() > 7 ? map.getCenter().toArray() : null),
    resize: () => map.resize(),
  };
}
