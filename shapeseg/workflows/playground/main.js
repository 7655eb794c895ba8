// What happens when: an answer comes, the scene is edited, the link is changed.
let frames = 0;
const REST = 400; // milliseconds without an edit after which the link is kept and the numbers are spoken
let resting = null;

function show() {
  if (!state.scene) return;
  showShapes();
  showTools();
  showList();
}

function answered(frame) {
  state.frame = frame;
  countFrame();
  if (frame.sequence > state.edited) {
    Object.assign(state, { scene: frame.scene, place: frame.place, change: frame.change });
    if (state.selected !== null && state.selected >= instances().length) state.selected = instances().length ? 0 : null;
  }
  showPanels(frame);
  showOrigin(frame);
  show();
  showNumbers(frame);
  Object.assign(stage.dataset, { sequence: frame.sequence, search: frame.search, frames: (frames += 1) });
  clearTimeout(resting);
  resting = setTimeout(rest, REST);
}

function rest() {
  keepLink();
  for (const [id, value] of [["place", state.place], ["twin", state.change ?? ""]]) {
    if (document.activeElement !== byId(id)) byId(id).value = value; // else somebody is choosing another
  }
  recent.length = 0;
  showNumbers(state.frame);
  byId("said").textContent = ["seen", "knowable", "honest"].map((id) => byId(id).textContent).join(" ");
}

const keepLink = () => history.replaceState(null, "", toLink());

function open(link) {
  try {
    load(fromLink(link));
  } catch {
    load({ scene: Object.values(data.starts)[0] });
    trouble("The link contains no scene. Copy all of it.");
  }
}

makePanels();
makeControls();
addEventListener("hashchange", () => open(location.hash));
if (location.hash) open(location.hash);
else load({ scene: Object.values(data.starts)[0] });
connect();
