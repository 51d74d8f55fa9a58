// What happened in a run, as far as it was told.

import { BASIS } from "./fnv.js";
import { CRASHED, Moment } from "./moment.js";

/** A cycle in microseconds. */
export const CYCLE = 1_000_000;
/** Numbers of one change, and of one packet. */
export const WIDTH = 4;
/** Cycles between key frames. */
const EVERY = 8;
/** Points of the curve in a cycle. */
const POINTS = 20;

/** @import {Series} from "../page/series.js" */
/** @typedef {{cycle: number, changes: number[], one_in: number, packets: number[]}} Cycle As `/v1/lab/run` tells it. */
/** @typedef {{residue: number, traffic: number, messages: number, t50: number | null, t99: number | null, cycles: number, over: boolean}} Outcome */

export class Course {
  /** @type {Cycle[]} */
  cycles = [];
  /** @type {Outcome | null} */
  outcome = null;
  /** Susceptible, infective and removed nodes over milliseconds. @type {[s: Series, i: Series, r: Series]} */
  curve = [[], [], []];
  /** When each node that knows it came to know it, in milliseconds. @type {number[]} */
  reached = [];
  /** The longest that a packet was under way, in microseconds. */
  longest = 0;
  /** @type {Moment[]} */
  #frames = [];
  #writer;
  /** Nodes that have come to know it. */
  #known;

  /** @param {number} nodes @param {string} command */
  constructor(nodes, command) {
    this.nodes = nodes;
    this.command = command;
    this.#writer = new Moment(nodes, BASIS);
    this.#frames.push(this.#writer.copy());
    this.#known = new Uint8Array(nodes);
  }

  /** The end of the last cycle that was told. */
  get end() {
    return (this.cycles.length - 1) * CYCLE;
  }

  /** @param {Cycle} cycle */
  add(cycle) {
    this.cycles.push(cycle);
    const { changes, packets } = cycle;
    for (let i = 0; i < packets.length; i += WIDTH) {
      if (packets[i + 1] >= 0) this.longest = Math.max(this.longest, packets[i + 1] - packets[i]);
    }
    for (let i = 0; i < changes.length; i += WIDTH) {
      const [at, node, now] = [changes[i], changes[i + 1], changes[i + 2]];
      if (now === CRASHED || this.#known[node]) continue;
      this.#known[node] = 1;
      this.reached.push(at / 1_000);
    }
    const start = this.end - CYCLE;
    for (let point = 1; point <= POINTS; point++) {
      const at = cycle.cycle === 0 ? 0 : start + (CYCLE * point) / POINTS;
      this.#writer.advance(this, at);
      this.curve.forEach((series, state) => series.push([at / 1_000, this.#writer.counts[state]]));
      if (cycle.cycle === 0) break;
    }
    this.#writer.touched = [];
    if (cycle.cycle % EVERY === 0) this.#frames.push(this.#writer.copy());
  }

  /**
   * A moment of its own from which `at` can be reached: the last key frame before it.
   * @param {number} at
   */
  before(at) {
    return /** @type {Moment} */ (this.#frames.findLast((frame) => frame.at <= at) ?? this.#frames[0]).copy();
  }
}
