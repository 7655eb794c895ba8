// The buttons: where to start from, and what to do with the chosen shape.
function makeControls() {
  for (const [name, scene] of Object.entries(data.starts)) {
    const button = make("button", { type: "button" }, name);
    button.addEventListener("click", () => load({ scene }));
    byId("starts").append(button);
  }
  byId("twin").append(...Object.entries(data.changes).map(([change, what]) => make("option", { value: change, title: what }, `twin: ${change.replace("-", " ")}`)));
  byId("place").max = data.samples - 1;
  byId("before").addEventListener("click", () => step(-1));
  byId("after").addEventListener("click", () => step(1));
  byId("place").addEventListener("change", () => step(0));
  byId("twin").addEventListener("change", () => step(0));
  byId("choose").addEventListener("submit", (event) => {
    event.preventDefault();
    step(0);
  });
  byId("link").addEventListener("click", copyLink);

  byId("kind").append(...data.kinds.map((kind) => make("option", { value: kind }, kindName(kind))));
  byId("kind").addEventListener("change", (event) => replace(state.selected, { kind: event.target.value, form: 0 }));
  byId("palette").append(...data.palette.map((color) => {
    const swatch = make("i", {});
    swatch.style.background = hex(color);
    const button = make("button", { type: "button" }, swatch, colorName(color));
    button.addEventListener("click", () => replace(state.selected, { color }));
    return button;
  }));
  byId("any-color").addEventListener("input", (event) => {
    replace(state.selected, { color: [1, 3, 5].map((at) => parseInt(event.target.value.slice(at, at + 2), 16)) });
  });
  byId("forward").addEventListener("click", () => reorder(state.selected, 1));
  byId("back").addEventListener("click", () => reorder(state.selected, -1));
  byId("remove").addEventListener("click", () => remove(state.selected));
  for (const button of document.querySelectorAll("[data-add]")) button.addEventListener("click", () => add(button.dataset.add));
  byId("rate").addEventListener("input", (event) => {
    ask({ dial: { shape: state.selected, rate: Number(event.target.value) / 100 } });
  });
}

// Shows a scene that the server has first to look at, as all that come from outside this page.
function load(more) {
  state.selected = 0;
  trouble(null);
  ask(more);
}

function step(by) {
  const place = within(Math.trunc(Number(byId("place").value) || 0) + by, 0, data.samples - 1);
  byId("place").value = place;
  load({ scene: null, place, change: byId("twin").value || null });
}

// What is shown: a sample or its twin, as it is or edited since.
function showOrigin({ sample, place, change, split }) {
  const name = `Sample ${place}${split && ` of ${split}`}`;
  const twin = change ? `, its twin: ${data.changes[change]}` : "";
  const same = sample === "same" ? " (the same, for nothing hides a target)" : "";
  setText(byId("about"), sample === "no" ? "" : `${name}${twin}${same}.`);
}

async function copyLink() {
  keepLink();
  await navigator.clipboard.writeText(location.href);
  byId("link").textContent = "Copied";
  setTimeout(() => { byId("link").textContent = "Copy link"; }, 1500);
}

function showTools() {
  const shape = chosen();
  const last = instances().length - 1;
  setText(byId("chosen"), shape ? `Shape ${state.selected + 1}: ${describe(shape)}` : "No shape selected");
  for (const control of byId("tools").querySelectorAll("button:not([data-add]), select, input")) control.disabled = !shape;
  for (const button of document.querySelectorAll("[data-add]")) button.disabled = last + 1 >= data.most;
  if (!shape) return;
  byId("kind").value = shape.kind;
  byId("any-color").value = hex(shape.color);
  [...byId("palette").children].forEach((button, at) => { button.ariaPressed = String(String(data.palette[at]) === String(shape.color)); });
  byId("forward").disabled = state.selected === last;
  byId("back").disabled = state.selected === 0;
  const hidden = occlusionOf(state.selected);
  byId("rate").disabled = state.selected === last;
  if (hidden !== null && document.activeElement !== byId("rate")) byId("rate").value = Math.round(100 * hidden);
  setText(byId("rate-shown"), hidden === null ? "" : percent(hidden));
  setText(byId("rate-note"), state.selected === last ? "Nothing is in front of it." : "Moves the shape in front of it.");
}
