// Suggestions below the search box, as an ARIA combobox. Where the service has none, nothing of this shows.

import { Problem, suggest } from "./api.js";
import { byId, can, debounce, make } from "./dom.js";
import { reasonWords, t } from "./i18n.js";

const SIZE = 8;
const TYPING_MS = 90;

export function suggestions({ index, choose }) {
  const input = byId("query");
  const list = byId("suggestions");
  let shown = [];
  let active = -1;
  let running = null;

  const isOpen = () => !list.hidden;

  function close() {
    later.cancel();
    running?.abort();
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(place) {
    active = place;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === place)));
    if (place < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", list.children[place].id);
  }

  function take(place) {
    const { text } = shown[place];
    input.value = text;
    close();
    choose(text);
  }

  // What was typed stays light, what would be added is strong.
  function worded(text, typed) {
    const at = text.toLowerCase().startsWith(typed.toLowerCase()) ? typed.length : 0;
    return make("span", { class: "words-of" }, text.slice(0, at), make("b", {}, text.slice(at)));
  }

  function draw(typed) {
    list.replaceChildren(...shown.map(({ text, reason }, place) => make("li", {
      id: `suggestion-${place}`, role: "option", "aria-selected": "false",
      onmousedown: (event) => { event.preventDefault(); take(place); },
    }, worded(text, typed), reason ? make("small", {}, reasonWords(reason)) : null)));
    list.hidden = shown.length === 0;
    active = -1;
    input.setAttribute("aria-expanded", String(shown.length > 0));
  }

  const later = debounce(TYPING_MS, async () => {
    const typed = input.value.trimStart();
    if (!typed) return close();
    running?.abort();
    running = new AbortController();
    try {
      const answer = await suggest(typed, SIZE, index, running.signal);
      if (document.activeElement !== input || input.value.trimStart() !== typed) return undefined;
      shown = answer.suggestions.filter(({ text }) => text.toLowerCase() !== typed.trimEnd().toLowerCase());
      return draw(typed);
    } catch (error) {
      if (error.name !== "AbortError" && !(error instanceof Problem)) throw error;
      return close();
    }
  });

  if (!can("suggest")) return { isOpen, close };

  input.addEventListener("input", later);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (!isOpen()) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      event.stopPropagation();
      const count = shown.length + 1; // the place after the last is the box itself
      mark(((active + 1 + step + count) % count) - 1);
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      take(active);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  return { isOpen, close };
}
