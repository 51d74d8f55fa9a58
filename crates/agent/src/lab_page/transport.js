// Play, stop, step, speed, and back to any time.

import { byId, h, say, set } from "../page/dom.js";
import { ink, sharpen } from "../page/ink.js";
import { CYCLE } from "./course.js";

/** @import {Playhead} from "./playhead.js" */

const SPEEDS = /** @type {[string, string][]} */ ([
  ["1/50", "0.02"],
  ["1/20", "0.05"],
  ["1/8", "0.125"],
  ["1/4", "0.25"],
  ["1/2", "0.5"],
  ["1×", "1"],
  ["2×", "2"],
  ["4×", "4"],
  ["8×", "8"],
]);
const HEIGHT = 34;

export class Transport {
  #head;
  #changed;
  #end = 0;
  #play = h("button", { type: "button", class: "quiet play" }, "▶");
  #back = h("button", { type: "button", class: "quiet play", "aria-label": "Step back", title: "Step back (←)" }, "◀❙");
  #step = h("button", { type: "button", class: "quiet play", "aria-label": "Step", title: "Step (→)" }, "❙▶");
  #speed = h("select", { "aria-label": "Speed" }, ...SPEEDS.map(([label, value]) => h("option", { value }, label)));
  #canvas = h("canvas", { "aria-hidden": "true" });
  #range = h("input", { type: "range", min: 0, max: 1, step: CYCLE / 20, value: 0, "aria-label": "Time shown" });
  #track = h("div", { class: "track" }, this.#canvas, this.#range);
  #time = h("output", { class: "time" });

  /**
   * @param {Playhead} head
   * @param {() => void} changed Told when it plays, stands still, or is as fast as it was not.
   */
  constructor(head, changed) {
    this.#head = head;
    this.#changed = changed;
    byId("transport").append(this.#back, this.#play, this.#step, this.#speed, this.#track, this.#time);
    this.#play.addEventListener("click", () => this.toggle());
    this.#back.addEventListener("click", () => this.step(-1));
    this.#step.addEventListener("click", () => this.step(1));
    this.#speed.addEventListener("change", () => {
      head.speed = Number(this.#speed.value);
      changed();
    });
    this.#range.addEventListener("input", () => this.look(Number(this.#range.value)));
    window.addEventListener("keydown", (event) => this.#key(event));
  }

  toggle() {
    const head = this.#head;
    if (!head.playing && head.at >= this.#end) head.at = 0;
    head.playing = !head.playing;
    this.#changed();
  }

  /** @param {1 | -1} way */
  step(way) {
    this.#head.step(way);
    this.#head.at = Math.min(this.#head.at, this.#end);
    this.#changed();
  }

  /** @param {number} at */
  look(at) {
    this.#head.look(at);
    this.#changed();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { target } = event;
    if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLButtonElement) return;
    if (event.key === " ") this.toggle();
    else if (event.key === "ArrowRight") this.step(1);
    else if (event.key === "ArrowLeft") this.step(-1);
    else return;
    event.preventDefault();
  }

  /**
   * @param {number} end What is known reaches so far.
   * @param {{crash: number | null, cut: number[] | null}} faults
   */
  draw(end, faults) {
    this.#end = Math.max(end, 0);
    const { at, playing, speed } = this.#head;
    const moves = playing && at < this.#end;
    say(this.#play, moves ? "❚❚" : "▶");
    set(this.#play, "aria-label", moves ? "Stop here" : "Play");
    if (document.activeElement !== this.#speed) this.#speed.value = String(speed);
    set(this.#range, "max", this.#end);
    if (document.activeElement !== this.#range || moves) this.#range.value = String(at);
    const text = `cycle ${(Math.min(at, this.#end) / CYCLE).toFixed(2)}`;
    set(this.#range, "aria-valuetext", text);
    say(this.#time, text);
    this.#sketch(faults);
  }

  /** Where faults are. @param {{crash: number | null, cut: number[] | null}} faults */
  #sketch({ crash, cut }) {
    const width = this.#track.clientWidth;
    const context = sharpen(this.#canvas, width, HEIGHT);
    const x = (/** @type {number} */ at) => (this.#end > 0 ? (width * at) / this.#end : 0);
    context.fillStyle = ink("line");
    for (let cycle = 0; cycle * CYCLE <= this.#end; cycle++) context.fillRect(x(cycle * CYCLE), HEIGHT - 8, 1, 6);
    context.fillStyle = ink("dead");
    if (crash !== null && crash <= this.#end) context.fillRect(x(crash) - 1, 6, 2, HEIGHT - 10);
    context.globalAlpha = 0.3;
    if (cut) context.fillRect(x(cut[0]), 10, x(cut[1]) - x(cut[0]), HEIGHT - 18);
    context.globalAlpha = 1;
  }
}
