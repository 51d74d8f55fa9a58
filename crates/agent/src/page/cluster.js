// The view of the cluster: nodes, what the others think of them, packets between them, and how an event spread.

import { byId, s, set } from "./dom.js";
import { Glyph } from "./glyph.js";
import { sharpen } from "./ink.js";
import { layout } from "./layout.js";
import { drawPackets, FLIGHT_MS } from "./traffic.js";
import { arrived, drawTree, GROWTH_MS } from "./tree.js";
import { alike } from "./words.js";

/** @import {Layout} from "./layout.js" */
/** @import {World} from "./world.js" */

/** Room beside the outermost ring, in pixels: half a node, a gap and a name. */
const label = (/** @type {number} */ letters) => 32 + 6.5 * Math.min(letters, 12);
/** Narrower than this, in pixels, labels leave out what all names begin with. */
const NARROW = 480;

const still = window.matchMedia("(prefers-reduced-motion: reduce)");

export class Cluster {
  /** @type {World} */
  #world;
  #stage = byId("stage");
  #canvas = /** @type {HTMLCanvasElement} */ (byId("traffic"));
  #svg = byId("nodes");
  #zones = s("g", { class: "zones", "aria-hidden": "true" });
  #nodes = s("g", {});
  /** @type {Map<string, Glyph>} */
  #glyphs = new Map();
  /** @type {Layout} */
  #layout = layout([], 1, 1, false, 0);
  #laid = "";
  #byZone = false;
  /** Nodes that are drawn as having the event. */
  #drawn = -1;
  #size = { width: 0, height: 0 };

  /** @param {World} world */
  constructor(world) {
    this.#world = world;
    this.#svg.append(this.#zones, this.#nodes);
    new ResizeObserver(([entry]) => {
      this.#size = { width: entry.contentRect.width, height: entry.contentRect.height };
      world.revision += 1;
    }).observe(this.#stage);
    this.#nodes.addEventListener("click", (event) => this.#act(event, event.shiftKey));
    this.#nodes.addEventListener("keydown", (event) => this.#key(event));
    const zones = byId("by-zone");
    zones.addEventListener("click", () => {
      this.#byZone = !this.#byZone;
      set(zones, "aria-pressed", String(this.#byZone));
      world.revision += 1;
    });
  }

  /** What changes rarely. */
  update() {
    const { moment, names } = this.#world;
    const nodes = names.flatMap((name) => moment.nodes.get(name) ?? []);
    byId("by-zone").hidden = new Set(nodes.map((node) => node.zone)).size < 2;
    const { width, height } = this.#size;
    const laid = `${width} ${height} ${this.#byZone} ${names.join(" ")}`;
    if (laid !== this.#laid) this.#lay(nodes);
    this.#laid = laid;
    const spread = this.#spread();
    for (const node of nodes) {
      const { node: selected, picked } = this.#world;
      this.#glyphs.get(node.name)?.show(node, this.#world.seen(node.name), spread.get(node.name), {
        selected: selected === node.name,
        picked: picked.has(node.name),
        labelled: this.#layout.labels || selected === node.name,
      });
    }
  }

  /** @param {import("./types.js").Node[]} nodes */
  #lay(nodes) {
    const { width, height } = this.#size;
    const cut = width < NARROW ? alike(nodes.map((node) => node.name)) : 0;
    const letters = Math.max(0, ...nodes.map((node) => node.name.length - cut));
    this.#layout = layout(nodes, width, height, this.#byZone, label(letters));
    set(this.#svg, "viewBox", `0 0 ${width} ${height}`);
    const zone = (/** @type {Layout["zones"][number]} */ { name, x, y, radius }) => [
      s("circle", { cx: x, cy: y, r: radius + 34 }),
      s("text", { x, y: y + 4, "text-anchor": "middle" }, name),
    ];
    this.#zones.replaceChildren(...this.#layout.zones.flatMap(zone));
    const there = new Set(nodes.map((node) => node.name));
    for (const [name, glyph] of this.#glyphs) {
      if (there.has(name)) continue;
      glyph.element.remove();
      this.#glyphs.delete(name);
    }
    nodes.forEach((node, i) => {
      const glyph = this.#glyphs.get(node.name) ?? new Glyph(node.name);
      this.#glyphs.set(node.name, glyph);
      const spot = this.#layout.spots.get(node.name);
      if (spot) glyph.place(spot, this.#layout.radius, node.name.slice(cut));
      // In order, for the keyboard; what is in its place keeps its focus.
      if (this.#nodes.children[i] !== glyph.element) this.#nodes.insertBefore(glyph.element, this.#nodes.children[i] ?? null);
    });
  }

  /** Who has the event, as far as its tree has grown. */
  #spread() {
    const { clock, moment, rumor } = this.#world;
    const infections = [...((rumor && moment.infections.get(rumor.id)) ?? [])];
    return new Map(infections.filter(([, infection]) => rumor && arrived(infection, rumor.at_ms, clock.shown, this.#growth)));
  }

  /** How long a branch grows, on the clock that is shown: played slowly, it takes as long to look at as ever. */
  get #growth() {
    return still.matches ? 1e-9 : GROWTH_MS * this.#speed;
  }

  get #speed() {
    const { clock } = this.#world;
    return clock.live || clock.speed === 0 ? 1 : clock.speed;
  }

  /** What moves: a function of the time that is shown. */
  frame() {
    const { clock, history, moment, rumor } = this.#world;
    const spread = this.#spread().size;
    if (spread !== this.#drawn) this.update();
    this.#drawn = spread;
    const context = sharpen(this.#canvas, this.#size.width, this.#size.height);
    const at = clock.shown;
    const infections = rumor && moment.infections.get(rumor.id);
    if (rumor && infections) drawTree(context, infections.values(), this.#layout, rumor.at_ms, at, this.#growth);
    if (!still.matches || !clock.live) drawPackets(context, history.packets, this.#layout, at, FLIGHT_MS * this.#speed);
  }

  /** @param {string | null} name */
  focus(name) {
    if (name) this.#glyphs.get(name)?.element.focus();
  }

  /** @param {Event} event @param {boolean} together */
  #act(event, together) {
    const name = target(event);
    if (!name) return;
    if (together) this.#world.pick(name);
    else this.#world.chooseNode(this.#world.node === name ? null : name);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const name = target(event);
    if (!name) return;
    const { names } = this.#world;
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step) this.focus(names[(names.indexOf(name) + step + names.length) % names.length]);
    else if (event.key === "Enter" || event.key === " ") this.#act(event, event.shiftKey);
    else return;
    event.preventDefault();
  }
}

/** @param {Event} event */
function target(event) {
  return event.target instanceof Element ? event.target.closest("[data-node]")?.getAttribute("data-node") : null;
}
