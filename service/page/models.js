// The models of this service, and the switch between them.

import { call } from "./api.js";
import { byId, make } from "./dom.js";
import { t } from "./i18n.js";

let changed = () => {};
let failed = () => {};

export function onModels(run, problem) {
  [changed, failed] = [run, problem];
}

function draw({ fixed, models }) {
  byId("models").replaceChildren(...models.map((model) => make("li", { "data-model": model.name, class: model.served ? "is-served" : null },
    make("span", { class: "model-name" }, model.name, model.made ? make("small", {}, model.made) : null),
    model.served ? make("span", { class: "badge" }, t("tune.model.served"))
      : model.fault ? make("span", { class: "fault", title: model.fault }, t("tune.model.fault"))
        : fixed ? null
          : make("button", { type: "button", class: "chip", "aria-label": `${t("tune.model.serve")} ${model.name}`, onclick: () => serve(model.name) }, t("tune.model.serve")))));
  if (fixed) byId("models-said").textContent = t("tune.model.fixed");
}

async function serve(name) {
  try {
    const found = await call("PUT", "/v1/models", { body: { name } });
    draw(found);
    byId("models-said").textContent = t("tune.model.changed", { name });
    changed(found.models, true);
  } catch (error) {
    failed(error);
  }
}

export async function models() {
  try {
    const found = await call("GET", "/v1/models");
    draw(found);
    changed(found.models, false);
  } catch (error) {
    failed(error);
  }
}
