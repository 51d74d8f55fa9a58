// The time that is shown: now, or a time of the last five minutes that somebody looks at, still or played slowly.
//
// Everything that moves is a function of this time. So looking back shows packets in flight where they were, and an
// event that reached all in 100 ms can be watched.

export class Clock {
  /** Server's clock minus ours. */
  #ahead = 0;
  /** Where the past is shown, or null for now. @type {number | null} */
  #past = null;
  /** Of the past: 0 stands still, 1 is as fast as it was. */
  speed = 0;
  /** Played until then, it is live again. */
  #until = Infinity;
  #last = 0;

  /** @param {number} now_ms The server's time, just heard. */
  set(now_ms) {
    this.#ahead = now_ms - Date.now();
  }

  /** The server's time. */
  get now() {
    return Date.now() + this.#ahead;
  }

  get live() {
    return this.#past === null;
  }

  /** The time that is shown. */
  get shown() {
    return this.#past ?? this.now;
  }

  /**
   * @param {number} at
   * @param {number} speed
   * @param {number} until
   */
  look(at, speed = 0, until = Infinity) {
    this.#past = at;
    this.speed = speed;
    this.#until = until;
  }

  goLive() {
    this.#past = null;
    this.speed = 0;
  }

  /**
   * Moves on; one that is played to the end is live again.
   * @param {number} frame The browser's time of this frame.
   */
  tick(frame) {
    const passed = Math.min(frame - this.#last, 100);
    this.#last = frame;
    if (this.#past === null) return;
    this.#past += passed * this.speed;
    if (this.#past >= Math.min(this.now, this.#until)) this.goLive();
  }
}
