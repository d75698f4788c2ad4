// How the signals of a result are shown: one bar each, the raw number beside it.

import { make } from "./dom.js";

// `even` is the value at which a signal says nothing; its bar starts there and goes to either side.
export const SIGNALS = [
  { name: "bm25", label: "Words", short: "BM25", about: "How well the words match (BM25)", digits: 1 },
  { name: "text_vector", label: "Meaning", short: "text vectors", about: "How near the text is in meaning (cosine of text vectors)" },
  { name: "image_vector", label: "Picture", short: "image vectors", about: "How near the picture is to the query (cosine)" },
  { name: "behaviour", label: "Shoppers", short: "behaviour", about: "What shoppers did with it (smoothed rate, 0.5 is the mean)", even: 0.5, reach: 0.5 },
  { name: "profile", label: "For you", short: "your profile", about: "How near it is to what you like (0.5 says nothing)", even: 0.5, reach: 0.5 },
  { name: "session", label: "This visit", short: "this visit", about: "How near it is to what you looked at just now (0.5 says nothing)", even: 0.5, reach: 0.5 },
  { name: "merchandising", label: "The shop", short: "boosts", about: "What the shop adds to its score", even: 0, reach: 1 },
];

// Known of nearly every product, and told on its sheet only.
const OF_THE_PRODUCT = [
  { name: "price", label: "Price", about: "Its price against the others' (as the model reads it)" },
  { name: "popularity", label: "Popular", about: "How many have rated it (as the model reads it)" },
  { name: "recency", label: "New", about: "How new it is (as the model reads it)" },
];

const known = (results, name) => results.some((result) => result.signals[name] !== undefined);

export const shown = (results) => SIGNALS.filter((signal) => known(results, signal.name));

export const shownOnSheet = (result) => [...SIGNALS, ...OF_THE_PRODUCT].filter((signal) => known([result], signal.name));

// Bars of one page share a scale: 0 to the page's best. Cosines below 0 have an empty bar.
export function scaleOf(results) {
  const best = {};
  for (const { name } of [...SIGNALS, ...OF_THE_PRODUCT]) {
    best[name] = Math.max(1e-9, ...results.map((result) => result.signals[name] ?? 0));
  }
  return best;
}

function meter({ name, even, reach }, value, best) {
  const fill = make("i");
  if (even === undefined) {
    fill.style.width = `${(100 * Math.max(0, Math.min(1, (value ?? 0) / best[name]))).toFixed(1)}%`;
    return make("div", { class: "meter" }, fill);
  }
  const share = value === undefined ? 0 : Math.max(-1, Math.min(1, (value - even) / reach));
  fill.style.width = `${(50 * Math.abs(share)).toFixed(1)}%`;
  fill.style.marginLeft = `${(share < 0 ? 50 * (1 + share) : 50).toFixed(1)}%`;
  return make("div", { class: share < 0 ? "meter even less" : "meter even" }, fill);
}

export function bars(result, signals, best) {
  const list = make("dl", { class: "signals" });
  for (const signal of signals) {
    const { name, label, about, digits = 2 } = signal;
    const value = result.signals[name];
    const missing = value === undefined;
    const tip = missing ? `${about}: not known for this product` : `${about}: ${value.toFixed(4)}`;
    list.append(
      make("dt", { title: tip }, label),
      make("dd", { class: `${name}${missing ? " unknown" : ""}`, title: tip, "data-signal": name }, meter(signal, value, best)),
      make("dd", { class: "value", title: tip }, missing ? "–" : value.toFixed(digits)),
    );
  }
  return list;
}

export function legend(signals) {
  return signals.map(({ name, label, short, about }) =>
    make("li", { title: about }, make("span", { class: `dot ${name}` }), label, make("small", {}, short)));
}
