// The demo's scenes, as a strip: what was claimed, what was seen, and the bound that it kept.

import { byId, h, set } from "./dom.js";
import { duration } from "./words.js";

/** @import {Scene} from "./types.js" */
/** @import {World} from "./world.js" */

export class Scenes {
  #world;
  #strip = byId("scenes");
  #shown = "";
  #asked = false;

  /** @param {World} world */
  constructor(world) {
    this.#world = world;
  }

  update() {
    if (!this.#world.demo) return;
    if (!this.#asked) this.#ask();
    const scenes = [...this.#world.scenes.values()];
    const shown = JSON.stringify(scenes);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#strip.hidden = scenes.length === 0;
    this.#strip.replaceChildren(...scenes.map(card));
    this.#strip.scrollLeft = this.#strip.scrollWidth;
  }

  /** Those that were over before we came. */
  async #ask() {
    this.#asked = true;
    const answer = await fetch("/v1/scenes").catch(() => null);
    if (!answer?.ok) return;
    const before = /** @type {Scene[]} */ (await answer.json());
    before.filter((scene) => !this.#world.scenes.has(scene.step)).forEach((scene) => this.#world.onScene(scene));
  }
}

/** @param {Scene} scene */
function card({ step, claim, seen, bound, ok, ms }) {
  const verdict = `${duration(ms)} of ${duration(bound)}`;
  const card = h(
    "button",
    { type: "button", class: ok ? "scene kept" : "scene missed", "aria-expanded": "false", click: () => open(card) },
    h("strong", {}, step),
    h("span", { class: "verdict" }, `${ok ? "✓" : "✗ missed:"} ${verdict}`),
    h("span", { class: "claim" }, claim),
    h("span", { class: "seen" }, seen),
  );
  return h("li", {}, card);
}

/** Long claims are read in full. @param {HTMLElement} card */
function open(card) {
  set(card, "aria-expanded", String(card.getAttribute("aria-expanded") !== "true"));
}
