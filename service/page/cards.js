// A result as a card, and as the sheet that opens from it.

import { make } from "./dom.js";
import { language, t } from "./i18n.js";
import { bars, shownOnSheet } from "./signals.js";

const money = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

function price(source) {
  if (typeof source.price !== "number") return "";
  const currency = source.currency || source.attributes?.currency;
  if (typeof currency === "string" && /^[A-Z]{3}$/.test(currency)) {
    return new Intl.NumberFormat(language, { style: "currency", currency }).format(source.price);
  }
  return money.format(source.price);
}

function pictureOf(result, index) {
  const image = Array.isArray(result.source.image) ? result.source.image[0] : result.source.image;
  if (typeof image !== "string" || !image) return null;
  if (/^https?:\/\//i.test(image) || /^data:image\/(png|jpeg|webp|gif);/i.test(image)) return image;
  return `/media/${encodeURIComponent(index)}/${encodeURIComponent(result.id)}`;
}

export function shot(result, index, badge) {
  const frame = make("div", { class: "shot", "aria-hidden": "true" }, (result.source.title || "?").slice(0, 1));
  const address = pictureOf(result, index);
  if (address) {
    frame.append(make("img", { src: address, alt: "", loading: "lazy", decoding: "async", referrerpolicy: "no-referrer",
      onerror: (event) => event.target.remove() }));
  }
  if (badge) frame.append(badge);
  return frame;
}

function stock(source) {
  if (typeof source.in_stock !== "boolean") return null;
  return make("span", { class: source.in_stock ? "stock" : "stock out" }, t(source.in_stock ? "card.in" : "card.out"));
}

export const buy = (source) => make("div", { class: "buy" }, make("span", { class: "cost" }, price(source)), stock(source));
const maker = (source) => [source.brand, source.color].filter((part) => typeof part === "string" && part).join(" · ");

function stars(source) {
  const rating = source.rating ?? source.attributes?.rating;
  if (typeof rating !== "number") return null;
  const count = typeof source.rating_count === "number" ? ` (${source.rating_count})` : "";
  return make("span", { class: "stars", role: "img", "aria-label": t("card.rated", { rating }) }, `${rating.toFixed(1)}${count}`);
}

// The second of the product's clip that fits the question best.
function clip(result) {
  if (typeof result.moment !== "number") return null;
  const seconds = Math.floor(result.moment);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return make("span", { class: "clip", title: t("card.clip", { time }) }, `▶ ${time}`);
}

export function card(result, { index, signals, best, open }) {
  const { source } = result;
  const button = make("button", { type: "button", class: "card", "data-id": result.id, onclick: () => open(result) },
    shot(result, index, make("span", { class: "badges" },
      make("span", { class: "place", title: t("card.score", { score: result.score.toFixed(4) }) }, String(result.rank)),
      result.pinned ? make("span", { class: "pinned", title: t("card.pinned.why") }, t("card.pinned")) : null,
      clip(result))),
    make("div", { class: "words" },
      make("div", { class: "makers" }, make("span", { class: "maker" }, maker(source)), stars(source)),
      make("div", { class: "title" }, source.title || result.id),
      buy(source),
      signals.length ? bars(result, signals, best) : null));
  return make("li", {}, button);
}

function facts(source) {
  const rows = [[t("facet.category"), source.category], [t("facet.brand"), source.brand], [t("facet.color"), source.color], ...Object.entries(source.attributes || {})];
  const list = make("dl", { class: "facts" });
  for (const [name, value] of rows) {
    if (value === undefined || value === null || value === "" || (Array.isArray(value) && !value.length)) continue;
    const text = Array.isArray(value) ? value.join(", ") : typeof value === "object" ? JSON.stringify(value) : String(value);
    list.append(make("dt", {}, name.replaceAll("_", " ")), make("dd", {}, text));
  }
  return list;
}

// `act(action)` is told what the visitor does with the product.
export function sheet(result, { index, best, act }) {
  const { source } = result;
  const signals = shownOnSheet(result);
  return make("div", { class: "sheet", "data-id": result.id },
    shot(result, index, clip(result)),
    make("div", { class: "words" },
      make("div", { class: "makers" }, make("span", { class: "maker" }, t("sheet.place", { rank: result.rank, score: result.score.toFixed(4) })), stars(source)),
      make("h2", { id: "detail-title" }, source.title || result.id),
      buy(source),
      make("div", { class: "acts" },
        make("button", { type: "button", class: "solid", "data-act": "add_to_cart", onclick: () => act("add_to_cart") }, t("sheet.bag")),
        make("button", { type: "button", class: "chip", "data-act": "purchase", onclick: () => act("purchase") }, t("sheet.buy")),
        make("span", { class: "acted", role: "status" })),
      source.description ? make("p", { class: "about" }, source.description) : null,
      facts(source),
      signals.length ? bars(result, signals, best) : null));
}
