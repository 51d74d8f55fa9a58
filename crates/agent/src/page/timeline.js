// The last five minutes as a line: scrub it and the cluster is shown as it was.

import { byId, h, say, set } from "./dom.js";
import { SPAN_MS } from "./history.js";
import { ink, sharpen } from "./ink.js";
import { clockTime, duration } from "./words.js";

/** @import {World} from "./world.js" */

const HEIGHT = 34;
const STEP_MS = 50;
const SPEEDS = /** @type {[string, number][]} */ ([
  ["1×", 1],
  ["1/4", 1 / 4],
  ["1/40", 1 / 40],
  ["1/400", 1 / 400],
  ["1/4000", 1 / 4_000],
]);

export class Timeline {
  #world;
  #live = h("button", { type: "button", class: "live" }, "● Live");
  #play = h("button", { type: "button", class: "quiet play" }, "▶");
  #speed = h("select", { "aria-label": "Speed" }, ...SPEEDS.map(([label, speed]) => h("option", { value: speed }, label)));
  #time = h("output", { class: "time" });
  #canvas = h("canvas", { "aria-hidden": "true" });
  #range = h("input", {
    type: "range",
    min: -SPAN_MS,
    max: 0,
    step: STEP_MS,
    value: 0,
    "aria-label": "Time shown, back from now",
  });
  #track = h("div", { class: "track" }, this.#canvas, this.#range);
  #drawn = 0;

  /** @param {World} world */
  constructor(world) {
    this.#world = world;
    const { clock } = world;
    byId("timeline").append(this.#live, this.#play, this.#speed, this.#track, this.#time);
    this.#live.addEventListener("click", () => clock.goLive());
    this.#play.addEventListener("click", () => {
      if (clock.live) clock.look(clock.now - 10_000, Number(this.#speed.value));
      else clock.speed = clock.speed === 0 ? Number(this.#speed.value) : 0;
      world.revision += 1;
    });
    this.#speed.addEventListener("change", () => {
      if (clock.speed > 0) clock.speed = Number(this.#speed.value);
    });
    this.#range.addEventListener("input", () => {
      const back = Number(this.#range.value);
      if (back >= -STEP_MS) clock.goLive();
      else clock.look(Math.max(clock.now + back, world.history.start));
      world.revision += 1;
    });
  }

  update() {
    this.#draw();
  }

  frame() {
    if (performance.now() - this.#drawn > 500) this.#draw();
  }

  #draw() {
    this.#drawn = performance.now();
    const { clock } = this.#world;
    const playing = !clock.live && clock.speed > 0;
    set(this.#live, "aria-pressed", String(clock.live));
    say(this.#play, playing ? "❚❚" : "▶");
    set(this.#play, "aria-label", playing ? "Stop here" : clock.live ? "Play the last ten seconds" : "Play from here");
    const nearest = SPEEDS.findLast(([, speed]) => speed >= clock.speed);
    if (playing && nearest) this.#speed.value = String(nearest[1]);
    const back = clock.now - clock.shown;
    if (document.activeElement !== this.#range || playing || clock.live) this.#range.value = String(-back);
    const text = clock.live ? clockTime(clock.shown) : `${clockTime(clock.shown)}, ${duration(back)} ago`;
    say(this.#time, this.#world.known ? text : "");
    set(this.#range, "aria-valuetext", clock.live ? "now" : `${duration(back)} ago`);
    this.#sketch();
  }

  /** Packets a second, and marks where something happened. */
  #sketch() {
    const { clock, history } = this.#world;
    const width = this.#track.clientWidth;
    const context = sharpen(this.#canvas, width, HEIGHT);
    const x = (/** @type {number} */ at) => width * (1 - (clock.now - at) / SPAN_MS);
    const most = Math.max(1, ...history.traffic.map(({ packets }) => packets));
    context.fillStyle = ink("line");
    const bar = (width * 1_000) / SPAN_MS;
    for (const { at_ms, packets } of history.traffic) {
      const height = (packets / most) * (HEIGHT - 12);
      context.fillRect(x(at_ms) - bar, HEIGHT - 4 - height, bar + 0.5, height);
    }
    let last = -1;
    for (const item of history.items) {
      const of =
        item.kind === "event" && item.via === null
          ? "event"
          : item.kind === "dead"
            ? "dead"
            : item.kind === "suspect"
              ? "suspect"
              : null;
      const at = Math.round(x(item.at_ms));
      if (!of || (at === last && of !== "event")) continue;
      last = at;
      context.fillStyle = ink(of);
      if (of === "event") context.fillRect(at - 1, 2, 2, HEIGHT - 6);
      else context.fillRect(at - 1, 2, 2, 7);
    }
  }
}
