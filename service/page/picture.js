// Search by picture: dropped anywhere, pasted, chosen, or taken with the camera. The picture is made small in the browser,
// sent with the search, and kept in this tab only.

import { byId, can, make } from "./dom.js";
import { t } from "./i18n.js";
import { additions, on, tell } from "./hooks.js";

const SIDE = 512;
const TYPES = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"];

let picture = null;

additions.add((body) => {
  if (!picture) return;
  body.image = picture;
  delete body.sort;
});

// A data URI of the picture, its longer side at most SIDE pixels; the browser applies the camera's orientation.
async function small(file) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = make("canvas", { width: Math.max(1, Math.round(bitmap.width * scale)), height: Math.max(1, Math.round(bitmap.height * scale)) });
  const draw = canvas.getContext("2d");
  draw.fillStyle = "white";
  draw.fillRect(0, 0, canvas.width, canvas.height);
  draw.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas.toDataURL("image/jpeg", 0.9);
}

async function take(file) {
  if (!file) return;
  try {
    if (!TYPES.includes(file.type)) throw new TypeError(file.type);
    picture = await small(file);
  } catch {
    said.textContent = t("picture.unreadable");
    shown.hidden = false;
    return;
  }
  preview.src = picture;
  preview.hidden = drop.hidden = false;
  shown.hidden = false;
  said.textContent = t("picture.looking");
  tell("ask");
}

function forget() {
  picture = null;
  preview.removeAttribute("src");
  chosen.value = "";
  shown.hidden = preview.hidden = drop.hidden = true;
  byId("query").focus();
  tell("ask");
}

// On a phone this offers the camera beside the pictures that are there.
const chosen = make("input", { type: "file", accept: "image/*", hidden: true, id: "picture-file", "aria-label": t("picture.open"), onchange: () => take(chosen.files[0]) });
const open = make("button", { type: "button", class: "icon-button camera", id: "picture-open", "aria-label": t("picture.open"),
  title: t("picture.how"), onclick: () => chosen.click() });
const preview = make("img", { alt: t("picture.alt"), hidden: true });
const said = make("span", { role: "status" });
const drop = make("button", { type: "button", class: "link", hidden: true, onclick: forget }, t("picture.without"));
const shown = make("div", { class: "picture", id: "picture", hidden: true }, preview, said, drop);

const filesOf = (transfer) => [...(transfer?.files ?? [])].filter((file) => file.type.startsWith("image/"));

if (can("pictures")) {
  byId("search-tools").append(open, chosen);
  byId("results").before(shown);
  addEventListener("dragover", (event) => { if ([...event.dataTransfer.types].includes("Files")) event.preventDefault(); });
  addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    take(filesOf(event.dataTransfer)[0] ?? event.dataTransfer.files[0]);
  });
  addEventListener("paste", (event) => {
    const [file] = filesOf(event.clipboardData);
    if (!file) return;
    event.preventDefault();
    take(file);
  });
}

// What it matched: how near the best of the answer are.
on("results", ({ answer, body }) => {
  if (!body.image) return;
  const near = answer.results.map((result) => result.signals.image_vector).filter((value) => typeof value === "number");
  if (!near.length) said.textContent = t("picture.nothing");
  else said.textContent = t(body.query ? "picture.both" : "picture.like", { high: Math.max(...near).toFixed(2), low: Math.min(...near).toFixed(2) });
});
