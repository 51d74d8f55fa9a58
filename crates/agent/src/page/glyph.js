// One node of the picture: its shape says how the others see it, its ring by how many of them.

import { s, set, say } from "./dom.js";
import { STATUSES } from "./consensus.js";

/** @import {Seen} from "./consensus.js" */
/** @import {Infection, Node, Spot} from "./types.js" */

/** Shapes in a circle of radius 1. */
const SHAPES = {
  alive: "M-.68 0a.68.68 0 1 0 1.36 0a.68.68 0 1 0-1.36 0z",
  suspect: "M0-.72L.68.5H-.68z",
  dead: "M-.5-.5L.5.5M.5-.5L-.5.5",
  left: "M-.55 0a.55.55 0 1 0 1.1 0a.55.55 0 1 0-1.1 0z",
  unknown: "M-.3 0a.3.3 0 1 0 .6 0a.3.3 0 1 0-.6 0z",
};

/** What is the matter with it by our own hand. */
const BADGES = {
  runs: "",
  paused: "M-2.2-3V3M2.2-3V3",
  cut: "M-4 3.2L4-3.2M-1.4-3.6L1.4 3.6",
  stopped: "M-2-2H2V2H-2z",
};

export class Glyph {
  #halo = s("circle", { class: "halo" });
  #track = s("circle", { class: "track" });
  #shape = s("path", { class: "shape" });
  #label = s("text", { class: "label", "aria-hidden": "true" });
  #badge = s("g", { class: "badge" }, s("circle", { r: 7 }), s("path", {}));
  #shares = STATUSES.map((status) => s("circle", { class: `share ${status}`, pathLength: 100 }));
  #hit = s("circle", { class: "hit" });
  element = s("g", { class: "node", tabindex: 0, role: "button" });

  /** @param {string} name */
  constructor(name) {
    this.element.append(this.#halo, this.#track, ...this.#shares, this.#hit, this.#shape, this.#badge, this.#label);
    set(this.element, "data-node", name);
  }

  /**
   * @param {Spot} spot
   * @param {number} radius
   * @param {string} label
   */
  place({ x, y, angle }, radius, label) {
    say(this.#label, label);
    const ring = radius * 1.12;
    set(this.element, "transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    for (const circle of [this.#track, ...this.#shares]) {
      set(circle, "r", ring.toFixed(1));
      set(circle, "stroke-width", Math.max(1.6, radius * 0.17).toFixed(1));
    }
    set(this.#halo, "r", (radius * 1.55).toFixed(1));
    set(this.#hit, "r", Math.max(11, radius * 1.85).toFixed(1));
    set(this.#shape, "transform", `scale(${radius.toFixed(1)})`);
    set(this.#badge, "transform", `translate(${(radius * 1.05).toFixed(1)} ${(-radius * 1.05).toFixed(1)})`);
    const away = radius * 1.6 + 7;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    set(this.#label, "x", (cos * away).toFixed(1));
    set(this.#label, "y", (sin * (away + 3) + 4).toFixed(1));
    set(this.#label, "text-anchor", Math.abs(cos) < 0.3 ? "middle" : cos > 0 ? "start" : "end");
  }

  /**
   * @param {Node} node
   * @param {Seen} seen
   * @param {Infection | undefined} infection In the event that is shown.
   * @param {{selected: boolean, picked: boolean, labelled: boolean}} marks
   */
  show(node, seen, infection, { selected, picked, labelled }) {
    const marks = [selected && "selected", picked && "picked", (labelled || seen.shown !== "alive") && "labelled"];
    set(this.element, "class", ["node", seen.shown, node.runs, ...marks.filter(Boolean)].join(" "));
    set(this.element, "aria-pressed", selected ? "true" : "false");
    set(this.element, "aria-label", described(node, seen, infection));
    set(this.element, "data-status", seen.shown);
    set(this.#shape, "d", SHAPES[seen.shown]);
    set(this.#halo, "class", `halo ${infection?.state ?? ""} ${infection && !infection.via ? "origin" : ""}`);
    const badge = this.#badge.lastElementChild;
    if (badge) set(badge, "d", BADGES[node.runs]);
    this.#share(seen);
  }

  /** @param {Seen} seen */
  #share(seen) {
    let start = 0;
    STATUSES.forEach((status, i) => {
      const share = seen.of === 0 ? 0 : (100 * seen.by[status]) / seen.of;
      // A gap between the parts, so that they can be told apart without their colour.
      const gap = share > 0 && share < 100 ? Math.min(3, share / 3) : 0;
      set(
        this.#shares[i],
        "stroke-dasharray",
        share > 0 ? `${(share - gap).toFixed(2)} ${(100 - share + gap).toFixed(2)}` : null,
      );
      set(this.#shares[i], "stroke-dashoffset", (25 - start).toFixed(2));
      set(this.#shares[i], "visibility", share > 0 ? null : "hidden");
      start += share;
    });
  }
}

/**
 * All of it in a sentence, for who does not see it.
 * @param {Node} node
 * @param {Seen} seen
 * @param {Infection | undefined} infection
 */
function described(node, seen, infection) {
  const opinions = STATUSES.filter((status) => seen.by[status] > 0).map(
    (status) => `${status} for ${seen.by[status]} of ${seen.of}`,
  );
  const parts = [node.name, opinions.join(", ") || "seen by nobody"];
  if (node.runs !== "runs") parts.push(node.runs);
  if (infection) parts.push(infection.via ? `has the event from ${infection.via}, hop ${infection.hop}` : "origin of the event");
  return parts.join("; ");
}
