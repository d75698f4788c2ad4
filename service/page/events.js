// What the visitor does, as UBI 1.3.0 events: gathered, sent in lists, sent again until the service has stored them.

import { call, Problem } from "./api.js";
import { meta, uuid } from "./dom.js";
import { tell } from "./hooks.js";

const CLIENT = "hybridrank-client";
const KEPT = "hybridrank-events";
const MOST = 200;
const WAIT_MS = 600;
const AGAIN_MS = 3000;
const index = meta("hybridrank-index");

const client = localStorage.getItem(CLIENT) ?? uuid();
localStorage.setItem(CLIENT, client);

// Each entry: {event, title, status: "waiting" | "stored" | "rejected", reason}.
export const log = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
let timer = 0;
let sending = null;

function keep() {
  if (log.length > MOST) log.splice(0, log.length - MOST);
  sessionStorage.setItem(KEPT, JSON.stringify(log));
  tell("log");
}

export function record(action, result, queryId, more = {}) {
  const event = {
    application: index, action_name: action, event_id: uuid(), client_id: client, query_id: queryId,
    timestamp: new Date().toISOString(),
    event_attributes: {
      object: { object_id: result.id, object_id_field: "id" },
      ...(result.rank && { position: { ordinal: result.rank } }), ...more,
    },
  };
  log.push({ event, title: result.source.title || result.id, status: "waiting" });
  keep();
  clearTimeout(timer);
  timer = setTimeout(flush, action === "impression" ? WAIT_MS : 0);
}

// Sends what waits; the promise is kept once nothing waits or the service cannot be reached.
export function flush() {
  sending ??= send().finally(() => { sending = null; });
  return sending;
}

async function send() {
  for (let waiting = due(); waiting.length; waiting = due()) {
    let answer;
    try {
      answer = await call("POST", "/v1/events", { body: waiting.map((entry) => entry.event), keepalive: true });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status >= 400 && error.status < 500 && error.status !== 401) {
        for (const entry of waiting) Object.assign(entry, { status: "rejected", reason: error.message });
        keep();
        return;
      }
      clearTimeout(timer);
      timer = setTimeout(flush, AGAIN_MS);
      return;
    }
    const reasons = new Map(answer.rejected.map((one) => [one.index, one.reason]));
    waiting.forEach((entry, place) => Object.assign(entry, reasons.has(place)
      ? { status: "rejected", reason: reasons.get(place) } : { status: "stored" }));
    keep();
    for (const entry of waiting) if (entry.status === "stored") tell("acted", entry);
  }
}

const due = () => log.filter((entry) => entry.status === "waiting").slice(0, 50);

// A card counts as seen when half of it stood on the screen for a while; once an answer.
let seen = new Set();
let watcher = null;
const pending = new Map();

export function watch(cards, results, queryId) {
  watcher?.disconnect();
  for (const wait of pending.values()) clearTimeout(wait);
  pending.clear();
  seen = new Set();
  const byId = new Map(results.map((result) => [result.id, result]));
  watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const { id } = target.dataset;
      clearTimeout(pending.get(id));
      pending.delete(id);
      if (!isIntersecting || seen.has(id)) continue;
      pending.set(id, setTimeout(() => {
        seen.add(id);
        record("impression", byId.get(id), queryId);
      }, WAIT_MS));
    }
  }, { threshold: 0.5 });
  for (const card of cards) watcher.observe(card);
}

addEventListener("pagehide", () => { flush(); });
if (due().length) flush();
