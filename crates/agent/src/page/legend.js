// What the shapes and colours mean.

import { h, s } from "./dom.js";

/** @typedef {[label: string, kind: string, path: string]} Entry */

/** @type {Entry[]} */
const STATES = [
  ["alive", "alive", "M1.8 8a6.2 6.2 0 1 0 12.4 0a6.2 6.2 0 1 0-12.4 0z"],
  ["suspect", "suspect", "M8 1.5L14.5 13.5H1.5z"],
  ["dead", "dead", "M3 3L13 13M13 3L3 13"],
  ["left", "left", "M2.5 8a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0z"],
];
/** @type {Entry[]} */
const PACKETS = [
  ["failure detection", "swim", "M4.5 8a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z"],
  ["state exchange", "state", "M4 4H12V12H4z"],
  ["event", "event", "M8 2L14 8L8 14L2 8z"],
];

/** A folded list: the picture is larger without it. */
export function legend() {
  const list = (/** @type {string} */ title, /** @type {string} */ of, /** @type {Entry[]} */ entries) =>
    h("ul", { "aria-label": title, class: of }, ...entries.map(([label, kind, path]) => entry(label, kind, path)));
  const ring = h("p", {}, "A node's shape is what most others think of it, its ring how many of them.");
  return h(
    "details",
    { open: window.innerWidth > 700 },
    h("summary", {}, "Legend"),
    list("Nodes", "states", STATES),
    list("Packets", "packets", PACKETS),
    ring,
  );
}

/** @param {string} label @param {string} kind @param {string} path */
function entry(label, kind, path) {
  const icon = s(
    "svg",
    { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" },
    s("path", { class: `mark ${kind}`, d: path }),
  );
  return h("li", {}, icon, label);
}
