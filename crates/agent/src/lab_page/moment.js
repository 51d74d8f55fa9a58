// All nodes at one moment of a run. It moves forward by what happened; back, by a key frame and forward from there.

import { CYCLE, WIDTH } from "./course.js";
import { fold } from "./fnv.js";

/** @import {Course} from "./course.js" */
/** @import {Hash} from "./fnv.js" */

/** What a node is, as the bytes of the hash have it. */
export const [SUSCEPTIBLE, INFECTIVE, REMOVED, CRASHED] = [0, 1, 2, 3];

export class Moment {
  at = -1;
  /** The last cycle whose end is past; 0 is the start. */
  cycle = -1;
  /** How many numbers of the changes in the cycle after that are past. */
  #next = 0;
  /** Nodes that changed since somebody looked here. @type {number[]} */
  touched = [];

  /** @param {number} nodes @param {Readonly<Hash>} hash */
  constructor(nodes, hash) {
    this.state = new Uint8Array(nodes);
    this.counts = [nodes, 0, 0, 0];
    /** Over what was shown at the end of each cycle so far. */
    this.hash = hash;
  }

  copy() {
    const copy = new Moment(0, this.hash);
    copy.state = this.state.slice();
    copy.counts = [...this.counts];
    [copy.at, copy.cycle, copy.#next] = [this.at, this.cycle, this.#next];
    return copy;
  }

  /**
   * @param {Course} course
   * @param {number} at Not before where this is. The end of a cycle is before what happens in the next.
   */
  advance(course, at) {
    while (this.cycle + 1 < course.cycles.length && (this.cycle + 1) * CYCLE <= at) {
      this.#apply(course.cycles[this.cycle + 1].changes, Infinity);
      this.hash = fold(this.hash, this.state);
      this.cycle += 1;
      this.#next = 0;
    }
    if (this.cycle + 1 < course.cycles.length) this.#apply(course.cycles[this.cycle + 1].changes, at);
    this.at = at;
  }

  /** @param {number[]} changes @param {number} until */
  #apply(changes, until) {
    for (; this.#next < changes.length && changes[this.#next] < until; this.#next += WIDTH) {
      const [node, now] = [changes[this.#next + 1], changes[this.#next + 2]];
      this.counts[this.state[node]] -= 1;
      this.counts[now] += 1;
      this.state[node] = now;
      this.touched.push(node);
    }
  }
}
