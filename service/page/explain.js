// Why a product stands where it does: on its sheet, asked for when it is opened.

import { call, Problem } from "./api.js";
import { can, make } from "./dom.js";
import { on } from "./hooks.js";

const WORDS = {
  en: {
    title: "Why is it here?", wait: "Looking into it…", start: "Where everything starts", sum: "Together",
    up: "raises it by", down: "lowers it by", score: "score", query: "What you typed", name: "Its title",
    swap: "What would swap it with its neighbour", none: "Nothing small would: more clicks, a lower price or a shorter search do not do it.",
    late: "Nothing was found in the time there was.", unit: "Bars are in logits: the score is their sum on an S-shaped scale of 0 to 1.",
    shares: "Bars are parts of the score, 0 to 1.", added: "The shop adds", words: "Words that speak for it are green, those against it red.",
  },
  zh: {
    title: "为什么排在这里?", wait: "正在分析…", start: "共同起点", sum: "合计",
    up: "提升", down: "降低", score: "分数", query: "您输入的词", name: "商品标题",
    swap: "怎样才会与相邻商品交换位置", none: "小的改变都不够:更多点击、更低价格或更短的搜索都不行。",
    late: "在限定时间内没有找到。", unit: "条形单位为 logit:其总和经 S 形曲线换算为 0 到 1 的分数。",
    shares: "条形为分数的组成部分(0 到 1)。", added: "商家增加", words: "绿色的词支持它,红色的词不支持它。",
  },
};
// Who opens the panel waits a moment longer for what would swap two products than a program does.
const LIMIT_MS = 1000;
const language = () => (document.documentElement.lang.startsWith("zh") ? "zh" : "en");

let asked = null;

// A waterfall: each bar begins where the one before it ended.
function waterfall(answer, say) {
  const steps = [];
  let at = answer.base;
  for (const part of answer.contributions) {
    steps.push({ label: part.label, name: part.name, from: at, to: at + part.value, value: part.value });
    at += part.value;
  }
  const ends = [answer.base, ...steps.map((step) => step.to)];
  const low = Math.min(...ends), span = Math.max(...ends) - low || 1;
  const row = (label, from, to, text, kind, name) => {
    const bar = make("i", { class: kind });
    bar.style.marginLeft = `${(100 * (Math.min(from, to) - low)) / span}%`;
    bar.style.width = `max(2px, ${(100 * Math.abs(to - from)) / span}%)`;
    return make("li", { "data-part": name, class: kind === "mark" ? "end" : null },
      make("span", { class: "part" }, label), make("span", { class: "fall", "aria-hidden": "true" }, bar), make("span", { class: "value" }, text));
  };
  const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
  return make("ol", { class: "waterfall" },
    row(say.start, answer.base, answer.base, answer.base.toFixed(2).replace("-", "−"), "mark", "base"),
    ...steps.map(({ label, name, from, to, value }) => row(label, from, to, signed(value), value > 0 ? "up" : "down", name)),
    row(`${say.sum} · ${say.score} ${answer.score.toFixed(3)}`, at, at, at.toFixed(2).replace("-", "−"), "mark", "sum"));
}

// A text with its words washed in green or red, the stronger the more they matter.
function marked(text, words, largest) {
  const line = make("span", { class: "marked" });
  let last = 0;
  for (const { start, end, value } of words) {
    line.append(text.slice(last, start));
    const share = Math.abs(value) / largest;
    if (share < 0.05) line.append(text.slice(start, end));
    else {
      const word = make("mark", { class: value > 0 ? "up" : "down", title: `${value > 0 ? "+" : "−"}${Math.abs(value).toFixed(2)}` }, text.slice(start, end));
      word.style.setProperty("--share", `${Math.round(15 + 45 * share)}%`);
      line.append(word);
    }
    last = end;
  }
  line.append(text.slice(last));
  return line;
}

function drawn(answer, query, say) {
  const parts = [make("ul", { class: "sentences" }, ...answer.why.map((sentence) => make("li", {}, sentence)))];
  if (answer.unit) {
    parts.push(waterfall(answer, say), make("p", { class: "small" }, answer.unit === "logit" ? say.unit : say.shares));
  }
  const { words, swap } = answer;
  if (words) {
    const largest = Math.max(1e-9, ...[...words.query, ...words.title].map(({ value }) => Math.abs(value)));
    parts.push(
      make("dl", { class: "why-words" },
        make("dt", {}, say.query), make("dd", {}, marked(query, words.query, largest)),
        make("dt", {}, say.name), make("dd", {}, marked(words.title_text, words.title, largest))),
      make("p", { class: "small" }, say.words));
  }
  if (swap) {
    const changes = swap.changes.map(({ text }) => make("li", {}, text));
    parts.push(make("h4", {}, say.swap),
      changes.length ? make("ul", { class: "changes" }, ...changes) : make("p", { class: "small" }, swap.complete ? say.none : say.late));
  }
  return parts;
}

async function explain(place, body) {
  const say = WORDS[language()];
  place.replaceChildren(make("p", { class: "small", role: "status" }, say.wait));
  try {
    const answer = await call("POST", "/v1/explain", { body: { ...body, language: language(), limit_ms: LIMIT_MS } });
    place.replaceChildren(...drawn(answer, answer.kind === "search" ? (body.query ?? "").trim().replace(/\s+/g, " ") : "", say));
    place.dataset.done = "true";
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    place.replaceChildren(make("p", { class: "small", role: "alert" }, error.message));
  }
}

if (can("explain")) {
  on("results", ({ answer, body }) => {
    const ids = new Set(answer.results.map((result) => result.id));
    asked = { ids, body, query_id: answer.query_id };
  });

  on("item", ({ result, place }) => {
    if (!asked?.ids.has(result.id) || asked.body.sort || !(asked.body.query?.trim() || asked.body.image)) return;
    const { query, image, index, filters } = asked.body;
    const body = { id: result.id, query, image, index, filters, query_id: asked.query_id };
    const inside = make("div", { class: "why-body" });
    const box = make("details", { class: "why-here", ontoggle: () => { if (box.open && !inside.hasChildNodes()) explain(inside, body); } },
      make("summary", {}, WORDS[language()].title), inside);
    place.before(box);
  });
}
