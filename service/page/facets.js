// The value lists beside the results: what is counted, what is ticked.

import { make } from "./dom.js";
import { t } from "./i18n.js";

export const FACETS = [
  { field: "category", label: t("facet.category") },
  { field: "brand", label: t("facet.brand") },
  { field: "color", label: t("facet.color") },
];

const FEW = 8;
const unfolded = new Set();

// Ticked values that no longer occur stay visible, or one could not take them away.
function withTicked(values, ticked) {
  const present = new Set(values.map((entry) => String(entry.value)));
  return [...values, ...[...ticked].filter((value) => !present.has(value)).map((value) => ({ value, count: 0 }))];
}

export function facetLists(counted, chosen, changed, redraw) {
  return FACETS.map(({ field, label }) => {
    const ticked = chosen[field] ?? new Set();
    const values = withTicked(counted?.[field]?.values ?? [], ticked);
    if (!values.length) return null;
    const all = unfolded.has(field);
    const list = make("ul");
    for (const entry of all ? values : values.slice(0, Math.max(FEW, ticked.size))) {
      const value = String(entry.value);
      const box = make("input", { type: "checkbox", value, "data-field": field, onchange: (event) => changed(field, value, event.target.checked) });
      box.checked = ticked.has(value);
      list.append(make("li", {}, make("label", {}, box,
        make("span", { class: "name", title: value }, value), make("span", { class: "count" }, String(entry.count)))));
    }
    const more = values.length > FEW
      ? make("button", { type: "button", class: "link", onclick: () => { all ? unfolded.delete(field) : unfolded.add(field); redraw(); } },
        all ? t("facet.fewer") : t("facet.all", { count: values.length }))
      : null;
    return make("section", { class: "facet", "data-facet": field }, make("h3", {}, label), list, more);
  }).filter(Boolean);
}
