// The layers of a tile. Each is the image at some strength, and over it a colour for every pixel.
const known = JSON.parse(document.getElementById("explorer-data").textContent);
const { bits, images } = known;

const packed = ([red, green, blue]) => new Uint32Array(Uint8Array.of(red, green, blue, 255).buffer)[0];
const COLORS = Object.fromEntries(Object.entries(known.colors).map(([name, color]) => [name, packed(color)]));
const SCALE = known.scale.map(packed);
const CLEAR = 0;

// Of a pixel that the image does not tell, the hatch has the colour of what it counts as.
function errorColor(label, exact, line) {
  const ambiguous = label & bits.ambiguous;
  const [truth, predicted] = [label & bits.truth, label & bits.predicted];
  if (ambiguous && !line) return COLORS.paper;
  if (truth && predicted) return ambiguous ? COLORS.unknowable : COLORS.right;
  if (truth) return COLORS.missed;
  if (predicted) return COLORS.invented;
  return ambiguous ? COLORS.unknowable : COLORS.paper;
}

const UNKNOWN_AMBIGUITY = "Which pixels can be known is unknown: this needs a recipe.";

const LAYERS = {
  image: { strength: 1, color: () => CLEAR, note: "What the model saw." },
  truth: {
    strength: 0,
    color: (label) => SCALE[label & bits.truth ? SCALE.length - 1 : 0],
    note: `Pixels that are ${known.target} are dark.`,
  },
  unknowable: {
    strength: known.faint,
    color: (label, exact) => (label & bits.ambiguous ? SCALE[exact] : CLEAR),
    note: "Outlined: another scene gives the same image, but another label here.",
  },
  belief: {
    strength: 0,
    color: (label) => SCALE[Math.floor(label / bits.belief)],
    note: "The probability that the model gives.",
  },
  prediction: {
    strength: 0,
    color: (label) => SCALE[label & bits.predicted ? SCALE.length - 1 : 0],
    note: `Pixels taken for ${known.target} are dark.`,
  },
  error: { strength: 0, color: errorColor, note: "Found grey, missed orange, invented violet; hatched where the image cannot tell." },
};
if (!images.some((tile) => tile.ambiguity)) {
  delete LAYERS.unknowable;
  LAYERS.error.note = "Found grey, missed orange, invented violet.";
}

// Unpacks a tile's planes, a byte a pixel each, and its picture.
async function decode(tile) {
  const bytes = Uint8Array.from(atob(tile.labels), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const size = tile.width * tile.height;
  tile.pixels = planes.subarray(0, size);
  tile.exact = tile.ambiguity ? planes.subarray(size) : new Uint8Array(size);
  tile.picture = new Image();
  tile.picture.src = `data:image/png;base64,${tile.png}`;
  await tile.picture.decode();
}

function draw(canvas, tile, name) {
  const { strength } = LAYERS[name];
  const { width, height } = Object.assign(canvas, { width: tile.width, height: tile.height });
  const context = canvas.getContext("2d");
  context.fillStyle = strength < 1 ? "rgb(246 246 246)" : "white";
  context.fillRect(0, 0, width, height);
  context.globalAlpha = strength;
  if (strength < 1) context.filter = "grayscale(1)";
  if (strength > 0) context.drawImage(tile.picture, 0, 0);
  context.globalAlpha = 1;
  context.filter = "none";

  const over = new ImageData(width, height);
  paint(new Uint32Array(over.data.buffer), tile, name);
  const sheet = new OffscreenCanvas(width, height);
  sheet.getContext("2d").putImageData(over, 0, 0);
  context.drawImage(sheet, 0, 0);
  canvas.dataset.layer = name;
}

function paint(out, tile, name) {
  const { color } = LAYERS[name];
  const { width, height, pixels, exact } = tile;
  const period = Math.max(4, Math.round(Math.max(width, height) / known.hatches));
  const thickness = Math.max(2, Math.round(period / 3));
  const ambiguous = (x, y) => x >= 0 && y >= 0 && x < width && y < height && pixels[y * width + x] & bits.ambiguous;
  const near = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((across) => [across, down]));
  for (let y = 0, place = 0; y < height; y++) {
    for (let x = 0; x < width; x++, place++) {
      out[place] = color(pixels[place], exact[place], (x + y) % period < thickness);
      if (name === "unknowable" && out[place] === CLEAR && near.some(([across, down]) => ambiguous(x + across, y + down))) {
        out[place] = COLORS.ink;
      }
    }
  }
}
