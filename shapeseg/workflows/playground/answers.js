// The connection: one question is on its way at a time, and the newest of those that wait is the next.
const token = new URLSearchParams(location.search).get("token");
const asked = { socket: null, sequence: 0, underWay: null, waiting: null };

// `more` is what a question holds beside the scene as it is when it is sent.
function ask(more = {}) {
  asked.waiting = { more, sequence: ++asked.sequence };
  byId("stage").dataset.asked = asked.sequence;
  send();
}

function send() {
  if (asked.waiting === null || asked.underWay !== null || asked.socket?.readyState !== WebSocket.OPEN) return;
  const { more, sequence } = asked.waiting;
  const { scene, place, change } = state;
  const question = JSON.stringify({ scene, place, change, ...more, sequence });
  asked.waiting = null;
  if (question.length > data.longest) return trouble("The scene is too large to send.");
  asked.underWay = sequence;
  asked.socket.send(question);
}

function connect() {
  asked.underWay = null;
  asked.socket = new WebSocket(`ws://${location.host}/answers?token=${encodeURIComponent(token)}`);
  asked.socket.binaryType = "arraybuffer";
  asked.socket.onopen = () => {
    trouble(null);
    send();
  };
  asked.socket.onmessage = ({ data: content }) => {
    const answer = typeof content === "string" ? JSON.parse(content) : decode(content);
    if (answer.sequence === asked.underWay || answer.sequence === null) asked.underWay = null;
    send(); // before anything is drawn: Python works meanwhile
    if (answer.refused) trouble(answer.refused);
    else answered(answer);
  };
  asked.socket.onclose = stopped;
}

// A frame, laid out as frame.py says.
function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const frame = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const { width, height } = frame.scene;
  const [start, pixels] = [4 + length, width * height];
  frame.instances = new Uint8Array(buffer, start, pixels);
  frame.labels = new Uint8Array(buffer, start + pixels, pixels);
  frame.belief = new Uint16Array(buffer.slice(start + 2 * pixels, start + 4 * pixels));
  frame.exact = new Float32Array(buffer.slice(start + 4 * pixels));
  return frame;
}

function trouble(line) {
  byId("trouble").textContent = line ?? "";
  byId("trouble").hidden = line === null;
}

function stopped() {
  document.body.classList.add("stopped");
  trouble("The server has stopped; what you see is its last answer. Start it again, open the new address, and append the part after # of this one.");
}
