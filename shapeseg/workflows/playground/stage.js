// The shapes on the image: what a pointer, a finger or a key does to them. Pixels are drawn by Python alone.
const stage = byId("stage");
const layer = byId("shapes");
const SIDES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const frameOf = make("div", { className: "frame" }, make("b", {}));
frameOf.append(...SIDES.map((sides) => {
  const handle = make("span", { className: "handle" });
  handle.dataset.sides = sides;
  handle.style.left = sides.includes("w") ? "-5px" : sides.includes("e") ? "calc(100% + 5px)" : "50%";
  handle.style.top = sides.includes("n") ? "-5px" : sides.includes("s") ? "calc(100% + 5px)" : "50%";
  handle.style.cursor = `${sides}-resize`;
  return handle;
}));
let drag = null;

const describe = ({ kind, color, box: [, , w, h] }) => `${colorName(color)} ${kindName(kind)}, ${w} × ${h}`;
const percent = (rate) => `${(100 * rate).toFixed(1)} %`;
const focusShape = (place) => layer.children[place]?.focus();

function laid(element, [x, y, w, h]) {
  const { width, height } = state.scene;
  const [left, top, across, down] = [x / width, y / height, w / width, h / height].map((part) => `${100 * part}%`);
  Object.assign(element.style, { left, top, width: across, height: down });
}

function showShapes() {
  const shapes = instances();
  while (layer.querySelectorAll("button").length > shapes.length) layer.querySelector("button:last-of-type").remove();
  for (let place = layer.querySelectorAll("button").length; place < shapes.length; place += 1) {
    layer.insertBefore(make("button", { type: "button" }), frameOf.parentElement === layer ? frameOf : null);
  }
  layer.querySelectorAll("button").forEach((button, place) => {
    laid(button, shapes[place].box);
    button.toggleAttribute("data-round", ["ellipse", "ring"].includes(shapes[place].kind));
    const hidden = occlusionOf(place);
    button.ariaLabel = `Shape ${place + 1} of ${shapes.length}, ${describe(shapes[place])}${hidden === null ? "" : `, ${percent(hidden)} hidden`}`;
    button.ariaPressed = String(place === state.selected);
  });
  showFrame();
}

function showFrame() {
  const shape = chosen();
  if (!shape) return frameOf.remove();
  if (frameOf.parentElement !== layer) layer.append(frameOf);
  laid(frameOf, shape.box);
  const [x, y, w] = shape.box;
  const hidden = occlusionOf(state.selected);
  setText(frameOf.firstChild, `${state.selected + 1}: ${hidden === null ? "…" : percent(hidden)} hidden`);
  frameOf.classList.toggle("high", y < 0.12 * state.scene.height);
  frameOf.classList.toggle("right", x + w / 2 > 0.6 * state.scene.width);
  frameOf.classList.toggle("focused", document.activeElement === layer.children[state.selected] && layer.matches(":has(:focus-visible)"));
}

// The rate of a shape in the last answer, while that is of as many shapes.
function occlusionOf(place) {
  const rates = state.frame?.occlusion_rates;
  return rates?.length === instances().length ? rates[place] : null;
}

function pixelAt(event) {
  const { left, top, width, height } = stage.querySelector("canvas").getBoundingClientRect();
  return [((event.clientX - left) / width) * state.scene.width, ((event.clientY - top) / height) * state.scene.height];
}

// The shape that is seen where the pointer is; where none is, the one whose box it is in.
function shapeAt(event) {
  const [x, y] = pixelAt(event).map(Math.floor);
  const { frame, scene } = state;
  const fits = frame && frame.sequence >= state.edited && frame.scene.width === scene.width;
  const seen = fits ? (frame.instances[y * scene.width + x] ?? 0) : 0;
  return seen ? seen - 1 : [...layer.querySelectorAll("button")].indexOf(event.target);
}

layer.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !state.scene) return;
  const { sides } = event.target.dataset;
  const place = sides ? state.selected : shapeAt(event);
  if (place < 0) return select(null);
  event.preventDefault(); // else the browser moves the focus to the front shape
  if (place !== state.selected) select(place);
  focusShape(place);
  layer.setPointerCapture(event.pointerId);
  drag = { place, sides, box: instances()[place].box, start: pixelAt(event) };
});

layer.addEventListener("pointermove", (event) => {
  if (!drag || !layer.hasPointerCapture(event.pointerId)) return;
  const [across, down] = pixelAt(event).map((value, axis) => Math.round(value - drag.start[axis]));
  setBox(drag.place, drag.sides ? resized(drag.box, drag.sides, across, down) : moved(drag.box, across, down));
});

for (const name of ["pointerup", "pointercancel"]) layer.addEventListener(name, () => { drag = null; });

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const KEYS = {
  "[": (place) => reorder(place, -1),
  "]": (place) => reorder(place, 1),
  c: recolor,
  C: recolor,
  Delete: remove,
  Backspace: remove,
};

layer.addEventListener("keydown", (event) => {
  const place = state.selected;
  if (place === null || event.ctrlKey || event.metaKey) return;
  if (event.key in ARROWS) {
    const [across, down] = ARROWS[event.key].map((step) => step * (event.altKey ? 10 : 1));
    const { box } = instances()[place];
    setBox(place, event.shiftKey ? resized(box, "se", across, down) : moved(box, across, down));
  } else if (event.key in KEYS) KEYS[event.key](place);
  else return;
  event.preventDefault();
});

layer.addEventListener("focusin", (event) => {
  const place = [...layer.querySelectorAll("button")].indexOf(event.target);
  if (place >= 0 && place !== state.selected) select(place);
  showFrame();
});
layer.addEventListener("focusout", showFrame);
