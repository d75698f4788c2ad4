// Search by picture: dropped anywhere, pasted, chosen, or taken with the camera. The picture is made small in the browser,
// sent with the search, and kept in this tab only.

import { byId, can, make } from "./dom.js";
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
    said.textContent = "This file is no picture that can be read.";
    shown.hidden = false;
    return;
  }
  preview.src = picture;
  preview.hidden = drop.hidden = false;
  shown.hidden = false;
  said.textContent = "Looking for products like this picture…";
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
const chosen = make("input", { type: "file", accept: "image/*", hidden: true, id: "picture-file", onchange: () => take(chosen.files[0]) });
const open = make("button", { type: "button", class: "icon-button camera", id: "picture-open", "aria-label": "Search by picture",
  title: "Search by picture: choose or take one, drop one anywhere, or paste one", onclick: () => chosen.click() });
const preview = make("img", { alt: "The picture that is searched by", hidden: true });
const said = make("span", { role: "status" });
const drop = make("button", { type: "button", class: "link", hidden: true, onclick: forget }, "Without the picture");
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
  if (!near.length) said.textContent = "Nothing in the catalogue looks like this picture.";
  else said.textContent = `${body.query ? "Like this picture, and by your words" : "Like this picture"}: likeness ${Math.max(...near).toFixed(2)} down to ${Math.min(...near).toFixed(2)}.`;
});
