// Draws one answer: cards, legend, counts, pages, what was degraded, what was probably meant.

import { card } from "./cards.js";
import { byId, make } from "./dom.js";
import { known, language, t } from "./i18n.js";
import { legend, scaleOf, shown } from "./signals.js";
import { SIZE } from "./state.js";

const number = new Intl.NumberFormat(language);

function lacking(part) {
  const key = `degraded.${part}`;
  return known(key) ? t(key) : t("degraded.other", { part: part.replaceAll("_", " ") });
}

export function clear() {
  byId("results").replaceChildren();
  byId("legend").replaceChildren();
  byId("status").textContent = "";
  for (const id of ["empty", "pages", "suggestion", "degraded", "moves"]) byId(id).hidden = true;
}

export function draw(answer, { index, from, tookMs, open }) {
  const { results, degraded } = answer;
  const signals = shown(results);
  const best = scaleOf(results);
  byId("results").replaceChildren(...results.map((result) => card(result, { index, signals, best, open: () => open(result, best) })));
  byId("results").dataset.queryId = answer.query_id;
  byId("legend").replaceChildren(...legend(signals));
  byId("status").replaceChildren(make("strong", {}, number.format(answer.total)),
    t(answer.total === 1 ? "results.one" : "results.many", { ms: number.format(Math.round(tookMs)) }));
  byId("empty").hidden = results.length > 0;

  byId("suggestion").hidden = !answer.did_you_mean;
  byId("suggested").textContent = answer.did_you_mean ?? "";
  byId("degraded").hidden = !degraded;
  byId("degraded").textContent = degraded ? lacking(degraded) : "";

  const pages = Math.ceil(answer.total / SIZE);
  const page = Math.floor(from / SIZE) + 1;
  byId("pages").hidden = pages < 2;
  byId("page-number").textContent = t("pages.at", { page: number.format(page), pages: number.format(pages) });
  byId("previous").disabled = page <= 1;
  byId("next").disabled = page >= pages;
}
