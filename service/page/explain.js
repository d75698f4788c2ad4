// Why a product stands where it does: on its sheet, asked for when it is opened.

import { call, Problem } from "./api.js";
import { can, make } from "./dom.js";
import { on } from "./hooks.js";
import { language, t } from "./i18n.js";

// The panel opens as soon as it can; what would swap two products may be sought for longer while it is read.
const SOUGHT_MS = 4000;

let asked = null;

// A waterfall: each bar begins where the one before it ended.
function waterfall(answer) {
  const steps = [];
  let at = answer.base;
  for (const part of answer.contributions) {
    steps.push({ label: part.label, name: part.name, from: at, to: at + part.value, value: part.value });
    at += part.value;
  }
  const ends = [answer.base, ...steps.map((step) => step.to)];
  const low = Math.min(...ends), span = Math.max(...ends) - low || 1;
  const row = (label, from, to, text, kind, name) => {
    const bar = make("i", { class: kind });
    bar.style.marginLeft = `min(${(100 * (Math.min(from, to) - low)) / span}%, 100% - 2px)`;  // the mark at the right end too
    bar.style.width = `max(2px, ${(100 * Math.abs(to - from)) / span}%)`;
    return make("li", { "data-part": name, class: kind === "mark" ? "end" : null },
      make("span", { class: "part" }, label), make("span", { class: "fall", "aria-hidden": "true" }, bar), make("span", { class: "value" }, text));
  };
  const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
  return make("ol", { class: "waterfall" },
    row(t("why.start"), answer.base, answer.base, answer.base.toFixed(2).replace("-", "−"), "mark", "base"),
    ...steps.map(({ label, name, from, to, value }) => row(label, from, to, signed(value), value > 0 ? "up" : "down", name)),
    row(`${t("why.sum")} · ${t("why.score")} ${answer.score.toFixed(3)}`, at, at, at.toFixed(2).replace("-", "−"), "mark", "sum"));
}

// A text with its words washed in green or red, the stronger the more they matter.
function marked(text, words, largest) {
  const line = make("span", { class: "marked" });
  let last = 0;
  for (const { start, end, value } of words) {
    line.append(text.slice(last, start));
    const share = Math.abs(value) / largest;
    if (share < 0.05) line.append(text.slice(start, end));
    else {
      const word = make("mark", { class: value > 0 ? "up" : "down", title: `${value > 0 ? "+" : "−"}${Math.abs(value).toFixed(2)}` }, text.slice(start, end));
      word.style.setProperty("--share", `${Math.round(15 + 45 * share)}%`);
      line.append(word);
    }
    last = end;
  }
  line.append(text.slice(last));
  return line;
}

function drawn(answer) {
  const parts = [make("ul", { class: "sentences" }, ...answer.why.map((sentence) => make("li", {}, sentence)))];
  if (answer.unit) {
    parts.push(waterfall(answer), make("p", { class: "small" }, answer.unit === "logit" ? t("why.unit") : t("why.shares")));
  }
  const { words, swap } = answer;
  if (words) {
    const largest = Math.max(1e-9, ...[...words.query, ...words.title].map(({ value }) => Math.abs(value)));
    parts.push(
      make("dl", { class: "why-words" },
        make("dt", {}, t(answer.kind === "recommend" ? "why.viewed" : "why.query")), make("dd", {}, marked(words.query_text, words.query, largest)),
        make("dt", {}, t("why.name")), make("dd", {}, marked(words.title_text, words.title, largest))),
      make("p", { class: "small" }, t("why.words")));
  }
  if (swap) parts.push(make("h3", {}, t("why.swap")), changesOf(swap, "why.seeking"));
  return parts;
}

// What would swap it with its neighbour; `late` is said where there was no time to find anything.
function changesOf({ changes, complete }, late) {
  if (!changes.length) return make("p", { class: "small swaps", role: "status" }, t(complete ? "why.none" : late));
  return make("ul", { class: "swaps changes" }, ...changes.map(({ text }) => make("li", {}, text)));
}

// Seeks once more, for longer, and without the words that are there already.
async function seek(place, first, ask) {
  const { swap } = await ask({ passes: 0, limit_ms: SOUGHT_MS }).catch((error) => {
    if (error instanceof Problem) return { swap: first };
    throw error;
  });
  if (swap) place.querySelector(".swaps").replaceWith(changesOf(swap, "why.late"));
}

async function explain(place, body) {
  place.replaceChildren(make("p", { class: "small", role: "status" }, t("why.wait")));
  try {
    const ask = (more) => call("POST", "/v1/explain", { body: { ...body, language, ...more } });
    const answer = await ask({});
    place.replaceChildren(...drawn(answer));
    if (answer.swap && !answer.swap.complete) await seek(place, answer.swap, ask);
    place.dataset.done = "true";
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    place.replaceChildren(make("p", { class: "small", role: "alert" }, error.message));
  }
}

// What is asked of a product that a list of results holds, or that stands beside another one; null where nothing ranked it.
function question(result, beside) {
  if (beside) return { id: result.id, kind: "recommend", item: beside.item, index: beside.index };
  if (!asked?.ids.has(result.id) || asked.body.sort || !(asked.body.query?.trim() || asked.body.image)) return null;
  const { query, image, index, filters } = asked.body;
  return { id: result.id, query, image, index, filters, query_id: asked.query_id };
}

if (can("explain")) {
  on("results", ({ answer, body }) => {
    const ids = new Set(answer.results.map((result) => result.id));
    asked = { ids, body, query_id: answer.query_id };
  });

  on("item", ({ result, place, beside }) => {
    const body = question(result, beside);
    if (!body) return;
    const inside = make("div", { class: "why-body" });
    const box = make("details", { class: "why-here", ontoggle: () => { if (box.open && !inside.hasChildNodes()) explain(inside, body); } },
      make("summary", {}, t("why.title")), inside);
    place.before(box);
  });
}
