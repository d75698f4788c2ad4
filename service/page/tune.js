// The desk on which a ranking is understood and tuned: two systems side by side, a blind test of both, weights, models.

import { call, keepKey, Problem } from "./api.js";
import { buy, shot } from "./cards.js";
import { byId, make, meta } from "./dom.js";
import { t } from "./i18n.js";
import { models, onModels } from "./models.js";
import { weights, onWeights } from "./weights.js";

const SIZE = 10;
const SYSTEMS = ["bm25", "text_vector", "hybrid", "rrf", "ranked", "personal", "weighted"];
const PREFIX = "model:";
const index = meta("hybridrank-index");

const nameOf = (system) => (system.startsWith(PREFIX) ? t("system.model", { name: system.slice(PREFIX.length) }) : t(`system.${system}`));

function choices(found) {
  const all = [...SYSTEMS, ...found.filter((model) => !model.fault).map((model) => PREFIX + model.name)];
  for (const id of ["a", "b"]) {
    const chosen = byId(id).value || new URLSearchParams(location.search).get(id) || { a: "hybrid", b: "weighted" }[id];
    byId(id).replaceChildren(...all.map((system) => make("option", { value: system }, nameOf(system))));
    byId(id).value = all.includes(chosen) ? chosen : all[0];
  }
}

const asked = () => ({ query: byId("query").value.trim(), systems: [byId("a").value, byId("b").value], index, size: SIZE, weights: weights() });

function failed(error) {
  if (error.name === "AbortError") return;
  if (!(error instanceof Problem)) throw error;
  byId("key").hidden = error.status !== 401;
  byId("problem").hidden = error.status === 401;
  byId("problem").textContent = error.message;
}

// What became of a product on the other side.
function step(result, other) {
  const there = other.get(result.id);
  if (there === undefined) return { kind: "new", text: t("tune.new") };
  const steps = there - result.rank;
  if (steps === 0) return { kind: "same", text: t("tune.same") };
  return { kind: steps > 0 ? "up" : "down", text: t(steps > 0 ? "tune.up" : "tune.down", { steps: Math.abs(steps) }) };
}

function line(result, note) {
  return [
    make("span", { class: "rank" }, String(result.rank)), shot(result, index),
    make("span", { class: "named" }, make("span", { class: "title" }, result.source.title || result.id), buy(result.source)),
    make("span", { class: "notes" }, result.grade === undefined ? null : make("span", { class: `grade g${result.grade}` }, t("tune.grade", { grade: result.grade })), note),
  ];
}

function column(answer, other, which) {
  const places = new Map(other.results.map((result) => [result.id, result.rank]));
  const value = answer["ndcg@10"];
  return make("section", { class: "column", "aria-label": nameOf(answer.system), "data-side": which },
    make("h3", {}, nameOf(answer.system), make("small", {}, value === undefined ? t("tune.unjudged") : t("tune.ndcg", { value: value.toFixed(3) }))),
    answer.results.length ? make("ol", { class: "lines" }, ...answer.results.map((result) => {
      const { kind, text } = step(result, places);
      return make("li", { class: kind, "data-id": result.id, "data-moved": kind }, ...line(result, make("span", { class: "step" }, text)));
    })) : make("p", { class: "small" }, t("tune.empty")));
}

let running = null;

async function compare() {
  const body = asked();
  if (!body.query) return;
  running?.abort();
  running = new AbortController();
  const mine = running;
  byId("pair").classList.add("busy");
  try {
    const { answers: [left, right] } = await call("POST", "/v1/tuning/compare", { body, signal: mine.signal });
    if (mine !== running) return;
    byId("problem").hidden = byId("key").hidden = true;
    byId("pair").replaceChildren(column(left, right, "a"), column(right, left, "b"));
    byId("pair").dataset.query = body.query;
    const other = new Map(right.results.map((result) => [result.id, result.rank]));
    const same = left.results.filter((result) => other.get(result.id) === result.rank).length;
    const only = left.results.filter((result) => !other.has(result.id)).length;
    byId("differ").textContent = t("tune.differ", { same, only, count: left.results.length });
  } catch (error) {
    failed(error);
  } finally {
    if (mine === running) byId("pair").classList.remove("busy");
  }
}

const percent = (value) => `${(100 * value).toFixed(0)} %`;

async function standing() {
  const query = new URLSearchParams({ a: byId("a").value, b: byId("b").value, index });
  try {
    const { a, b, ties, pages, preference } = await call("GET", `/v1/tuning/duel?${query}`);
    byId("duel").textContent = preference
      ? `${t("tune.blind.result", { a, b, ties, pages })} ${t("tune.blind.share", { mean: percent(preference.mean), low: percent(preference.low), high: percent(preference.high) })}`
      : t("tune.blind.none", { pages });
  } catch (error) {
    failed(error);
  }
}

async function deal() {
  const body = asked();
  if (!body.query) { byId("query").focus(); return; }
  try {
    const page = await call("POST", "/v1/tuning/pages", { body });
    byId("dealt").replaceChildren(...page.results.map((result) => {
      const said = make("span", { class: "step", role: "status" });
      const press = make("button", { type: "button", "data-id": result.id, onclick: async () => {
        try {
          await call("POST", "/v1/tuning/pages/click", { body: { page_id: page.page_id, id: result.id, index } });
          press.classList.add("clicked");
          said.textContent = t("tune.blind.clicked");
          await standing();
        } catch (error) { failed(error); }
      } }, ...line(result, said));
      return make("li", {}, press);
    }));
    await standing();
  } catch (error) {
    failed(error);
  }
}

function remember() {
  const { query, systems: [a, b] } = asked();
  history.replaceState(null, "", `?${new URLSearchParams({ q: query, a, b })}`);
}

function ask() {
  remember();
  byId("dealt").replaceChildren();
  compare();
  standing();
}

byId("form").addEventListener("submit", (event) => { event.preventDefault(); ask(); });
for (const id of ["a", "b"]) byId(id).addEventListener("change", ask);
byId("deal").addEventListener("click", deal);
byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  keepKey(byId("key-input").value.trim());
  byId("key-input").value = "";
  location.reload();
});
onWeights(() => { if ([byId("a").value, byId("b").value].includes("weighted")) compare(); }, failed);
onModels((found, changed) => { choices(found); if (changed) ask(); }, failed);
byId("query").value = new URLSearchParams(location.search).get("q") ?? "";
choices([]);
await models();
if (byId("query").value) ask();
