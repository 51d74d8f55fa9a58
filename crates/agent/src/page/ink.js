// Colours for canvases, from the style sheet: read once, and again when the theme changes.

const NAMES = /** @type {const} */ ([
  "ink",
  "soft",
  "line",
  "paper",
  "alive",
  "suspect",
  "dead",
  "left",
  "swim",
  "state",
  "event",
  "other",
  "hop-0",
  "hop-1",
  "hop-2",
  "hop-3",
  "hop-4",
  "chart-s",
  "chart-i",
  "chart-r",
]);

/** @typedef {typeof NAMES[number]} Ink */

/** @type {Map<Ink, string>} */
const known = new Map();

/** @param {Ink} name */
export function ink(name) {
  if (known.size === 0) refreshInk();
  return known.get(name) ?? "#888";
}

/** Asks the style sheet: a probe resolves `light-dark()`, which a custom property does not. */
export function refreshInk() {
  const probe = document.body.appendChild(document.createElement("i"));
  for (const name of NAMES) {
    probe.style.setProperty("color", `var(--${name})`);
    known.set(name, getComputedStyle(probe).color);
  }
  probe.remove();
}

/**
 * Makes a canvas as sharp as the screen; its context then draws in pixels of the page.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
export function sharpen(canvas, width, height) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
