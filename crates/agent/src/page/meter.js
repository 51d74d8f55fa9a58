// How much script a frame costs: all that runs between two frames, as the browser's own measure `script`.

/** Measures that the browser keeps for us: ten seconds. */
const KEPT = 600;

export class Meter {
  #spent = 0;
  #frames = 0;

  /**
   * @template T
   * @param {() => T} work
   * @returns {T}
   */
  spend(work) {
    const start = performance.now();
    try {
      return work();
    } finally {
      this.#spent += performance.now() - start;
    }
  }

  /** A frame is drawn. */
  frame() {
    this.#frames += 1;
    if (this.#frames % KEPT === 0) performance.clearMeasures("script");
    performance.measure("script", { start: performance.now() - this.#spent, duration: this.#spent });
    this.#spent = 0;
  }
}
