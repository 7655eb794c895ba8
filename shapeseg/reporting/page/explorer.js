// The failure explorer: which tiles are shown, in which order and layer.
const form = document.getElementById("explorer-form");
const list = document.getElementById("tiles");
let shown = [];

const make = (name, properties, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};
const score = (value) => (value === null ? "undefined" : value.toFixed(3));
const many = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

const ORDERS = {
  decidable: (one, other) => (other.decidable ?? -1) - (one.decidable ?? -1) || ORDERS.wrong(one, other),
  wrong: (one, other) => other.wrong - one.wrong || one.index - other.index,
  iou: (one, other) => (one.iou ?? 2) - (other.iou ?? 2) || one.index - other.index,
  index: (one, other) => one.index - other.index,
};

// An image passes when it is of the split and one of its rectangles matches all filters.
function passes(tile, asked) {
  const { split, ...properties } = asked;
  const wanted = Object.entries(properties).filter(([, value]) => value);
  const fits = (instance) => wanted.every(([key, value]) => String(instance[key] ?? "unknown") === value);
  return (!split || tile.split === split) && (!wanted.length || tile.instances.some(fits));
}

function update() {
  const { order, layer, ...asked } = Object.fromEntries(new FormData(form));
  shown = images.filter((tile) => passes(tile, asked)).sort(ORDERS[order]);
  list.replaceChildren(...shown.map((tile) => tile.item));
  for (const tile of shown) if (tile.canvas.dataset.layer !== layer) draw(tile.canvas, tile, layer);
  list.dataset.layer = layer;
  document.getElementById("error-key").hidden = layer !== "error";
  document.getElementById("scale-key").hidden = !["belief", "unknowable"].includes(layer);
  document.getElementById("layer-note").textContent = layer === "error" ? "" : LAYERS[layer].note;
  document.getElementById("none-shown").hidden = shown.length > 0;
  const more = known.measured > images.length ? `, of ${known.measured} measured` : "";
  document.getElementById("shown").textContent = `Showing ${shown.length} of ${many(images.length, "image")}${more}`;
}

// Wrong pixels and, where that is known, how many of them the image does not tell.
function wrongOf(tile) {
  if (!tile.wrong || tile.decidable === null) return many(tile.wrong, "wrong pixel");
  return `${many(tile.wrong, "wrong pixel")}, ${tile.wrong - tile.decidable} of them unknowable`;
}

function addTile(tile) {
  const picture = make("canvas", {});
  tile.canvas = make("canvas", {});
  draw(picture, tile, "image");
  const pair = make("span", { className: "pictures-pair" }, picture, tile.canvas);
  pair.dataset.small = tile.width < 120;
  const [name, split] = [make("span", { className: "name" }, tile.id), make("span", {}, ` ${tile.split}, IoU ${score(tile.iou)}`)];
  const facts = make("span", { className: "facts-line" }, wrongOf(tile));
  const unknown = tile.ambiguity ? [] : [make("span", { className: "unknown-ambiguity" }, " unknown here")];
  tile.button = make("button", { type: "button" }, pair, name, split, facts, ...unknown);
  tile.button.addEventListener("click", () => enlarge(tile));
  tile.item = make("li", {}, tile.button);
}

if (form) {
  await Promise.all(images.map(decode));
  images.forEach(addTile);
  form.addEventListener("change", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(update)); // the choices are still the old ones now
  update();
}
