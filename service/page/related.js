// Searches to go on with, below the results.

import { call, Problem } from "./api.js";
import { byId, can, debounce, make, meta } from "./dom.js";
import { on } from "./hooks.js";
import { reasonWords, t } from "./i18n.js";

const SIZE = 6;
const SETTLED_MS = 700;
const index = meta("hybridrank-index");

if (can("related")) {
  const place = make("nav", { class: "related", "aria-label": t("related") });
  byId("strip").before(place);
  let running = null;

  const ask = debounce(SETTLED_MS, async (query) => {
    running?.abort();
    running = new AbortController();
    try {
      const answer = await call("GET", `/v1/related?${new URLSearchParams({ query, index, size: String(SIZE) })}`, { signal: running.signal });
      const head = answer.queries.length ? [make("span", { class: "related-head", "aria-hidden": "true" }, t("related"))] : [];
      place.replaceChildren(...head, ...answer.queries.map(({ text, reason }) =>
        make("a", { class: "chip", href: `/?${new URLSearchParams({ q: text })}`, title: reasonWords(reason) }, text)));
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof Problem)) throw error;
      place.replaceChildren();
    }
  });

  on("results", ({ body }) => {
    if (body.query?.trim()) ask(body.query);
    else place.replaceChildren();
  });
}
