// Where further modules of the page join in, so that none has to know another.
//
// "results" {answer, body}     an answer was drawn; `body` is what was asked
// "item" {result, index, place, beside}  a product's sheet opened; `place` is an empty element in it; `beside`
//                              says of what was recommended where: {item, index}, the item being what was looked at
// "acted" {event, title}       something a person did was stored
// "who" {name}                 the visitor is another shopper, or nobody (null)
// "open" {result, best, beside}  told by a module: open the sheet of a product; `best` is the scale of its bars
// "ask" {}                     told by a module: search again, from the first page

const heard = new Map();

export function on(name, run) {
  if (!heard.has(name)) heard.set(name, []);
  heard.get(name).push(run);
}

export function tell(name, detail = {}) {
  for (const run of heard.get(name) ?? []) run(detail);
}

// Functions that may add to what a search sends, such as a picture.
export const additions = new Set();
