// The layers of a tile. Each is the image at some strength, and over it a colour for every pixel's label.
const { colors, bits, images } = JSON.parse(document.getElementById("explorer-data").textContent);

const WHITE = [255, 255, 255, 255];
const BLACK = [0, 0, 0, 255];
const CLEAR = [0, 0, 0, 0];

function errorColor(label) {
  const [truth, predicted] = [label & bits.truth, label & bits.predicted];
  if (truth && predicted) return [...colors.right, 255];
  if (truth) return [...colors.missed, 255];
  return predicted ? [...colors.invented, 255] : WHITE;
}

const UNKNOWN_AMBIGUITY = "Ambiguity is unknown: this needs a recipe.";

const LAYERS = {
  image: { strength: 1, color: () => CLEAR, note: "What the model saw." },
  truth: { strength: 0, color: (label) => (label & bits.truth ? BLACK : WHITE), note: "Rectangle pixels are black." },
  prediction: {
    strength: 0,
    color: (label) => (label & bits.predicted ? BLACK : WHITE),
    note: "Pixels taken for rectangle are black.",
  },
  error: { strength: 0, color: errorColor, note: "Found grey, missed orange, invented violet." },
  ambiguity: {
    strength: 0.3,
    color: (label) => (label & bits.ambiguous ? BLACK : CLEAR),
    note: "Black: another depth order gives the same image, but another label here.",
  },
};

// Unpacks a tile's labels, one byte a pixel, and its picture.
async function decode(tile) {
  const packed = Uint8Array.from(atob(tile.labels), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  tile.pixels = new Uint8Array(await new Response(stream).arrayBuffer());
  tile.picture = new Image();
  tile.picture.src = `data:image/png;base64,${tile.png}`;
  await tile.picture.decode();
}

function draw(canvas, tile, name) {
  const { strength, color } = LAYERS[name];
  const { width, height } = Object.assign(canvas, { width: tile.width, height: tile.height });
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.globalAlpha = strength;
  context.drawImage(tile.picture, 0, 0);
  context.globalAlpha = 1;

  const palette = new Uint32Array(Uint8Array.from(Array.from({ length: 8 }, (_, label) => color(label)).flat()).buffer);
  const over = new ImageData(width, height);
  new Uint32Array(over.data.buffer).set(Uint32Array.from(tile.pixels, (label) => palette[label]));
  const sheet = new OffscreenCanvas(width, height);
  sheet.getContext("2d").putImageData(over, 0, 0);
  context.drawImage(sheet, 0, 0);
  canvas.dataset.layer = name;
}
