// The time that all panes show, in microseconds of the run.

import { CYCLE } from "./course.js";

export class Playhead {
  at = 0;
  playing = true;
  /** Cycles a second. */
  speed = 1;
  #last = 0;

  /** @param {number} at */
  look(at) {
    this.playing = false;
    this.at = Math.max(0, at);
  }

  /** To the end of this cycle, or of the one before. @param {1 | -1} way */
  step(way) {
    this.look(CYCLE * (way > 0 ? Math.floor(this.at / CYCLE) + 1 : Math.ceil(this.at / CYCLE) - 1));
  }

  /**
   * @param {number} frame The browser's time of this frame, in milliseconds.
   * @param {number} end What is known reaches so far.
   */
  tick(frame, end) {
    const passed = Math.min(frame - this.#last, 100);
    this.#last = frame;
    if (this.playing) this.at = Math.min(Math.max(this.at, 0) + passed * 1_000 * this.speed, Math.max(end, 0));
  }
}
