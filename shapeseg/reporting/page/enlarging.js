// One image large: its layers, its rectangles, the line that draws it again.
const dialog = document.getElementById("large");
const part = (name) => document.getElementById(`large-${name}`);
let enlarged = null;

// Of a rectangle of which nothing is visible, scores are undefined; other gaps are unknown.
const instanceScore = (row, value) => (value === null && row.visible_area !== 0 ? "unknown" : score(value));
const COLUMNS = {
  "1 = back": (row) => row.instance,
  "hidden share": (row) => row.occlusion_rate?.toFixed(3),
  occluder: (row) => row.occluder_kind,
  colour: (row) => row.occluder_color,
  pieces: (row) => row.pieces,
  "visible px": (row) => row.visible_area,
  "found px": (row) => row.found_pixels,
  recall: (row) => instanceScore(row, row.recall),
  IoU: (row) => instanceScore(row, row.iou),
  remarks: (row) => [row.touching && "touches another", row.ignored && "ignored"].filter(Boolean).join(", "),
};

function enlarge(tile) {
  if (!dialog.open) dialog.showModal();
  enlarged = tile;
  const place = shown.indexOf(tile);
  part("heading").textContent = `Image ${tile.id}, split ${tile.split}`;
  part("facts").textContent = `${place + 1} of ${shown.length}. ${wrongOf(tile)}; IoU ${score(tile.iou)}.`;
  part("line").textContent = tile.regenerate;
  part("table").replaceChildren(rectangles(tile));
  document.getElementById("previous").disabled = place <= 0;
  document.getElementById("next").disabled = place >= shown.length - 1;
  for (const choice of part("layers").querySelectorAll("label")) {
    draw(choice.querySelector("canvas"), tile, choice.querySelector("input").value);
  }
  show(form.elements.layer.value);
}

function show(layer) {
  const canvas = part("canvas");
  part("layers").querySelector(`[value=${layer}]`).checked = true;
  draw(canvas, enlarged, layer);
  canvas.setAttribute("aria-label", `${layer} of ${enlarged.id}`);
  part("note").textContent = layer === "unknowable" && !enlarged.ambiguity ? UNKNOWN_AMBIGUITY : LAYERS[layer].note;
  // Whole screen pixels for each pixel of the image, as many as there is room for.
  const room = Math.min(canvas.parentElement.clientWidth, 0.7 * innerHeight) * devicePixelRatio;
  canvas.style.width = `${(Math.max(1, Math.floor(room / enlarged.width)) * enlarged.width) / devicePixelRatio}px`;
}

function rectangles(tile) {
  if (!tile.instances.length) return make("p", {});
  const head = make("tr", {}, ...Object.keys(COLUMNS).map((name) => make("th", { scope: "col" }, name)));
  const rows = tile.instances.map((row) => make("tr", {}, ...Object.values(COLUMNS).map((cell, place) => {
    const content = String(cell(row) ?? "unknown");
    return make(place ? "td" : "th", place ? {} : { scope: "row" }, content);
  })));
  const caption = make("caption", {}, "Its rectangles");
  const table = make("table", {}, caption, make("thead", {}, head), make("tbody", {}, ...rows));
  const region = make("div", { className: "scroll", tabIndex: 0 }, table);
  region.setAttribute("role", "region");
  region.setAttribute("aria-label", "Its rectangles");
  return region;
}

function step(by) {
  const tile = shown[shown.indexOf(enlarged) + by];
  if (tile) enlarge(tile);
}

if (dialog) {
  for (const name of Object.keys(LAYERS)) {
    const choice = make("input", { type: "radio", name: "large-layer", value: name });
    part("layers").append(make("label", {}, choice, make("canvas", {}), make("span", {}, name)));
  }
  part("layers").addEventListener("change", (event) => show(event.target.value));
  document.getElementById("previous").addEventListener("click", () => step(-1));
  document.getElementById("next").addEventListener("click", () => step(1));
  document.getElementById("close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); }); // the backdrop
  dialog.addEventListener("close", () => enlarged.button.focus());
  dialog.addEventListener("keydown", (event) => {
    if (event.target.matches("input, .scroll, pre")) return; // they use the arrows themselves
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
}
