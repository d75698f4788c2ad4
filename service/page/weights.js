// A slider per signal, and what the setting is worth on the judged queries.

import { call } from "./api.js";
import { byId, debounce, make, meta } from "./dom.js";
import { t } from "./i18n.js";
import { OF_THE_PRODUCT, SIGNALS } from "./signals.js";

const REACH = 5;
const MOVED_MS = 120;
const AGAIN_MS = 1200;
const index = meta("hybridrank-index");
const weighable = [...SIGNALS.filter(({ name }) => name !== "merchandising"), ...OF_THE_PRODUCT];

const sliders = new Map();
let served = {};
let changed = () => {};
let failed = () => {};
let running = null;
let timer = 0;

export const weights = () => Object.fromEntries([...sliders].map(([name, input]) => [name, Number(input.value)]).filter(([, value]) => value !== 0));

const signed = (value, digits) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;

function show(name) {
  const value = Number(sliders.get(name).value);
  byId(`value-${name}`).textContent = value === 0 ? "0" : signed(value, 1);
}

function put(values) {
  for (const [name, input] of sliders) {
    input.value = String(values[name] ?? 0);
    show(name);
  }
  moved();
}

const moved = debounce(MOVED_MS, () => {
  byId("saved").textContent = "";
  measure();
  changed();
});

const at = (value) => `${(100 * Math.max(0, Math.min(1, value))).toFixed(2)}%`;

function drawScale(now, base) {
  const [span, baseSpan, baseTick, tick] = byId("scale").children;
  for (const [bar, mark, { mean, low, high }] of [[span, tick, now], [baseSpan, baseTick, base]]) {
    bar.style.left = at(low);
    bar.style.width = at(high - low);
    mark.style.left = at(mean);
  }
}

function draw(found) {
  const now = found["ndcg@10"];
  const { served: base, difference, ready, total } = found;
  byId("figures").hidden = byId("scale").hidden = !now;
  if (now) {
    byId("ndcg").textContent = now.mean.toFixed(3);
    byId("ndcg").title = t("tune.measure.range", { low: now.low.toFixed(3), high: now.high.toFixed(3) });
    byId("ndcg-base").textContent = base.mean.toFixed(3);
    drawScale(now, base);
    byId("gain").textContent = t("tune.measure.gain", {
      gain: signed(difference.mean, 3), low: signed(difference.low, 3), high: signed(difference.high, 3),
      better: found.better, worse: found.worse, queries: ready, ms: Math.round(found.took_ms) });
  } else {
    byId("gain").textContent = total === 0 ? t("tune.measure.none") : "";
  }
  const said = [];
  if (found.failed) said.push(t("tune.measure.failed", { reason: found.failed }));
  else if (ready < total) said.push(t("tune.measure.gathering", { ready, total }));
  if (found.pending) said.push(t("tune.measure.pending", { pending: found.pending }));
  byId("progress").textContent = said.join(" · ");
  byId("measure").dataset.ready = String(!found.failed && ready === total && !found.pending);
}

async function measure() {
  clearTimeout(timer);
  running?.abort();
  running = new AbortController();
  const mine = running;
  try {
    const found = await call("POST", "/v1/tuning/weigh", { body: { index, weights: weights() }, signal: mine.signal });
    if (mine !== running) return;
    draw(found);
    if (!found.failed && (found.ready < found.total || found.pending)) timer = setTimeout(measure, AGAIN_MS);
  } catch (error) {
    failed(error);
  }
}

function download() {
  const text = `${JSON.stringify({ weights: weights() }, null, 2)}\n`;
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: "signal-weights.json" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function save() {
  try {
    served = (await call("PUT", "/v1/tuning/weights", { body: { weights: weights() } })).weights;
    byId("saved").textContent = t("tune.weights.saved");
    await measure();
  } catch (error) {
    failed(error);
  }
}

export async function onWeights(run, problem) {
  [changed, failed] = [run, problem];
  try {
    served = (await call("GET", "/v1/tuning/weights")).weights;
  } catch (error) {
    failed(error);
  }
  put(served);
}

for (const { name, label, about } of weighable) {
  const input = make("input", { type: "range", id: `weight-${name}`, min: String(-REACH), max: String(REACH), step: "0.1", "data-signal": name, class: name });
  input.addEventListener("input", () => { show(name); moved(); });
  sliders.set(name, input);
  byId("sliders").append(make("div", { class: "slider" },
    make("label", { for: `weight-${name}`, title: about }, make("span", { class: `dot ${name}` }), label),
    input, make("output", { id: `value-${name}`, for: `weight-${name}` }, "0")));
}
byId("reset").addEventListener("click", () => put({}));
byId("served").addEventListener("click", () => put(served));
byId("export").addEventListener("click", download);
byId("save").addEventListener("click", save);
