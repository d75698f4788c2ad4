// The page: one state, one call, one drawing of the answer.

import { keepKey, Problem, search } from "./api.js";
import { card, sheet } from "./cards.js";
import { byId, debounce, make, meta } from "./dom.js";
import { facetLists } from "./facets.js";
import { legend, scaleOf, shown } from "./signals.js";
import { body, chips, empty, read, SIZE, take, write } from "./state.js";

const TYPING_MS = 160;
const index = meta("hybridrank-index");
const number = new Intl.NumberFormat();

let state = read();
let queryId = null;
let counted = {};
let running = null;

async function refresh() {
  running?.abort();
  running = new AbortController();
  const mine = running;
  byId("results").classList.add("busy");
  const started = performance.now();
  try {
    const answer = await search(body(state, index, queryId), mine.signal);
    if (mine !== running) return;
    queryId = answer.query_id;
    draw(answer, performance.now() - started);
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
  byId("results").replaceChildren();
  byId("legend").replaceChildren();
  byId("status").textContent = "";
  for (const id of ["empty", "pages", "suggestion", "degraded"]) byId(id).hidden = true;
}

function draw(answer, tookMs) {
  byId("problem").hidden = byId("key").hidden = true;
  const { results } = answer;
  const signals = shown(results);
  const best = scaleOf(results);
  const open = (result) => {
    byId("detail-body").replaceChildren(sheet(result, { index, signals, best }));
    byId("detail").showModal();
  };
  byId("results").replaceChildren(...results.map((result) => card(result, { index, signals, best, open })));
  byId("results").dataset.queryId = answer.query_id;
  byId("legend").replaceChildren(...legend(signals));
  byId("status").replaceChildren(make("strong", {}, number.format(answer.total)),
    `${answer.total === 1 ? " product" : " products"} · ${Math.round(tookMs)} ms`);
  byId("empty").hidden = results.length > 0;

  byId("suggestion").hidden = !answer.did_you_mean;
  byId("suggested").textContent = answer.did_you_mean ?? "";
  byId("degraded").hidden = !answer.degraded;
  byId("degraded").textContent = answer.degraded
    ? `First-stage order: the model did not rank this answer (${answer.degraded.replaceAll("_", " ")}).` : "";

  const pages = Math.ceil(answer.total / SIZE);
  const page = Math.floor(state.from / SIZE) + 1;
  byId("pages").hidden = pages < 2;
  byId("page-number").textContent = `Page ${number.format(page)} of ${number.format(pages)}`;
  byId("previous").disabled = page <= 1;
  byId("next").disabled = page >= pages;

  counted = answer.facets ?? {};
  drawFacets();
}

function drawFacets() {
  const focused = document.activeElement?.matches("#facets input") ? document.activeElement : null;
  byId("facets").replaceChildren(...facetLists(counted, state.chosen, (field, value, on) => {
    const values = (state.chosen[field] ??= new Set());
    on ? values.add(value) : values.delete(value);
    ask();
  }, drawFacets));
  if (focused) {
    const again = [...document.querySelectorAll("#facets input")];
    again.find((box) => box.value === focused.value && box.dataset.field === focused.dataset.field)?.focus({ preventScroll: true });
  }
}

// Puts the state into the controls. While a person types, the control that they use is theirs; when the state comes
// from the address, it is not.
function controls({ all = false } = {}) {
  const put = (id, value) => { if (all || document.activeElement !== byId(id)) byId(id).value = value; };
  put("query", state.query);
  put("sort", state.sort);
  put("price-min", state.low);
  put("price-max", state.high);
  byId("in-stock").checked = state.inStock;
  const active = chips(state);
  byId("chips").replaceChildren(...active.map((chip) =>
    make("button", { type: "button", "aria-label": `Remove filter ${chip.label}`, onclick: () => { take(state, chip); ask(); } }, chip.label)));
  byId("clear").hidden = byId("filter-count").hidden = active.length === 0;
  byId("filter-count").textContent = String(active.length);
}

function showFilters(on) {
  byId("filters").classList.toggle("open", on);
  (on ? byId("filters-close") : byId("filters-open")).focus();
}

function wire() {
  const typed = debounce(TYPING_MS, () => {
    if (byId("query").value === state.query) return;
    state.query = byId("query").value;
    ask({ replace: true });
  });
  byId("query").addEventListener("input", typed);
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    state.query = byId("query").value;
    ask();
  });
  byId("suggested").addEventListener("click", () => {
    state.query = byId("suggested").textContent;
    byId("query").value = state.query;
    ask();
  });
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
  byId("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    keepKey(byId("key-input").value.trim());
    byId("key-input").value = "";
    refresh();
  });
  addEventListener("keydown", (event) => {
    const writing = document.activeElement?.matches("input, select, textarea");
    if (event.key === "/" && !writing && !byId("detail").open) {
      event.preventDefault();
      byId("query").select();
    } else if (event.key === "ArrowDown" && document.activeElement === byId("query")) {
      event.preventDefault();
      document.querySelector(".card")?.focus();
    } else if (event.key === "Escape" && byId("filters").classList.contains("open")) {
      showFilters(false);
    }
  });
  addEventListener("popstate", () => { state = read(); queryId = null; controls({ all: true }); refresh(); });
}

wire();
controls({ all: true });
refresh();
