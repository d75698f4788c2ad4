// The page: one state, one call, one drawing of the answer.

import { keepKey, Problem, search } from "./api.js";
import { sheet } from "./cards.js";
import { byId, debounce, make, meta } from "./dom.js";
import { drawer } from "./drawer.js";
import { flush, record, watch } from "./events.js";
import { facetLists } from "./facets.js";
import { additions, on, tell } from "./hooks.js";
import { t } from "./i18n.js";
import { glide, mark, placesOf } from "./moves.js";
import "./picture.js";
import "./recommend.js";
import "./explain.js";
import "./judge.js";
import "./related.js";
import { clear, draw } from "./results.js";
import { body, chips, empty, read, SIZE, take, write } from "./state.js";
import { suggestions } from "./suggest.js";

const TYPING_MS = 160;
const ACTED = { add_to_cart: t("sheet.in_bag"), purchase: t("sheet.bought") };
const index = meta("hybridrank-index");

let state = read();
let queryId = null;
let ranks = new Map();
let counted = {};
let running = null;
let touched = null;

// `again` asks the same question anew, after something was done that may have moved the order.
async function refresh({ again = false } = {}) {
  running?.abort();
  running = new AbortController();
  const mine = running;
  byId("results").classList.add("busy");
  const started = performance.now();
  try {
    const asked = body(state, index, queryId);
    for (const add of additions) add(asked);
    const answer = await search(asked, mine.signal);
    if (mine !== running) return;
    queryId = answer.query_id;
    show(answer, asked, performance.now() - started, again);
  } catch (error) {
    if (error.name === "AbortError" || mine !== running) return;
    if (!(error instanceof Problem)) throw error;
    failed(error);
  } finally {
    if (mine === running) byId("results").classList.remove("busy");
  }
}

// A new question starts on its first page with an order of its own.
function ask({ replace = false } = {}) {
  state.from = 0;
  queryId = null;
  write(state, replace);
  controls();
  refresh();
}

function turn(step) {
  state.from = Math.max(0, state.from + step * SIZE);
  write(state, false);
  refresh();
  scrollTo({ top: 0, behavior: "instant" });
  byId("results").focus({ preventScroll: true });
}

function failed(problem) {
  byId("key").hidden = problem.status !== 401;
  byId("problem").hidden = problem.status === 401;
  byId("problem").textContent = problem.message;
  clear();
}

function show(answer, asked, tookMs, again) {
  byId("problem").hidden = byId("key").hidden = true;
  const list = byId("results");
  const before = placesOf(list);
  const focused = document.activeElement?.closest(".card")?.dataset.id;
  draw(answer, { index, from: state.from, tookMs, open });
  counted = answer.facets ?? {};
  drawFacets();
  byId("moves").hidden = true;
  if (again) {
    glide(list, before);
    say(mark(list, answer.results, ranks), answer.results);
  }
  if (focused) list.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  ranks = new Map(answer.results.map((result) => [result.id, result.rank]));
  watch(list.querySelectorAll(".card"), answer.results, answer.query_id);
  tell("results", { answer, body: asked });
}

function say(moved, results) {
  const own = moved.find(({ result }) => result.id === touched?.id);
  const title = (result) => result.source.title || result.id;
  const now = results.find((result) => result.id === touched?.id);
  let text = "";
  if (own) text = t("moves.own", { title: title(own.result), was: own.was, now: own.result.rank });
  else if (moved.length) text = t("moves.several", { count: moved.length });
  else if (now) text = t("moves.stays", { title: title(now), now: now.rank });
  byId("moves").textContent = text;
  byId("moves").hidden = text === "";
}

// The sheet of a product. What is done there is told; once it closes, the order is asked for anew.
function open(result, best, beside) {
  const shownId = queryId;
  record("click", result, shownId);
  touched = result;
  const act = (action) => {
    record(action, result, shownId, action === "purchase" && typeof result.source.price === "number" ? { price: result.source.price } : {});
    byId("detail-body").querySelector(".acted").textContent = ACTED[action];
  };
  byId("detail-body").replaceChildren(sheet(result, { index, best, act }));
  const place = make("section", { class: "beside" });
  byId("detail-body").append(place);
  byId("detail").showModal();
  byId("detail").scrollTop = 0;
  tell("item", { result, index, place, beside });
}

async function closed() {
  const card = byId("results").querySelector(`[data-id="${CSS.escape(touched?.id ?? "")}"]`);
  card?.focus({ preventScroll: true });
  await flush();
  // A sorted list and a list without a query have no order that could move.
  if (state.sort || !state.query.trim() || byId("detail").open) return;
  queryId = null;
  refresh({ again: true });
}

