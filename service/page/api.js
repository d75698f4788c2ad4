// Talks to the service. A key, where one is needed, lives in this tab only; who asks stands in cookies no script can read.

import { t } from "./i18n.js";

const KEY = "hybridrank-key";
const STALE = "urn:hybridrank:problem:invalid-person-token";

export class Problem extends Error {
  constructor(status, detail, type) {
    super(detail);
    this.status = status;
    this.type = type;
  }
}

export const keepKey = (key) => sessionStorage.setItem(KEY, key);

// The document of an answer; of one that has none, nothing. An answer that is taken back half-way has not come at all.
async function read(response) {
  try {
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return {};
  }
}

export async function call(method, path, { body, signal, keepalive } = {}) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const key = sessionStorage.getItem(KEY);
  if (key) headers.Authorization = `Bearer ${key}`;
  const send = async () => {
    try {
      return await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal, keepalive });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Problem(0, t("problem.silent"));
    }
  };
  let response = await send();
  let answer = await read(response);
  if (response.status === 401 && answer.type === STALE) {
    // The token in the cookie has expired; the answer took it away, and the visitor goes on as nobody.
    response = await send();
    answer = await read(response);
  }
  if (!response.ok) throw new Problem(response.status, answer.detail || t("problem.status", { status: response.status }), answer.type);
  return answer;
}

export const search = (body, signal) => call("POST", "/v1/search", { body, signal });

export const suggest = (text, size, index, signal) =>
  call("GET", `/v1/suggest?${new URLSearchParams({ q: text, size: String(size), index })}`, { signal });

// The server-sent events of an address as {name, data}, until the server ends them or `signal` aborts.
export async function* events(path, signal) {
  const key = sessionStorage.getItem(KEY);
  const headers = { Accept: "text/event-stream", ...(key && { Authorization: `Bearer ${key}` }) };
  let response;
  try {
    response = await fetch(path, { headers, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, t("problem.silent"));
  }
  if (!response.ok) {
    const answer = await read(response);
    throw new Problem(response.status, answer.detail || t("problem.status", { status: response.status }), answer.type);
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      waiting += value;
      const blocks = waiting.split("\n\n");
      waiting = blocks.pop();
      for (const block of blocks) {
        const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s, 2)));
        if (fields.data) yield { name: fields.event ?? "message", data: JSON.parse(fields.data) };
      }
    }
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, t("problem.stream"));
  }
}
