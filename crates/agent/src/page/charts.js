// An event's spreading, packets and bytes: three charts on one axis of time.

import { byId, h, set } from "./dom.js";
import { addressed } from "./events.js";
import { SPAN_MS } from "./history.js";
import { Plot } from "./plot.js";
import { sir, steps } from "./series.js";
import { bytes, clockTime, duration } from "./words.js";

/** @import {World} from "./world.js" */

/** @typedef {"5 min" | "1 min" | "10 s" | "This event"} Range */
const SPANS = /** @type {Record<string, number>} */ ({ "5 min": SPAN_MS, "1 min": 60_000, "10 s": 10_000 });

export class Charts {
  #world;
  /** @type {Range} */
  #range = "This event";
  #buttons;
  #plots;
  /** When the event began, if the axis counts from there. @type {{from: number, to: number, origin: number | null}} */
  #axis = { from: 0, to: 1, origin: null };
  #drawn = 0;

  /** @param {World} world */
  constructor(world) {
    this.#world = world;
    this.#plots = Array.from({ length: 3 }, () => new Plot((share) => this.#look(share)));
    this.#buttons = /** @type {Range[]} */ (["5 min", "1 min", "10 s", "This event"]).map((range) =>
      h("button", { type: "button", class: "quiet", click: () => this.#choose(range) }, range),
    );
    const key = h(
      "ul",
      { class: "key" },
      ...[
        ["s", "susceptible: has not heard it"],
        ["i", "infective: tells it"],
        ["r", "removed: has stopped telling it"],
        ["logistic", "logistic growth"],
      ].map(([name, text]) => h("li", { class: name }, text)),
    );
    byId("view-charts").append(
      h(
        "div",
        { class: "head" },
        h("h2", {}, "Charts"),
        h("div", { class: "row", role: "group", "aria-label": "Span of time" }, ...this.#buttons),
      ),
      key,
      ...this.#plots.map((plot) => plot.element),
    );
  }

  update() {
    this.#draw();
  }

  frame() {
    if (this.#world.clock.live && performance.now() - this.#drawn > 250) this.#draw();
  }

  /** @param {Range} range */
  #choose(range) {
    this.#range = range;
    this.#draw();
  }

  /** @param {number} share */
  #look(share) {
    const { from, to } = this.#axis;
    this.#world.clock.look(Math.min(from + share * (to - from), this.#world.clock.now));
  }

  /** From when to when: up to now, or around what is looked at. */
  #between() {
    const { clock, rumor } = this.#world;
    if (this.#range === "This event" && rumor) {
      // While it spreads, and as much again: that it is told no more may take a hundred times as long.
      const times = this.#infections().map(({ at_ms }) => at_ms);
      const first = Math.min(rumor.at_ms, ...times);
      const span = Math.max(0.2, ...times.map((at) => at - first));
      return { from: first, to: first + span * 2, origin: first };
    }
    const span = SPANS[this.#range] ?? SPAN_MS;
    const to = clock.live || span === SPAN_MS ? clock.now : Math.min(clock.now, clock.shown + span / 2);
    return { from: to - span, to, origin: null };
  }

  /** All that is known of the event, whatever time is looked at. */
  #infections() {
    const { rumor, latest } = this.#world;
    return rumor ? [...(latest.infections.get(rumor.id)?.values() ?? [])] : [];
  }

  #draw() {
    this.#drawn = performance.now();
    const { clock, history, rumor } = this.#world;
    this.#buttons.forEach((button) => set(button, "aria-pressed", String(button.textContent === this.#range)));
    const { from, to, origin } = (this.#axis = this.#between());
    const infections = this.#infections();
    const of = Math.max(infections.length, addressed(this.#world));
    const { s, i, r, logistic } = sir(infections, of, Math.min(to, clock.now));
    const rate = logistic ? `; dashed: logistic growth, r = ${logistic.rate.toFixed(0)} per second` : "";
    const time = (/** @type {number} */ at) =>
      origin === null ? clockTime(at) : `${at < origin ? "−" : ""}${duration(Math.abs(at - origin))}`;
    const shared = { from, to, shown: clock.shown, time };
    const whole = (/** @type {number} */ n) => String(Math.round(n));
    this.#plots[0].draw({
      ...shared,
      title: rumor ? `Nodes by what they know of ${rumor.name} ${rumor.payload}${rate}` : "No event yet",
      curves: [
        { name: "r", series: r, fill: true },
        { name: "i", series: i, fill: true },
        { name: "s", series: s },
        { name: "logistic", series: logistic?.curve ?? [] },
      ],
      unit: whole,
      most: of,
    });
    this.#plots[1].draw({
      ...shared,
      title: "Packets per second",
      curves: [{ name: "rate", series: steps(history.traffic, "packets"), fill: true }],
      unit: whole,
    });
    this.#plots[2].draw({
      ...shared,
      title: "Bytes per second",
      curves: [{ name: "rate", series: steps(history.traffic, "bytes"), fill: true }],
      unit: (n) => bytes(n).replace(".0 ", " "),
    });
  }
}
