// What the page says, in the language that the service chose: `messages/LANGUAGE.json`, laid into the page by it.

const messages = JSON.parse(document.getElementById("messages").textContent);

export const language = document.documentElement.lang;

// The text of a message, its {places} filled. A key without a message is a mistake, and shows as such.
export function t(key, values = {}) {
  const text = messages[key];
  if (text === undefined) throw new Error(`no message ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

// For keys that come from elsewhere, such as the name of an action.
export const known = (key) => key in messages;

// Reasons of suggestions and related searches come as words in English, some of them joined.
export const reasonWords = (reason) => reason.split(", ").map((part) => (known(`reason.${part}`) ? t(`reason.${part}`) : part)).join(t("reason.and"));

// Another language keeps the question that stands in the address.
for (const link of document.querySelectorAll(".languages a")) {
  link.addEventListener("click", () => {
    const query = new URLSearchParams(location.search);
    query.set("lang", link.hreflang);
    link.search = query;
  });
}
