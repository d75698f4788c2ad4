// The visit: who one is, and each event that was sent, newest first.

import { call, Problem } from "./api.js";
import { byId, can, make } from "./dom.js";
import { log } from "./events.js";
import { on, tell } from "./hooks.js";
import { known, language, t } from "./i18n.js";

const SHOWN = 60;
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

function line({ event, title, status, reason }) {
  const place = event.event_attributes.position?.ordinal;
  return make("li", { class: `event ${event.action_name} ${status}`, "data-action": event.action_name, "data-status": status },
    make("span", { class: "what" }, known(`visit.${event.action_name}`) ? t(`visit.${event.action_name}`) : event.action_name),
    make("span", { class: "which", title }, title),
    make("span", { class: "when" }, `${clock.format(new Date(event.timestamp))}${place ? ` · ${t("visit.place", { place })}` : ""} · ${reason ?? t(`visit.${status}`)}`));
}

function draw() {
  const acts = log.filter((entry) => entry.event.action_name !== "impression").length;
  byId("session-count").textContent = String(acts);
  byId("session-count").hidden = acts === 0;
  if (!byId("drawer").classList.contains("open")) return;
  byId("events").replaceChildren(...log.slice(-SHOWN).reverse().map(line));
  byId("events-none").hidden = log.length > 0;
  byId("events-summary").textContent = t("visit.summary", { count: log.length, acts });
}

export function showDrawer(on_) {
  byId("drawer").classList.toggle("open", on_);
  byId("drawer").inert = !on_;
  byId("session-open").setAttribute("aria-expanded", String(on_));
  draw();
  (on_ ? byId("drawer-close") : byId("session-open")).focus();
}

function drawShoppers({ shoppers, current }) {
  const choice = (name, label) => make("button", {
    type: "button", role: "radio", "aria-checked": String((current ?? null) === name), "data-shopper": name ?? "",
    onclick: () => become(name),
  }, label);
  byId("shoppers").replaceChildren(choice(null, t("visit.nobody")), ...shoppers.map((name) => choice(name, name)));
  byId("who").textContent = current ?? "";
  byId("who").hidden = !current;
}

async function become(name) {
  try {
    const answer = name === null ? await call("DELETE", "/demo/shopper") : await call("PUT", "/demo/shopper", { body: { name } });
    drawShoppers(answer);
    byId("shoppers").querySelector("[aria-checked=true]").focus();
    tell("who", { name });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    byId("shoppers-problem").textContent = error.message;
  }
}

async function shoppers() {
  byId("who-box").hidden = !can("shopper");
  if (!can("shopper")) return;
  try {
    drawShoppers(await call("GET", "/demo/shopper"));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    byId("who-box").hidden = true;
  }
}

export function drawer() {
  byId("drawer").inert = true;
  byId("session-open").addEventListener("click", () => showDrawer(!byId("drawer").classList.contains("open")));
  byId("drawer-close").addEventListener("click", () => showDrawer(false));
  byId("drawer").addEventListener("keydown", (event) => {
    if (event.key === "Escape") showDrawer(false);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step || event.target.getAttribute("role") !== "radio") return;
    event.preventDefault();
    const all = [...byId("shoppers").children];
    all[(all.indexOf(event.target) + step + all.length) % all.length].focus();
  });
  on("log", draw);
  draw();
  shoppers();
}
