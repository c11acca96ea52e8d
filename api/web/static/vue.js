// Where the map looks and what it shows, in the address (#carte=zoom/latitude/longitude, then /densite), so that a view can be shared.
// An anchor keeps its place.
const NAME = "#carte=";
const DENSITY = "densite";

/** The view that the address asks for, or null. */
export function viewAsked() {
  if (!location.hash.startsWith(NAME)) return null;
  const [zoom, lat, lon] = location.hash.slice(NAME.length).split("/").map(Number);
  const there = Number.isFinite(zoom) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
  return there ? { zoom, center: [lon, lat] } : null;
}

/** Whether it asks for densities. */
export const densityAsked = () => location.hash.startsWith(NAME) && location.hash.slice(NAME.length).split("/").includes(DENSITY, 3);

/** What follows an address when only its content changes: the view stays, an anchor was the other content's. */
export const viewInAddress = () => (location.hash.startsWith(NAME) ? location.hash : "");

/** The section that the address names, or null. */
export function anchored() {
  const name = location.hash.slice(1);
  return name && !location.hash.startsWith(NAME) ? document.getElementById(name) : null;
}

/** The address says where the map looks, unless it names a section; a view put there moves the map. What writes it is given back. */
export function keepInAddress(map, showsDensity) {
  const write = () => {
    if (location.hash && !location.hash.startsWith(NAME)) return;
    const view = written(map.getZoom(), map.getCenter());
    history.replaceState(history.state, "", `${NAME}${view}${showsDensity() ? "/" + DENSITY : ""}`);
  };
  map.on("moveend", write);
  window.addEventListener("hashchange", () => {
    const view = viewAsked();
    if (view) map.jumpTo(view);
  });
  return write;
}

/** As many decimals as a pixel at this zoom is worth. */
function written(zoom, { lng, lat }) {
  const decimals = Math.max(0, Math.ceil((zoom * Math.LN2 + Math.log(512 / 360 / 0.5)) / Math.LN10));
  return [zoom.toFixed(2), lat.toFixed(decimals), lng.toFixed(decimals)].map(Number).join("/");
}
