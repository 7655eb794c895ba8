// The answer in words and numbers.
const score = (value) => (value === null ? "undefined" : value.toFixed(3));
const strong = (text) => make("strong", {}, text);
const say = (id, ...parts) => {
  const text = parts.map((part) => part.textContent ?? part).join("");
  if (byId(id).textContent !== text) byId(id).replaceChildren(...parts);
};

// How much more than the least possible log loss, in nats, still counts as honest, and as nearly so.
const HONEST = 0.02;
const NEARLY = 0.2;

const recent = []; // when answers came, in the last second before the newest

function showNumbers(frame) {
  const { numbers } = frame;
  for (const name of ["found", "missed", "invented"]) setText(byId(name), numbers[name].toLocaleString("en"));
  seen(numbers);
  const searching = frame.search === "searching";
  knowable(frame, searching);
  honest(frame, searching);
  scatter(frame);
  const open = searching ? "searching…" : null;
  const { ambiguous_pixels: known, unknown_pixels: unknown } = numbers;
  rows({
    "Occlusion rate": state.selected === null || occlusionOf(state.selected) === null ? "none" : percent(occlusionOf(state.selected)),
    IoU: score(numbers.iou),
    "IoU, decidable pixels": open ?? score(numbers.iou_decidable),
    "Ceiling of the IoU": open ?? score(numbers.iou_ceiling),
    "Ambiguous pixels": open ?? (known === null ? "unknown" : (known + unknown).toLocaleString("en")),
    "Log loss": open ?? score(numbers.log_loss),
    "Log loss floor": open ?? score(numbers.log_loss_floor),
    "Frames a second": frameRate(),
  });
}

function seen({ visible_pixels: visible, whole_pixels: whole }) {
  if (!whole) return say("seen", "There is no rectangle to find.");
  const hidden = whole - visible;
  const all = ["All ", strong(many(whole, "rectangle pixel")), " are visible. "];
  const some = [strong(visible.toLocaleString("en")), ` of ${many(whole, "rectangle pixel")} are visible, ${percent(hidden / whole)} hidden. `];
  return say("seen", ...(hidden ? some : all), "The model sees the image, and nothing of what lies behind.");
}

const OF_WHOLE = "Nothing: whole rectangles do not depend on the order.";
const NO_RULE = "Unknown: the rule by which this scene was chosen is not known.";

function knowable({ numbers, exact }, searching) {
  const { ambiguous_pixels: known, unknown_pixels: unknown } = numbers;
  if (known === null) return say("knowable", data.target === "visible" ? NO_RULE : OF_WHOLE);
  if (searching) return say("knowable", "Searching for other scenes that give this very image…");
  if (!known && !unknown) return say("knowable", "None here: all scenes found that give this image show the same rectangles.");
  const parts = [];
  if (known) {
    const range = [exact.reduce((one, other) => Math.min(one, other)), exact.reduce((one, other) => Math.max(one, other))];
    parts.push(strong(many(known, "pixel")), ": other scenes give this very image, and other rectangles. ");
    parts.push("Rectangle there has probability ", strong(rangeText(range)), ", exactly. ");
  }
  if (unknown) parts.push(`For ${many(unknown, "pixel")} it was not determined: so many shapes touch that the search was given up.`);
  return say("knowable", ...parts);
}

function honest({ numbers }, searching) {
  const { log_loss: loss, log_loss_floor: floor, mean_absolute_difference: off, unknown_pixels: unknown } = numbers;
  if (searching) return say("honest", "…");
  if (loss === null && unknown) return say("honest", "That cannot be judged while the exact probability is not determined.");
  if (loss === null) return say("honest", "There is nothing to be honest about here. Let a rectangle and another shape of one colour overlap.");
  const gap = loss - floor;
  const verdict = make("span", { className: "verdict" }, gap < HONEST ? "Yes. " : gap < NEARLY ? "Nearly. " : "No. ");
  const losses = [strong(two(loss)), "; the least possible is ", strong(two(floor)), "."];
  return say("honest", verdict, "It is off by ", strong(two(off)), " on average. Log loss ", ...losses);
}

function rows(shown) {
  const body = byId("numbers");
  Object.entries(shown).forEach(([name, value], place) => {
    const row = body.children[place] ?? body.appendChild(make("div", {}, make("dt", {}, name), make("dd", {})));
    setText(row.lastChild, value);
    row.lastChild.className = ["searching…", "undefined", "unknown", "none"].includes(value) ? "open" : "";
  });
}

function countFrame() {
  const now = performance.now();
  recent.push(now);
  while (recent[0] < now - 1000) recent.shift();
}

const frameRate = () => (recent.length > 2 ? String(Math.round((1000 * (recent.length - 1)) / (recent.at(-1) - recent[0]))) : "at rest");

// Belief against exact probability of every pixel that no one can know: an honest model lies on the diagonal.
function scatter(frame) {
  const BINS = 20;
  const counts = new Map();
  for (let at = 0, next = 0; next < frame.exact.length; at += 1) {
    if (!(frame.labels[at] & bits.ambiguous)) continue;
    const key = Math.round(frame.exact[next++] * BINS) * (BINS + 1) + Math.round((frame.belief[at] / 65535) * BINS);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const [x, y] = [(value) => 38 + 104 * value, (value) => 112 - 104 * value];
  const dots = Array.from(counts, ([key, count]) => {
    const [across, up] = [Math.floor(key / (BINS + 1)) / BINS, (key % (BINS + 1)) / BINS];
    return `<circle cx="${x(across)}" cy="${y(up)}" r="${within(Math.sqrt(count) / 2, 1.6, 9)}"/>`;
  });
  byId("scatter").hidden = !counts.size;
  byId("scatter").firstChild.innerHTML =
    `<rect class="grid" x="${x(0)}" y="${y(1)}" width="104" height="104"/><path class="diagonal" d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}"/>${dots.join("")}` +
    `<text x="${x(0.5)}" y="146" text-anchor="middle">exact probability</text><text x="${x(0)}" y="128" text-anchor="middle">0</text><text x="${x(1)}" y="128" text-anchor="middle">1</text>` +
    `<text x="30" y="${y(0) + 4}" text-anchor="end">0</text><text x="30" y="${y(1) + 4}" text-anchor="end">1</text><text transform="translate(14 ${y(0.5)}) rotate(-90)" text-anchor="middle">belief</text>`;
}

// Shapes by their numbers, front first, with what is hidden of each.
function showList() {
  const list = byId("list");
  const shapes = instances();
  while (list.children.length > shapes.length) list.lastChild.remove();
  while (list.children.length < shapes.length) {
    const button = make("button", { type: "button" }, make("span", {}, make("i", {}), make("span", {})), make("span", {}));
    button.addEventListener("click", () => select(instances().length - 1 - [...list.children].indexOf(button.parentElement)));
    list.append(make("li", {}, button));
  }
  [...list.children].forEach((item, row) => {
    const place = shapes.length - 1 - row;
    const button = item.firstChild;
    const hidden = occlusionOf(place);
    button.firstChild.firstChild.style.background = hex(shapes[place].color);
    setText(button.firstChild.lastChild, `${place + 1}: ${describe(shapes[place])}`);
    setText(button.lastChild, hidden === null ? "" : `${percent(hidden)} hidden`);
    button.ariaPressed = String(place === state.selected);
  });
}
