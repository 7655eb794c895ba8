// Without this script the slides stand one below the other. With it one fills the window: arrows, space, page keys or a swipe turn them,
// a click or tap on the left or right third too; f is the full screen, n shows the notes. The address keeps the slide's number.
"use strict";
const slides = [...document.querySelectorAll(".slide")];
let current = 0;

function show(index) {
  current = Math.min(Math.max(index, 0), slides.length - 1);
  slides.forEach((slide, place) => slide.classList.toggle("current", place === current));
  slides[current].focus({ preventScroll: true });
  history.replaceState(null, "", `#${current + 1}`);
}

function fit() {
  document.body.style.setProperty("--scale", Math.min(innerWidth / 1280, innerHeight / 720));
}

const KEYS = {
  ArrowRight: () => show(current + 1), ArrowDown: () => show(current + 1), PageDown: () => show(current + 1), " ": () => show(current + 1),
  ArrowLeft: () => show(current - 1), ArrowUp: () => show(current - 1), PageUp: () => show(current - 1),
  Home: () => show(0), End: () => show(slides.length - 1),
  f: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
  n: () => document.body.classList.toggle("speaking"),
};
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
addEventListener("click", (event) => {
  if (event.target.closest("a") || getSelection().toString()) return;
  if (event.clientX > innerWidth * (2 / 3)) show(current + 1);
  if (event.clientX < innerWidth / 3) show(current - 1);
});
addEventListener("resize", fit);
addEventListener("hashchange", () => show(Number(location.hash.slice(1)) - 1));

slides.forEach((slide, place) => { slide.dataset.number = `${place + 1} / ${slides.length}`; });
document.body.classList.add("shown");
fit();
show((Number(location.hash.slice(1)) || 1) - 1);
