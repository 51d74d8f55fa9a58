// Susceptible, infective and removed nodes over time, and the logistic growth of the theory, dashed.

import { Plot } from "../page/plot.js";
import { logistic } from "../page/series.js";
import { CYCLE } from "./course.js";

/** @import {Course} from "./course.js" */

/** The axis is at least so many cycles long. */
const LEAST = 12;

export class Curve {
  #plot;
  #drawn = "";

  /** @param {(at: number) => void} look Told which microsecond somebody points at. */
  constructor(look) {
    this.#plot = new Plot((share) => look(share * this.#to * 1_000));
    this.element = this.#plot.element;
  }

  /** The end of the axis in milliseconds. */
  #to = LEAST * 1_000;

  /** Draws it anew. */
  forget() {
    this.#drawn = "";
  }

  /**
   * @param {Course} course
   * @param {number} at
   * @param {number} end Of all courses that are shown, in microseconds.
   */
  draw(course, at, end) {
    const drawn = [course.command, course.cycles.length, course.outcome !== null, end, this.element.clientWidth].join();
    if (drawn === this.#drawn) {
      this.#plot.show(at / 1_000);
      return;
    }
    this.#drawn = drawn;
    this.#to = Math.max(LEAST * CYCLE, end) / 1_000;
    const [s, i, r] = course.curve;
    const theory = logistic(course.reached, course.nodes);
    const rate = theory ? `; dashed: logistic growth, r = ${theory.rate.toFixed(2)} a cycle` : "";
    this.#plot.draw({
      title: `Nodes by cycle${rate}`,
      curves: [
        { name: "r", series: r, fill: true },
        { name: "i", series: i, fill: true },
        { name: "s", series: s },
        { name: "logistic", series: theory?.curve.filter(([time]) => time <= this.#to) ?? [] },
      ],
      from: 0,
      to: this.#to,
      shown: at / 1_000,
      unit: (n) => String(Math.round(n)),
      time: (time) => (time / 1_000).toFixed(this.#to < 20_000 ? 1 : 0),
      most: course.nodes,
    });
  }
}
