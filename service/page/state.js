// What the person asked for. It lives in the address, so a page can be shared and "back" works.

import { FACETS } from "./facets.js";
import { t } from "./i18n.js";

export const SIZE = 24;

export function empty() {
  return { query: "", sort: "", from: 0, inStock: false, low: "", high: "", chosen: {} };
}

export function read() {
  const given = new URLSearchParams(location.search);
  const state = empty();
  state.query = given.get("q") ?? "";
  state.sort = given.get("sort") ?? "";
  state.from = Math.max(0, Number.parseInt(given.get("from") ?? "0", 10) || 0);
  state.inStock = given.get("in_stock") === "1";
  state.low = given.get("low") ?? "";
  state.high = given.get("high") ?? "";
  for (const { field } of FACETS) {
    const values = given.getAll(field);
    if (values.length) state.chosen[field] = new Set(values);
  }
  return state;
}

export function write(state, replace) {
  const given = new URLSearchParams();
  if (state.query) given.set("q", state.query);
  if (state.sort) given.set("sort", state.sort);
  if (state.from) given.set("from", String(state.from));
  if (state.inStock) given.set("in_stock", "1");
  if (state.low) given.set("low", state.low);
  if (state.high) given.set("high", state.high);
  for (const [field, values] of Object.entries(state.chosen)) for (const value of values) given.append(field, value);
  const address = given.size ? `?${given}` : location.pathname;
  history[replace ? "replaceState" : "pushState"](null, "", address);
}

const number = (text) => (text !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined);

export function body(state, index, queryId) {
  const filters = {};
  for (const [field, values] of Object.entries(state.chosen)) if (values.size) filters[field] = [...values];
  if (state.inStock) filters.in_stock = true;
  const gte = number(state.low);
  const lte = number(state.high);
  if (gte !== undefined || lte !== undefined) filters.price = { ...(gte !== undefined && { gte }), ...(lte !== undefined && { lte }) };
  return {
    index, size: SIZE, from: state.from, facets: FACETS.map(({ field }) => field),
    ...(state.query.trim() && { query: state.query.trim() }),
    ...(state.sort && { sort: state.sort }),
    ...(Object.keys(filters).length && { filters }),
    ...(queryId && { query_id: queryId }),
  };
}

export function chips(state) {
  const list = [];
  for (const [field, values] of Object.entries(state.chosen)) for (const value of values) list.push({ label: value, field, value });
  if (state.inStock) list.push({ label: t("card.in"), field: "in_stock" });
  if (state.low !== "" || state.high !== "") list.push({ label: t("filters.priced", { low: state.low || "0", high: state.high || t("filters.any") }), field: "price" });
  return list;
}

export function take(state, { field, value }) {
  if (field === "in_stock") state.inStock = false;
  else if (field === "price") state.low = state.high = "";
  else state.chosen[field]?.delete(value);
}
