// The map of one archive: tiles are read from it by ranges, and nothing is asked of anybody else.
import { AttributionControl, Map as MapLibre, NavigationControl, Popup, ScaleControl, addProtocol } from "./maplibre-gl.mjs";

const FRANCE = { center: [2.6, 46.6], zoom: 4.8 };
const CLUSTER_STEP = 2;
const place = document.getElementById("carte");
const message = document.getElementById("message");
const { archive, site } = place.dataset;

const here = (name) => new URL(name, import.meta.url).href;
const say = (words) => { message.textContent = words; message.hidden = !words; };

addProtocol("pmtiles", new pmtiles.Protocol({ metadata: true }).tile);
const style = await (await fetch(here("style.json"))).json();
style.sources.structures.url = `pmtiles://${new URL(archive, location.href).href}`;
style.sources.base.data = here("fond.geojson");

try {
  draw();
} catch {
  say("Ce navigateur ne dessine pas la carte : il lui faut WebGL.");
}

function draw() {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = new MapLibre({
    container: place,
    style,
    ...FRANCE,
    hash: "carte",
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    maxZoom: 19,
    fadeDuration: still ? 0 : 200,
    locale: { "NavigationControl.ZoomIn": "Zoomer", "NavigationControl.ZoomOut": "Dézoomer", "AttributionControl.ToggleAttribution": "Crédits", "Map.Title": "Carte", "Popup.Close": "Fermer" },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new AttributionControl({ compact: true }));
  // they open once, unless compact already: on a small map they would be most of it
  if (place.clientWidth < 640) place.querySelector(".maplibregl-ctrl-attrib").classList.add("maplibregl-compact");
  map.addControl(new ScaleControl({ maxWidth: 100 }), "bottom-right"); // above the credits, however many lines they take
  map.on("error", () => say("L’archive ne se lit pas : le serveur de fichiers doit répondre aux demandes de plages (Range)."));
  map.on("sourcedata", ({ sourceId, tile }) => { if (sourceId === "structures" && tile?.state === "loaded") say(""); });
  map.on("click", ({ point }) => {
    const found = map.queryRenderedFeatures([[point.x - 6, point.y - 6], [point.x + 6, point.y + 6]], { layers: ["clusters", "points"] });
    const [feature] = found;
    if (!feature) return;
    const { coordinates } = feature.geometry;
    const there = new Map(found.filter(({ properties }) => properties.id).map(({ properties: { id, name } }) => [id, name ?? "Voir la fiche"]));
    if (there.size && site) propose(coordinates, there);
    else map.easeTo({ center: coordinates, zoom: map.getZoom() + CLUSTER_STEP, duration: still ? 0 : 500 });
  });
  for (const layer of ["clusters", "points"]) {
    map.on("mouseenter", layer, () => { map.getCanvas().style.cursor = "pointer"; });
    map.on("mouseleave", layer, () => { map.getCanvas().style.cursor = ""; });
  }
  place.mapLibre = map; // for tests and the curious

  /** The pages of the structures that stand there, on the site that wrote the archive. */
  function propose(coordinates, there) {
    const list = document.createElement("ul");
    for (const [id, name] of there) {
      const link = list.appendChild(document.createElement("li")).appendChild(document.createElement("a"));
      link.href = `${site}/structures/${encodeURIComponent(id)}`;
      link.textContent = name;
    }
    new Popup({ maxWidth: "min(320px, 80vw)" }).setLngLat(coordinates).setDOMContent(list).addTo(map);
  }
}
