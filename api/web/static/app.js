// The page's behaviour: links and forms fetch only what changes, the map follows; without this file they still work.
import { suggest } from "./suggestions.js";
import { createMap } from "./carte.js";
import { anchored, viewAsked, viewInAddress } from "./vue.js";

const sharedView = viewAsked() !== null; // before the map writes its own
const content = () => document.getElementById("contenu");
const announcer = document.getElementById("annonces");
const say = (text) => { announcer.textContent = text; };
document.documentElement.classList.add("avec-js");

let pending = null;
const address = () => location.pathname + location.search;
let latest = address(); // the content that stands or comes: an anchor in it asks for no other
let question = content().dataset.requete ?? ""; // the last one asked: a structure that is open has none of its own

/** Fetch the part of a page that changes and put it in place; a failure leaves what was there and says so. */
async function go(wanted, { push = true, focus = true, move = true, keep = false } = {}) {
  pending?.abort();
  pending = new AbortController();
  latest = wanted;
  content().classList.add("occupe");
  content().setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(wanted, { headers: { "x-lum1-fragment": "1", accept: "text/html" }, signal: pending.signal });
    const part = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (!part) throw new TypeError("answer without content");
    const held = keep ? inHand() : null;
    content().replaceWith(document.importNode(part, true));
    if (push) {
      latest = written(wanted);
      history.pushState(null, "", latest + viewInAddress());
    }
    arrived({ focus: focus && !keep, move });
    if (held) takeAgain(held);
  } catch (error) {
    if (error.name === "AbortError") return;
    latest = null;
    content().classList.remove("occupe");
    content().removeAttribute("aria-busy");
    say(announcer.dataset.horsLigne);
    showMessage(announcer.dataset.horsLigne);
  }
}

/** The address of the content that stands: a question that was answered is written in one way, whatever asked it. */
function written(wanted) {
  const { requete, tuiles } = content().dataset;
  if (!/^\/(\?|$)/.test(wanted) || tuiles === undefined) return wanted;
  return requete ? "/?" + requete : "/";
}

/** What a panel that is replaced must keep: the lists that stand open, the control in hand, how far one had scrolled. */
function inHand() {
  const { activeElement } = document;
  const held = activeElement?.closest(".filtres") && activeElement;
  return {
    open: [...content().querySelectorAll("details[id]")].map(({ id, open }) => [id, open]),
    control: held?.name ? `[name="${held.name}"]` + (held.type === "checkbox" || held.type === "radio" ? `[value="${CSS.escape(held.value)}"]` : "") : null,
    scroll: content().scrollTop,
    lists: [...content().querySelectorAll("fieldset > ul")].map((list) => [list.closest("details").id, list.scrollTop]),
  };
}

function takeAgain({ open, control, scroll, lists }) {
  for (const [id, wasOpen] of open) document.getElementById(id)?.toggleAttribute("open", wasOpen);
  for (const [id, top] of lists) {
    const list = document.getElementById(id)?.querySelector("fieldset > ul");
    if (list) list.scrollTop = top;
  }
  if (control) content().querySelector(`.filtres ${control}`)?.focus({ preventScroll: true });
  content().scrollTop = scroll;
}

/** New content stands: title, announcement, map. */
function arrived({ focus = true, move = true } = {}) {
  const { titre } = content().dataset;
  if (titre) document.title = titre;
  const count = document.getElementById("compte");
  say(count ? count.textContent : document.title);
  if (focus) { content().focus({ preventScroll: true }); content().scrollTop = 0; }
  anchored()?.scrollIntoView();
  map?.show(content(), move);
  question = content().dataset.requete ?? question;
  // the search box says what is asked, whatever way one came here
  document.getElementById("q").value = new URLSearchParams(question).get("q") ?? "";
}

// Other words ask elsewhere and in their own order: these go with the last ones, every other filter stays.
const OF_THE_LAST_WORDS = ["q", "lat", "lon", "radius", "bbox", "polygon", "commune", "sort", "limit"];
// A place chosen replaces these.
const ANYWHERE = { commune: null, epci: null, departement: null, region: null, bbox: null, polygon: null, lat: null, lon: null, radius: null };

/** Another question on top of this one: names to set, null to take out. */
function asking(changes) {
  const asked = new URLSearchParams(question);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") asked.delete(name); else asked.set(name, value);
  }
  asked.delete("cursor");
  return "/?" + asked;
}

let standing = ""; // what is said over the map for as long as it is so
let passing; // something else is said there, for a moment

function stay(text) {
  standing = text;
  if (!passing) write(text);
}

function showMessage(text) {
  clearTimeout(passing);
  write(text);
  passing = setTimeout(() => { passing = null; write(standing); }, 6000);
}

function write(text) {
  const place = document.getElementById("carte-message");
  if (place.textContent !== text) place.textContent = text; // said again, it would be read aloud again
  place.hidden = !text;
}