function drawFacets() {
  const focused = document.activeElement?.matches("#facets input") ? document.activeElement : null;
  byId("facets").replaceChildren(...facetLists(counted, state.chosen, (field, value, ticked) => {
    const values = (state.chosen[field] ??= new Set());
    ticked ? values.add(value) : values.delete(value);
    ask();
  }, drawFacets));
  if (focused) {
    const again = [...document.querySelectorAll("#facets input")];
    again.find((box) => box.value === focused.value && box.dataset.field === focused.dataset.field)?.focus({ preventScroll: true });
  }
}

// Puts the state into the controls; while somebody types, not into the one they type in.
function controls({ all = false } = {}) {
  const put = (id, value) => { if (all || document.activeElement !== byId(id)) byId(id).value = value; };
  put("query", state.query);
  put("sort", state.sort);
  put("price-min", state.low);
  put("price-max", state.high);
  byId("in-stock").checked = state.inStock;
  const active = chips(state);
  byId("chips").replaceChildren(...active.map((chip) =>
    make("button", { type: "button", "aria-label": t("filters.remove", { label: chip.label }), onclick: () => { take(state, chip); ask(); } }, chip.label)));
  byId("clear").hidden = byId("filter-count").hidden = active.length === 0;
  byId("filter-count").textContent = String(active.length);
}

function showFilters(shown) {
  byId("filters").classList.toggle("open", shown);
  (shown ? byId("filters-close") : byId("filters-open")).focus();
}

// Arrow keys walk over the cards as they lie on the screen.
function walk(event) {
  const cards = [...document.querySelectorAll(".card")];
  const at = cards.indexOf(document.activeElement);
  if (at < 0) return false;
  const top = cards[0].getBoundingClientRect().top;
  const columns = Math.max(1, cards.findIndex((card) => card.getBoundingClientRect().top > top + 5));
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
  if (!step) return false;
  event.preventDefault();
  if (at + step < 0) byId("query").focus();
  else cards[Math.min(cards.length - 1, at + step)].focus();
  return true;
}

function wire() {
  const box = byId("query");
  const typed = debounce(TYPING_MS, () => {
    if (box.value === state.query) return;
    state.query = box.value;
    ask({ replace: true });
  });
  const put = (text) => {
    typed.cancel();
    state.query = box.value = text;
    ask();
  };
  const offered = suggestions({ index, choose: put });
  box.addEventListener("input", typed);
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    offered.close();
    put(box.value);
  });
  byId("suggested").addEventListener("click", () => put(byId("suggested").textContent));
  byId("sort").addEventListener("change", (event) => { state.sort = event.target.value; ask(); });
  byId("in-stock").addEventListener("change", (event) => { state.inStock = event.target.checked; ask(); });
  const priced = debounce(350, () => {
    state.low = byId("price-min").value;
    state.high = byId("price-max").value;
    ask({ replace: true });
  });
  byId("price-min").addEventListener("input", priced);
  byId("price-max").addEventListener("input", priced);
  byId("clear").addEventListener("click", () => {
    state = { ...empty(), query: state.query, sort: state.sort };
    byId("price-min").value = byId("price-max").value = "";
    ask();
  });
  byId("previous").addEventListener("click", () => turn(-1));
  byId("next").addEventListener("click", () => turn(1));
  byId("filters-open").addEventListener("click", () => showFilters(true));
  byId("filters-close").addEventListener("click", () => showFilters(false));
  byId("detail-close").addEventListener("click", () => byId("detail").close());
  byId("detail").addEventListener("click", (event) => { if (event.target === byId("detail")) byId("detail").close(); });
  byId("detail").addEventListener("close", closed);
  byId("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    keepKey(byId("key-input").value.trim());
    byId("key-input").value = "";
    refresh();
  });
  on("open", ({ result, best, beside }) => open(result, best, beside));
  addEventListener("keydown", (event) => {
    const writing = document.activeElement?.matches("input, select, textarea");
    if (event.defaultPrevented || byId("detail").open) return;
    if (event.key === "/" && !writing) {
      event.preventDefault();
      box.select();
    } else if (event.key === "ArrowDown" && document.activeElement === box && !offered.isOpen()) {
      event.preventDefault();
      document.querySelector(".card")?.focus();
    } else if (event.key === "Escape" && byId("filters").classList.contains("open")) {
      showFilters(false);
    } else {
      walk(event);
    }
  });
  addEventListener("popstate", () => { state = read(); queryId = null; controls({ all: true }); refresh(); });
  on("ask", () => ask());
  on("who", () => { queryId = null; refresh({ again: true }); });
}

drawer();
wire();
controls({ all: true });
refresh();
