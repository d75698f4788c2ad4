// Judging: each product of an answer gets a grade from 0 to 3 for what was asked, by click or by the keys 0 to 3.

import { call, Problem } from "./api.js";
import { byId, can, make, meta } from "./dom.js";
import { on } from "./hooks.js";
import { t } from "./i18n.js";

const GRADES = [0, 1, 2, 3];
const index = meta("hybridrank-index");

let judging = false;
let asked = null; // {query, results}
let grades = new Map();

function row(result) {
  const title = result.source.title || result.id;
  return make("div", { class: "grades", role: "group", "aria-label": t("judge.group", { title }), "data-grades": result.id },
    ...GRADES.map((grade) => make("button", {
      type: "button", "data-grade": String(grade), title: t(`judge.${grade}`), "aria-label": `${grade} · ${t(`judge.${grade}`)}`,
      "aria-pressed": String(grades.get(result.id) === grade), onclick: () => judge(result.id, grades.get(result.id) === grade ? null : grade),
    }, String(grade))));
}

function mark() {
  for (const group of document.querySelectorAll("[data-grades]")) {
    const grade = grades.get(group.dataset.grades);
    for (const button of group.children) button.setAttribute("aria-pressed", String(Number(button.dataset.grade) === grade));
  }
  say();
}

function say() {
  const status = byId("judge-status");
  status.hidden = !judging;
  if (!judging) return;
  if (!asked?.query) { status.textContent = t("judge.needs"); return; }
  const count = asked.results.filter((result) => grades.has(result.id)).length;
  status.replaceChildren(t("judge.status", { count, shown: asked.results.length, query: asked.query }), " ",
    make("a", { href: `/tune?${new URLSearchParams({ q: asked.query })}` }, t("judge.tune")));
}

async function judge(id, grade) {
  const { query } = asked;
  try {
    const answer = await call("POST", "/v1/judgments", { body: { index, query, judgments: [{ id, grade }] } });
    if (asked.query !== query) return;
    grades = new Map(answer.judgments.map((one) => [one.id, one.grade]));
    mark();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    byId("judge-status").textContent = error.message;
  }
}

async function draw() {
  for (const old of document.querySelectorAll(".grades")) old.remove();
  byId("results").classList.toggle("judging", judging);
  say();
  if (!judging || !asked?.query) return;
  const { query, results } = asked;
  try {
    const answer = await call("GET", `/v1/judgments?${new URLSearchParams({ index, query })}`);
    if (!judging || asked.query !== query || asked.results !== results) return;
    grades = new Map(answer.judgments.map((one) => [one.id, one.grade]));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    byId("judge-status").textContent = error.message;
    return;
  }
  for (const result of results) {
    document.querySelector(`.card[data-id="${CSS.escape(result.id)}"]`)?.parentElement.append(row(result));
  }
  say();
}

if (can("judge")) {
  byId("judge-open").hidden = false;
  byId("judge-open").addEventListener("click", () => {
    judging = !judging;
    byId("judge-open").setAttribute("aria-pressed", String(judging));
    draw();
  });
  on("results", ({ answer, body }) => {
    asked = { query: body.query?.trim() ?? "", results: answer.results };
    if (judging) draw();
  });
  addEventListener("keydown", (event) => {
    if (!judging || !asked?.query || event.ctrlKey || event.metaKey || event.altKey || !/^[0-3]$/.test(event.key)) return;
    const item = document.activeElement?.closest?.("#results li");
    const card = item?.querySelector(".card");
    if (!card) return;
    event.preventDefault();
    judge(card.dataset.id, Number(event.key));
    item.nextElementSibling?.querySelector(".card")?.focus();
  });
}
