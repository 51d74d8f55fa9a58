// What one node is, knows and plans; in the demo also what can be done to it.

import { actions } from "./actions.js";
import { STATUSES } from "./consensus.js";
import { byId, h, say } from "./dom.js";
import { inside } from "./inside.js";
import { duration } from "./words.js";

/** @import {Inside} from "./types.js" */
/** @import {World} from "./world.js" */

/** How often a node that is open is asked. */
const ASK_MS = 1_000;

export class Panel {
  #world;
  #panel = byId("panel");
  #side = byId("side");
  #left;
  #title = h("h2", {});
  #facts = h("dl", { class: "facts" });
  #actions = h("div", { class: "actions" });
  #inside = h("div", { class: "inside" });
  /** @type {string | null} */
  #open = null;
  #asked = 0;
  #shown = "";

  /**
   * @param {World} world
   * @param {(name: string | null) => void} left Told which node was closed.
   */
  constructor(world, left) {
    this.#world = world;
    this.#left = left;
    const close = h("button", { type: "button", class: "quiet close", "aria-label": "Close", click: () => this.close() }, "✕");
    this.#panel.append(h("header", {}, this.#title, close), this.#facts, this.#actions, this.#inside);
  }

  close() {
    const { node } = this.#world;
    if (!node) return;
    this.#world.chooseNode(null);
    this.#left(node);
  }

  update() {
    const { node: name, moment } = this.#world;
    const node = name ? moment.nodes.get(name) : undefined;
    this.#panel.hidden = !node;
    this.#side.classList.toggle("behind", !!node);
    if (!node) {
      this.#open = null;
      return;
    }
    if (this.#open !== node.name) this.#begin(node.name);
    const shown = JSON.stringify([node, this.#world.seen(node.name), this.#world.demo]);
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#actions.replaceChildren(
        ...(this.#world.demo ? actions(node, this.#world, () => (this.#asked = performance.now())) : []),
      );
    }
    this.#state();
  }

  frame() {
    if (!this.#open || performance.now() - this.#asked < ASK_MS) return;
    this.#asked = performance.now();
    const runs = this.#world.latest.nodes.get(this.#open)?.runs;
    if (runs === "stopped" || runs === "paused") inside(this.#inside, null, this.#world);
    else this.#ask(this.#open);
    this.#state();
  }

  /** @param {string} name */
  #begin(name) {
    this.#open = name;
    this.#asked = 0;
    say(this.#title, name);
    this.#inside.replaceChildren();
    this.#panel.scrollTop = 0;
  }

  /** How the others see it. */
  #state() {
    const node = this.#open ? this.#world.moment.nodes.get(this.#open) : undefined;
    if (!node) return;
    const seen = this.#world.seen(node.name);
    const opinions = STATUSES.filter((status) => seen.by[status] > 0).map((status) =>
      h("span", { class: `says ${status}` }, `${status} ${seen.by[status]}`),
    );
    const facts = /** @type {[string, (string | Element)[]][]} */ ([
      ["The others say", opinions.length > 0 ? opinions : ["nothing"]],
      ["in this state for", [duration(this.#world.clock.shown - seen.since)]],
      ["Incarnation", [String(seen.incarnation)]],
      ["Address", [node.address]],
    ]);
    if (node.zone) facts.push(["Zone", [node.zone]]);
    if (node.runs !== "runs") facts.push(["In truth", [node.runs]]);
    if (seen.accusers.length > 0) facts.push(["Accused by", [seen.accusers.join(", ")]]);
    this.#facts.replaceChildren(...facts.map(([what, is]) => h("div", {}, h("dt", {}, what), h("dd", {}, ...is))));
  }

  /** @param {string} name */
  async #ask(name) {
    const none = { ok: false, json: async () => null };
    const answer = await fetch(`/v1/nodes/${encodeURIComponent(name)}`).catch(() => none);
    if (this.#open !== name) return;
    const said = answer.ok ? /** @type {Inside} */ (await answer.json()) : null;
    inside(this.#inside, said, this.#world);
  }
}
