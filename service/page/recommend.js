// Recommendations beside a product and below the results. A stream brings a new list within a second of what the visitor
// does; the cards glide to their new places.

import { call, events, Problem } from "./api.js";
import { buy, shot } from "./cards.js";
import { byId, can, debounce, make, meta } from "./dom.js";
import { on, tell } from "./hooks.js";
import { language, t } from "./i18n.js";
import { scaleOf } from "./signals.js";

const SIZE = 8;
const MOST_EXCLUDED = 100;
const AGAIN_MS = 2000;
const SETTLED_MS = 900;  // below the results nothing is asked for while somebody still types
const GLIDE_MS = 420;
const index = meta("hybridrank-index");
const still = matchMedia("(prefers-reduced-motion: reduce)");

let following = null;

const picks = (list) => [...list.querySelectorAll(".pick")];

function pick(one, rank, best, query) {
  const result = { ...one, rank };
  const beside = { item: query.item, index };
  const button = make("button", { type: "button", class: "pick", "data-id": one.id, onclick: () => tell("open", { result, best, beside }) },
    shot(result, index),
    make("span", { class: "pick-title" }, one.source.title || one.id),
    buy(one.source),
    make("span", { class: "why" }, one.reason));
  return make("li", {}, button);
}

function draw({ place, title, query }, answer) {
  const shown = answer.recommendations;
  if (!shown.length) { place.replaceChildren(); return; }
  let list = place.querySelector(".picks");
  if (!list) {
    list = make("ul", { class: "picks" });
    place.replaceChildren(make("h2", { class: "picks-head" }, title), list);
  }
  const before = new Map(picks(list).map((card) => [card.dataset.id, card.getBoundingClientRect()]));
  const focused = document.activeElement?.closest(".pick")?.dataset.id;
  const best = scaleOf(shown);
  list.replaceChildren(...shown.map((one, at) => pick(one, at + 1, best, query)));
  list.dataset.version = String(Number(list.dataset.version ?? 0) + 1);
  if (focused) list.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  if (still.matches || !before.size) return;
  for (const card of picks(list)) {
    const was = before.get(card.dataset.id);
    const is = card.getBoundingClientRect();
    card.animate(was
      ? [{ transform: `translate(${was.left - is.left}px, ${was.top - is.top}px)` }, { transform: "none" }]
      : [{ opacity: 0, transform: "scale(.92)" }, { opacity: 1, transform: "none" }],
    { duration: GLIDE_MS, easing: "cubic-bezier(.2, .7, .2, 1)" });
  }
}

// Follows one place at a time: the service keeps few streams open.
function follow(place, title, query) {
  stop();
  const mine = following = { control: new AbortController(), place, title, query };
  run(mine).catch((error) => { if (error.name !== "AbortError") throw error; });
}

function stop() {
  following?.control.abort();
  following = null;
}

async function run(mine) {
  const { place, control: { signal } } = mine;
  const address = new URLSearchParams({ size: String(SIZE), index, language, ...mine.query });
  while (mine === following) {
    try {
      for await (const { name, data } of events(`/v1/recommend/stream?${address}`, signal)) {
        if (mine !== following) return;
        if (name === "recommendations") draw(mine, data);
      }
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof Problem)) throw error;
      if (error.status >= 400 && error.status < 500) { place.replaceChildren(); return; }
      try {  // no stream is free: the list as it is, and later another try
        draw(mine, await call("GET", `/v1/recommend?${address}`, { signal }));
      } catch (second) {
        if (second.name === "AbortError") return;
        if (!(second instanceof Problem)) throw second;
        place.replaceChildren();
      }
    }
    await new Promise((done) => { setTimeout(done, AGAIN_MS); });
  }
}

if (can("recommend")) {
  let below = {};
  const showBelow = debounce(SETTLED_MS, () => {
    if (!byId("detail").open) follow(byId("strip"), t("recommend.below"), below);
  });
  on("results", ({ answer }) => {
    const ids = answer.results.slice(0, MOST_EXCLUDED).map((result) => result.id).filter((id) => !id.includes(","));
    const query = ids.length ? { exclude: ids.join(",") } : {};
    const changed = query.exclude !== below.exclude;
    below = query;
    if (changed || following === null) showBelow();
  });
  on("item", ({ result, place }) => follow(place, t("recommend.beside"), { item: result.id }));
  on("who", () => { if (following) follow(following.place, following.title, following.query); });
  byId("detail").addEventListener("close", () => { stop(); showBelow(); });
}
