// The scene as it is being edited, and every way to edit it. The link in the address holds it whole.
const state = { scene: null, place: 0, change: null, selected: null, frame: null, edited: 0 };
const LEAST_SIDE = 2;

const instances = () => state.scene?.instances ?? [];
const chosen = () => (state.selected === null ? null : (instances()[state.selected] ?? null));

function put(changed) {
  state.scene = { ...state.scene, instances: changed };
  state.edited = asked.sequence + 1;
  trouble(null);
  ask();
  show();
}

const replace = (place, changes) => put(instances().map((each, at) => (at === place ? { ...each, ...changes } : each)));

function select(place) {
  state.selected = place;
  show();
  if (state.frame) showNumbers(state.frame);
}

const within = (value, least, most) => Math.max(least, Math.min(most, value));

// A box inside the canvas; one that is moved keeps its size.
function moved([x, y, w, h], across, down) {
  const { width, height } = state.scene;
  return [within(x + across, 0, width - w), within(y + down, 0, height - h), w, h];
}

// The same box with some of its sides elsewhere: a side is named by "n", "s", "w", "e".
function resized([x, y, w, h], sides, across, down) {
  let [left, top, right, bottom] = [x, y, x + w, y + h];
  if (sides.includes("w")) left = within(left + across, 0, right - LEAST_SIDE);
  if (sides.includes("e")) right = within(right + across, left + LEAST_SIDE, state.scene.width);
  if (sides.includes("n")) top = within(top + down, 0, bottom - LEAST_SIDE);
  if (sides.includes("s")) bottom = within(bottom + down, top + LEAST_SIDE, state.scene.height);
  return [left, top, right - left, bottom - top];
}

function setBox(place, box) {
  if (String(instances()[place].box) !== String(box)) replace(place, { box });
}

function recolor(place) {
  const at = data.palette.findIndex((color) => String(color) === String(instances()[place].color));
  replace(place, { color: data.palette[(at + 1) % data.palette.length] });
}

function reorder(place, by) {
  const to = place + by;
  if (to < 0 || to >= instances().length) return;
  const changed = [...instances()];
  [changed[place], changed[to]] = [changed[to], changed[place]];
  state.selected = to;
  put(changed);
  focusShape(to);
}

function remove(place) {
  const changed = instances().toSpliced(place, 1);
  state.selected = changed.length ? Math.min(place, changed.length - 1) : null;
  put(changed);
  if (state.selected !== null) focusShape(state.selected);
}

function add(kind) {
  if (instances().length >= data.most) return;
  const { width, height } = state.scene;
  const [w, h] = [Math.min(30, width), Math.min(26, height)];
  const [x, y] = [Math.round((width - w) / 2), Math.round((height - h) / 2)];
  const color = chosen()?.color ?? data.palette[0];
  state.selected = instances().length;
  put([...instances(), { kind, box: [x, y, w, h], color }]);
}

// Base64 of the JSON of scene and sample, in the letters that an address may hold.
function toLink() {
  const { scene, place, change } = state;
  const bytes = new TextEncoder().encode(JSON.stringify({ scene, place, change }));
  const letters = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return `#${letters.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

function fromLink(link) {
  const letters = atob(link.slice(1).replaceAll("-", "+").replaceAll("_", "/"));
  const { scene, place, change } = JSON.parse(new TextDecoder().decode(Uint8Array.from(letters, (letter) => letter.charCodeAt(0))));
  if (typeof scene !== "object" || scene === null) throw new TypeError("no scene");
  return { scene, place, change };
}
