// How the signals of a result are shown: one bar each, the raw number beside it.

import { make } from "./dom.js";
import { t } from "./i18n.js";

const told = (name) => ({ name, label: t(`signal.${name}`), short: t(`signal.${name}.short`), about: t(`signal.${name}.about`) });

// `even` is the value at which a signal says nothing; its bar starts there and goes to either side.
export const SIGNALS = [
  { ...told("bm25"), digits: 1 },
  { ...told("text_vector") },
  { ...told("image_vector") },
  { ...told("behaviour"), even: 0.5, reach: 0.5 },
  { ...told("profile"), even: 0.5, reach: 0.5 },
  { ...told("session"), even: 0.5, reach: 0.5 },
  { ...told("merchandising"), even: 0, reach: 1 },
];

// Known of nearly every product, and told on its sheet only.
export const OF_THE_PRODUCT = [
  { ...told("price") },
  { ...told("popularity") },
  { ...told("recency") },
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
    const tip = missing ? t("signal.unknown", { about }) : `${about}: ${value.toFixed(4)}`;
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