/** « Plus de résultats » appends, so that the list already read stays. */
async function more(link) {
  const answer = await fetch(link.href, { headers: { "x-lum1-fragment": "1", accept: "text/html" } });
  const part = new DOMParser().parseFromString(await answer.text(), "text/html");
  const added = [...part.querySelectorAll("#resultats > li")].map((item) => document.importNode(item, true));
  document.getElementById("resultats").append(...added);
  const next = part.getElementById("suite");
  if (next) link.href = next.getAttribute("href"); else link.closest("p").remove();
  added[0]?.querySelector("a").focus();
}

const WHOLE_PAGES = /^\/(openapi|donnees\/chargements)/; // those without a map beside them

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const target = new URL(link.href);
  if (target.origin !== location.origin || link.hash || WHOLE_PAGES.test(target.pathname) || !map) return;
  event.preventDefault();
  link.closest("details")?.removeAttribute("open");
  if (link.id === "suite") more(link).catch(() => showMessage(announcer.dataset.horsLigne));
  else go(target.pathname + target.search);
});

document.addEventListener("submit", (event) => {
  if (event.target.method !== "get" || !map) return;
  event.preventDefault();
  const asked = new URLSearchParams([...new FormData(event.target)].filter(([, value]) => value !== ""));
  if (event.target.id === "recherche") {
    for (const [name, value] of new URLSearchParams(question)) {
      if (asked.get("q") && !OF_THE_LAST_WORDS.includes(name)) asked.append(name, value);
    }
  }
  go(new URL(event.target.action).pathname + "?" + asked, { keep: event.target.classList.contains("filtres") });
});
document.addEventListener("change", (event) => event.target.closest(".filtres")?.requestSubmit());
window.addEventListener("popstate", () => { if (address() !== latest) go(address(), { push: false, move: false }); });

for (const kind of ["mouseover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    map?.point(event.target.closest?.(".resultat") ?? content());
  });
}

const around = document.getElementById("autour");
if (around && "geolocation" in navigator) {
  around.hidden = false;
  around.addEventListener("click", () => {
    say(announcer.dataset.chargement);
    navigator.geolocation.getCurrentPosition(
      // three decimals are some hundred metres: enough to search, too little to follow
      ({ coords }) => go(asking({ ...ANYWHERE, lat: coords.latitude.toFixed(3), lon: coords.longitude.toFixed(3), radius: 10000, sort: "distance" })),
      (error) => { const text = error.code === error.PERMISSION_DENIED ? announcer.dataset.refusee : announcer.dataset.introuvable; say(text); showMessage(text); },
      { maximumAge: 60000, timeout: 10000 },
    );
  });
}

const zone = document.getElementById("zone");
const follow = document.getElementById("suivre");
const searchHere = () => go(asking({ ...ANYWHERE, ...pointAsked(), bbox: map.bounds() }), { move: false, focus: false });
/** The point that distances are measured from outlives the zone. */
function pointAsked() {
  const asked = new URLSearchParams(question);
  return { lat: asked.get("lat"), lon: asked.get("lon") };
}
const map = createMap({
  onStructure: (id) => { showList(); go(structureAddress(id), { move: false }); },
  onCrowd: () => { showList(); searchHere(); },
  onMoved: () => { zone.hidden = false; if (follow.checked) searchHere(); },
  onSay: say,
  onImpossible: () => stay(announcer.dataset.sansCarte),
  onTrouble: (state) => stay({ failed: announcer.dataset.carteMuette, late: announcer.dataset.carteLente }[state] ?? ""),
});
document.getElementById("chercher-ici")?.addEventListener("click", searchHere);
follow?.addEventListener("change", () => { if (follow.checked) searchHere(); });

function structureAddress(id) {
  return `/structures/${id}${question ? "?retour=" + encodeURIComponent("?" + question) : ""}`;
}

const box = document.getElementById("q");
if (box) {
  suggest(box, document.getElementById("suggestions"), {
    near: () => map?.centre(),
    source: document.getElementById("suggestions-source"),
    choose: ({ kind, id, lon, lat }) => {
      if (kind === "structure" || kind === "identifier") go(structureAddress(id));
      else if (kind === "categorie") go(asking({ q: null, categorie: id }));
      else if (kind === "address") go(asking({ ...ANYWHERE, q: null, lat: lat.toFixed(4), lon: lon.toFixed(4), radius: 10000, sort: "distance" }));
      else { go(asking({ ...ANYWHERE, q: null, sort: null, commune: id })); }
    },
  });
}

const seeMap = document.getElementById("voir-carte");
const seeList = document.getElementById("voir-liste");
function showList() { show(false); }
function show(onMap) {
  document.documentElement.classList.toggle("voit-carte", onMap);
  seeMap.setAttribute("aria-pressed", String(onMap));
  seeList.setAttribute("aria-pressed", String(!onMap));
  if (onMap) map?.resize();
}
seeMap.addEventListener("click", () => show(true));
seeList.addEventListener("click", () => show(false));

map?.show(content(), !sharedView);
