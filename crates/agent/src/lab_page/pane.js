// One run: its nodes, its curve, its figures.

import { h, say, set } from "../page/dom.js";
import { CYCLE } from "./course.js";
import { Curve } from "./curve.js";
import { hex } from "./fnv.js";
import { load } from "./load.js";
import { Stage } from "./stage.js";
import { title } from "./rules.js";

/** @import {Meter} from "../page/meter.js" */
/** @import {Course} from "./course.js" */
/** @import {Moment} from "./moment.js" */

export class Pane {
  /** @type {Course | null} */
  course = null;
  /** What went wrong. */
  problem = "";
  #address = "";
  #abort = new AbortController();
  /** @type {Moment | null} */
  #moment = null;
  #stage = new Stage();
  #curve;
  #title = h("h2", {});
  #hash = h("code", { class: "hash", title: "Over the state of all nodes at the end of each cycle" });
  #facts = h("p", { class: "facts soft" });
  #outcome = h("p", { class: "outcome" });
  #command = h("code", { class: "command", tabindex: 0, "aria-label": "The same on the command line" });

  #meter;

  /** @param {(at: number) => void} look @param {Meter} meter */
  constructor(look, meter) {
    this.#meter = meter;
    this.#curve = new Curve(look);
    this.element = h(
      "section",
      { class: "pane" },
      h("header", { class: "head" }, this.#title, this.#hash),
      this.#facts,
      this.#stage.element,
      this.#outcome,
      this.#curve.element,
      this.#command,
    );
    set(this.#stage.element, "role", "img");
  }

  /** Runs what is not run yet. @param {string} setup @param {string} address */
  show(setup, address) {
    if (address === this.#address) return;
    this.#address = address;
    this.#abort.abort();
    const abort = (this.#abort = new AbortController());
    say(this.#title, title(setup));
    set(this.element, "aria-label", title(setup));
    this.problem = "";
    let old = true;
    const told = (/** @type {Course} */ course) => {
      if (abort.signal.aborted) return;
      if (old) this.#moment = null;
      old = false;
      this.course = course;
    };
    load(address, abort.signal, this.#meter, told).then((problem) => {
      if (abort.signal.aborted) return;
      this.problem = problem;
      if (problem) this.#clear();
    });
  }

  /** What cannot be run is not shown. */
  #clear() {
    [this.course, this.#moment] = [null, null];
    this.#stage.clear();
    for (const part of [this.#hash, this.#facts, this.#outcome, this.#command]) say(part, "");
  }

  /** It is not shown any more. */
  close() {
    this.#abort.abort();
    this.element.remove();
  }

  /** Colours or sizes changed. */
  forget() {
    this.#stage.forget();
    this.#curve.forget();
  }

  /**
   * @param {number} at
   * @param {number} end Of all runs that are shown.
   * @param {{crash: number | null, cut: number[] | null}} faults
   */
  draw(at, end, faults) {
    const { course } = this;
    if (!course) return;
    const shown = Math.min(at, Math.max(course.end, 0));
    if (!this.#moment || shown < this.#moment.at) this.#moment = course.before(shown);
    this.#moment.advance(course, shown);
    this.#stage.draw(course, this.#moment, faults);
    this.#curve.draw(course, shown, end);
    this.#tell(course, this.#moment);
  }

  /** @param {Course} course @param {Moment} moment */
  #tell(course, { counts, hash, cycle }) {
    const [s, i, r, x] = counts;
    const { one_in } = course.cycles[Math.max(0, Math.min(cycle + 1, course.cycles.length - 1))] ?? { one_in: 1 };
    const facts = [`S ${s}`, `I ${i}`, `R ${r}`, ...(x > 0 ? [`gone ${x}`] : [])];
    say(this.#hash, hex(hash));
    set(this.#hash, "data-cycle", cycle);
    say(this.#facts, `${facts.join("  ·  ")}${one_in > 1 ? `  ·  one message in ${one_in} is shown` : ""}`);
    set(this.#stage.element, "aria-label", `${course.nodes} nodes: ${facts.join(", ")}`);
    say(this.#outcome, summed(course));
    say(this.#command, course.command);
  }
}

/** @param {Course} course */
function summed({ outcome, end }) {
  if (!outcome) return `running: cycle ${Math.max(0, end / CYCLE)}`;
  const { residue, traffic, t50, t99, cycles, over } = outcome;
  const times = [t50 === null ? "" : `half by cycle ${t50}`, t99 === null ? "" : `99 % by ${t99}`].filter(Boolean);
  const missed = `${(residue * 100).toFixed(2)} % missed`;
  const ended = over ? `over after ${cycles}` : `cut short after ${cycles}`;
  return [missed, `told ${traffic.toFixed(2)} times a node`, ...times, ended].join(" · ");
}
