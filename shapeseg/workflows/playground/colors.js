// What the page was told from the start, and the colours in which pixels are shown.
const data = JSON.parse(document.getElementById("playground-data").textContent);
const { bits } = data;

const byId = (id) => document.getElementById(id);
const make = (name, properties, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};
// What stays the same is left alone, here and below: the browser would lay it out and paint it again in every frame.
const setText = (element, text) => { if (element.textContent !== text) element.textContent = text; };
const many = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

const NAMES = {
  "255,0,0": "red", "0,255,0": "green", "0,0,255": "blue", "255,255,0": "yellow", "0,255,255": "cyan",
  "255,0,255": "magenta", "0,0,0": "black", "255,255,255": "white",
};
const hex = (color) => `#${color.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
const colorName = (color) => NAMES[color] ?? hex(color);
const kindName = (kind) => kind.replaceAll("_", " ");

// A pixel as a number, as a canvas keeps it.
const packed = ([red, green, blue]) => new Uint32Array(new Uint8Array([red, green, blue, 255]).buffer)[0];
const lighter = (color) => packed(color.map((channel) => Math.round(channel + 0.65 * (255 - channel))));

const WHITE = packed([255, 255, 255]);
const INK = packed([20, 25, 28]);
const OTHER = packed([211, 217, 219]);
const CHECK = packed([96, 125, 139]);
const RAMP = Uint32Array.from(data.ramp, packed);
const [RIGHT, MISSED, INVENTED] = ["right", "missed", "invented"].map((name) => packed(data.colors[name]));
const [MISSED_LIGHT, INVENTED_LIGHT] = ["missed", "invented"].map((name) => lighter(data.colors[name]));
