// Shows how an order changed: cards glide to their new places, and those that moved say by how many.

import { make } from "./dom.js";
import { t } from "./i18n.js";

const GLIDE_MS = 420;
const still = matchMedia("(prefers-reduced-motion: reduce)");

const cards = (list) => [...list.querySelectorAll(".card")];

export const placesOf = (list) => new Map(cards(list).map((card) => [card.dataset.id, card.getBoundingClientRect()]));

export function glide(list, before) {
  if (still.matches) return;
  for (const card of cards(list)) {
    const was = before.get(card.dataset.id);
    const is = card.getBoundingClientRect();
    const frames = was
      ? [{ transform: `translate(${was.left - is.left}px, ${was.top - is.top}px)` }, { transform: "none" }]
      : [{ opacity: 0 }, { opacity: 1 }];
    card.animate(frames, { duration: GLIDE_MS, easing: "cubic-bezier(.2, .7, .2, 1)" });
  }
}

// Marks the cards whose rank differs from `ranks` (id -> rank); returns what moved, the largest step first.
export function mark(list, results, ranks) {
  const moved = [];
  for (const result of results) {
    const was = ranks.get(result.id);
    if (was === undefined || was === result.rank) continue;
    const up = result.rank < was;
    const card = list.querySelector(`[data-id="${CSS.escape(result.id)}"]`);
    card.querySelector(".place").after(make("span", { class: up ? "moved up" : "moved", title: t("moves.was", { was }) },
      `${up ? "▲" : "▼"} ${Math.abs(was - result.rank)}`));
    moved.push({ result, was });
  }
  return moved.sort((a, b) => Math.abs(b.was - b.result.rank) - Math.abs(a.was - a.result.rank));
}
