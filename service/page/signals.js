// How the signals of a result are shown: one bar each, the raw number beside it.

import { make } from "./dom.js";

export const SIGNALS = [
  { name: "bm25", label: "Words", short: "BM25", about: "How well the words match (BM25)" },
  { name: "text_vector", label: "Meaning", short: "text vectors", about: "How near the text is in meaning (cosine of text vectors)" },
  { name: "image_vector", label: "Picture", short: "image vectors", about: "How near the picture is to the query (cosine)" },
  { name: "behaviour", label: "Shoppers", short: "behaviour", about: "What shoppers did with it (smoothed rate)" },
];

const known = (results, name) => results.some((result) => result.signals[name] !== undefined);

export const shown = (results) => SIGNALS.filter((signal) => known(results, signal.name));

// Bars of one page share a scale: 0 to the page's best. Cosines below 0 have an empty bar.
export function scaleOf(results) {
  const best = {};
  for (const { name } of SIGNALS) {
    best[name] = Math.max(1e-9, ...results.map((result) => result.signals[name] ?? 0));
  }
  return best;
}

export function bars(result, signals, best) {
  const list = make("dl", { class: "signals" });
  for (const { name, label, about } of signals) {
    const value = result.signals[name];
    const missing = value === undefined;
    const text = missing ? "–" : value.toFixed(name === "bm25" ? 1 : 2);
    const share = missing ? 0 : Math.max(0, Math.min(1, value / best[name]));
    const fill = make("i");
    fill.style.width = `${(share * 100).toFixed(1)}%`;
    const tip = missing ? `${about}: not known for this product` : `${about}: ${value.toFixed(4)}`;
    const state = `${name}${missing ? " unknown" : ""}`;
    list.append(
      make("dt", { title: tip }, label),
      make("dd", { class: state, title: tip, "data-signal": name }, make("div", { class: "meter" }, fill)),
      make("dd", { class: "value", title: tip }, text),
    );
  }
  return list;
}

export function legend(signals) {
  return signals.map(({ name, label, short, about }) =>
    make("li", { title: about }, make("span", { class: `dot ${name}` }), label, make("small", {}, short)));
}
