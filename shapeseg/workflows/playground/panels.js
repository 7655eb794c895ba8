// The panels beside the image: truth, exact probability, belief and errors, each pixel as Python says it is.
const isTarget = (label) => label & (data.target === "visible" ? bits.visible : bits.whole);
const stripes = (row, column) => (row + column) % 4 < 2;

const VIEWS = {
  truth: (frame) => (at, row, column) => {
    const label = frame.labels[at];
    if (label & bits.visible) return INK;
    if (label & bits.whole) return stripes(row, column) ? INK : WHITE;
    return frame.instances[at] ? OTHER : WHITE;
  },
  exact: (frame) => {
    let next = 0;
    return (at, row, column) => {
      const label = frame.labels[at];
      if (label & bits.ambiguous) return RAMP[Math.round(255 * frame.exact[next++])];
      if (label & bits.unknown) return ((row >> 1) + (column >> 1)) % 2 ? CHECK : WHITE;
      return RAMP[isTarget(label) ? 255 : 0];
    };
  },
  belief: (frame) => (at) => RAMP[Math.round(frame.belief[at] / 257)],
  errors: (frame) => (at, row, column) => {
    const label = frame.labels[at];
    if (label & bits.ignored) return WHITE;
    const [target, predicted] = [isTarget(label), label & bits.predicted];
    if (target && predicted) return RIGHT;
    if (target) return (row + column) % 3 ? MISSED : MISSED_LIGHT;
    if (predicted) return row % 2 || column % 2 ? INVENTED : INVENTED_LIGHT;
    return WHITE;
  },
};

function paint(canvas, frame, colorOf) {
  const { width, height } = frame.scene;
  if (!canvas.picture || canvas.width !== width || canvas.height !== height) {
    Object.assign(canvas, { width, height, picture: new ImageData(width, height) });
    requestAnimationFrame(fit);
  }
  const pixels = new Uint32Array(canvas.picture.data.buffer);
  for (let at = 0, row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1, at += 1) pixels[at] = colorOf(at, row, column);
  }
  canvas.getContext("2d").putImageData(canvas.picture, 0, 0);
}

// The border of the pixels that no one can know, as a path along their edges.
function border({ labels, scene: { width, height } }) {
  const open = bits.ambiguous | bits.unknown;
  let path = "";
  labels.forEach((label, at) => {
    if (!(label & open)) return;
    const [row, column] = [Math.floor(at / width), at % width];
    if (row === 0 || !(labels[at - width] & open)) path += `M${column} ${row}h1`;
    if (row === height - 1 || !(labels[at + width] & open)) path += `M${column} ${row + 1}h1`;
    if (column === 0 || !(labels[at - 1] & open)) path += `M${column} ${row}v1`;
    if (column === width - 1 || !(labels[at + 1] & open)) path += `M${column + 1} ${row}v1`;
  });
  return path;
}

const two = (value) => value.toFixed(2);
const rangeText = ([least, most]) => (two(least) === two(most) ? two(least) : `${two(least)}–${two(most)}`);

function showPanels(frame) {
  const colors = [frame.scene.background, ...frame.scene.instances.map(({ color }) => color)].map(packed);
  paint(byId("image"), frame, (at) => colors[frame.instances[at]]);
  const outline = border(frame);
  for (const screen of document.querySelectorAll("[data-view]")) {
    const { view } = screen.dataset;
    paint(screen.querySelector("canvas"), frame, VIEWS[view](frame));
    if (view === "truth") continue;
    const svg = screen.querySelector("svg");
    svg.setAttribute("viewBox", `0 0 ${frame.scene.width} ${frame.scene.height}`);
    for (const path of svg.children) path.setAttribute("d", outline);
    if (view !== "errors") showTags(screen, frame, view);
  }
  byId("unknown-key").hidden = !frame.numbers.unknown_pixels;
}

function showTags(screen, frame, view) {
  const tags = screen.getElementsByClassName("tag");
  while (tags.length > frame.pieces.length) tags[0].remove();
  while (tags.length < frame.pieces.length) screen.append(make("span", { className: "tag" }));
  frame.pieces.forEach(({ box: [x, y, w, h], [view]: range }, at) => {
    const low = y + h > 0.86 * frame.scene.height; // a tag stands below its piece, or above where there is no room
    setText(tags[at], rangeText(range));
    tags[at].style.left = `${within((100 * (x + w / 2)) / frame.scene.width, 18, 82)}%`;
    tags[at].style.top = `calc(${(100 * (low ? y : y + h)) / frame.scene.height}% + ${low ? -14 : 14}px)`;
  });
}

// Every pixel of an image takes a whole number of the screen's, as many as there is room for.
function fit() {
  const { width } = state.frame.scene;
  document.querySelector(".views").style.setProperty("--least", `${width / devicePixelRatio}px`);
  for (const screen of document.querySelectorAll(".screen")) {
    const room = (screen.parentElement.clientWidth - 2) * devicePixelRatio; // without its border
    screen.style.width = `${(Math.max(1, Math.floor(room / width)) * width) / devicePixelRatio}px`;
  }
}

function makePanels() {
  for (const screen of document.querySelectorAll("[data-view]")) {
    const canvas = make("canvas", {});
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", screen.previousElementSibling.textContent);
    screen.append(canvas);
    if (screen.dataset.view !== "truth") {
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("aria-hidden", "true");
      svg.append(...[0, 1].map(() => document.createElementNS("http://www.w3.org/2000/svg", "path")));
      screen.append(svg);
    }
    for (const name of ["pointermove", "pointerdown"]) screen.addEventListener(name, (event) => readPixel(screen, event));
    screen.addEventListener("pointerleave", () => document.querySelectorAll(".cross").forEach((cross) => cross.remove()));
  }
  new ResizeObserver(() => state.frame && fit()).observe(document.querySelector(".room"));
}

// Says in words what a pixel is, and marks it in every panel.
function readPixel(screen, event) {
  const { frame } = state;
  if (!frame) return;
  const { left, top, width, height } = screen.querySelector("canvas").getBoundingClientRect();
  const column = within(Math.floor(((event.clientX - left) / width) * frame.scene.width), 0, frame.scene.width - 1);
  const row = within(Math.floor(((event.clientY - top) / height) * frame.scene.height), 0, frame.scene.height - 1);
  const at = row * frame.scene.width + column;
  const label = frame.labels[at];
  const seen = frame.instances[at];
  const shape = seen ? `${colorName(frame.scene.instances[seen - 1].color)} ${kindName(frame.scene.instances[seen - 1].kind)}` : "background";
  byId("pixel").textContent =
    `Pixel ${column}, ${row}: ${shape}. Exact probability of rectangle ${exactAt(frame, at, label)}, the model says ${(frame.belief[at] / 65535).toFixed(3)}.`;
  for (const each of document.querySelectorAll("[data-view]")) {
    const cross = each.querySelector(".cross") ?? each.appendChild(make("span", { className: "cross" }));
    cross.style.left = `${(100 * (column + 0.5)) / frame.scene.width}%`;
    cross.style.top = `${(100 * (row + 0.5)) / frame.scene.height}%`;
  }
}

function exactAt(frame, at, label) {
  if (label & bits.unknown) return "was not determined";
  if (!(label & bits.ambiguous)) return isTarget(label) ? "1" : "0";
  let before = 0;
  for (let each = 0; each < at; each += 1) if (frame.labels[each] & bits.ambiguous) before += 1;
  return frame.exact[before].toFixed(3);
}
