// Lines under the search box: the ARIA 1.2 combobox pattern, with the keyboard first.
const WAIT_MS = 120;
const KINDS = { structure: "Structure", categorie: "Catégorie", commune: "Commune", address: "Adresse", identifier: "Numéro" };

export function suggest(input, list, { choose, near, source }) {
  let found = [];
  let active = -1;
  let timer = 0;
  let asked = null;

  Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })
    .forEach(([name, value]) => input.setAttribute(name, value));

  const close = () => {
    clearTimeout(timer);
    asked?.abort();
    list.hidden = true;
    if (source) source.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const activate = (index) => {
    active = index;
    [...list.children].forEach((item, rank) => item.setAttribute("aria-selected", String(rank === active)));
    if (active < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", list.children[active].id);
    list.children[active].scrollIntoView({ block: "nearest" });
  };

  const line = ({ kind, label }, rank) => {
    const item = document.createElement("li");
    item.id = `suggestion-${rank}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const what = document.createElement("small");
    what.textContent = KINDS[kind] ?? kind;
    item.append(what, label);
    item.addEventListener("mousedown", (event) => { event.preventDefault(); pick(rank); });
    return item;
  };

  const pick = (rank) => {
    const chosen = found[rank];
    close();
    choose(chosen);
  };

  const ask = async () => {
    const words = input.value.trim();
    asked?.abort();
    if (words.length < 2) return close();
    asked = new AbortController();
    const query = new URLSearchParams({ q: words });
    const centre = near();
    if (centre) { query.set("lon", centre[0].toFixed(1)); query.set("lat", centre[1].toFixed(1)); }
    try {
      const answer = await fetch("/api/v1/suggest?" + query, { signal: asked.signal });
      if (!answer.ok) return close();
      found = (await answer.json()).suggestions;
    } catch { return; }
    list.replaceChildren(...found.map(line));
    list.hidden = found.length === 0;
    if (source) source.hidden = !found.some(({ kind }) => kind === "address");
    active = -1;
    input.setAttribute("aria-expanded", String(found.length > 0));
    input.removeAttribute("aria-activedescendant");
  };

  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, WAIT_MS); });
  input.addEventListener("blur", close);
  source?.addEventListener("mousedown", (event) => event.preventDefault()); // the list stays while its link is pressed
  input.form.addEventListener("submit", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) { event.preventDefault(); close(); return; }
    if (list.hidden || !found.length) return;
    if (event.key === "ArrowDown") { event.preventDefault(); activate((active + 1) % found.length); }
    if (event.key === "ArrowUp") { event.preventDefault(); activate((active - 1 + found.length) % found.length); }
    if (event.key === "Enter" && active >= 0) { event.preventDefault(); pick(active); }
  });
}
