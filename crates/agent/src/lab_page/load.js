// A run as the server tells it, line by line.

import { Course } from "./course.js";

/** @import {Meter} from "../page/meter.js" */
/** @typedef {Cycle & {nodes: number, command?: string, outcome?: Outcome}} Line */
/** @import {Cycle, Outcome} from "./course.js" */

/**
 * @param {string} address
 * @param {AbortSignal} signal
 * @param {Meter} meter
 * @param {(course: Course) => void} told Whenever more of it is known.
 * @returns {Promise<string>} What went wrong; empty if nothing did.
 */
export async function load(address, signal, meter, told) {
  try {
    const answer = await fetch(address, { signal });
    if (!answer.ok || !answer.body) {
      const problem = await answer.json().catch(() => ({}));
      return problem.detail ?? `the server answers ${answer.status}`;
    }
    const reader = answer.body.pipeThrough(/** @type {any} */ (new TextDecoderStream())).getReader();
    const head = /** @type {{course?: Course}} */ ({});
    for await (const line of lines(reader)) {
      meter.spend(() => {
        const { nodes, command, outcome, ...cycle } = /** @type {Line} */ (JSON.parse(line));
        if (command !== undefined) head.course = new Course(nodes, command);
        else if (outcome) /** @type {Course} */ (head.course).outcome = outcome;
        else /** @type {Course} */ (head.course).add(cycle);
        told(/** @type {Course} */ (head.course));
      });
      // A cycle a frame: the page stays quick, and the server waits.
      await new Promise((next) => (document.hidden ? setTimeout(next) : requestAnimationFrame(next)));
    }
    return head.course?.outcome ? "" : "the run broke off";
  } catch {
    return signal.aborted ? "" : "the server does not answer";
  }
}

/** @param {ReadableStreamDefaultReader<string>} reader */
async function* lines(reader) {
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const whole = (rest + value).split("\n");
    rest = whole.pop() ?? "";
    yield* whole;
  }
}
