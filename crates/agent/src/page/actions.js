// What can be done to one node of the demo, each with the command that does the same to a real agent.

import { ask } from "./ask.js";
import * as commands from "./commands.js";
import { h, say } from "./dom.js";

/** @import {Node} from "./types.js" */
/** @import {World} from "./world.js" */

/**
 * @param {Node} node
 * @param {World} world
 * @param {() => void} acted Told that it may not be there for a moment.
 * @returns {HTMLElement[]}
 */
export function actions(node, world, acted) {
  const code = h("code", { class: "command", tabindex: 0, "aria-label": "The same on the command line" });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const act = async (/** @type {string} */ path, /** @type {unknown} */ body) => {
    world.clock.goLive();
    acted();
    const wrong = await ask("POST", `/v1/demo/${path}`, body);
    problem.hidden = wrong === "";
    say(problem, wrong);
  };
  const one = { node: node.name };
  const through = [...world.moment.nodes.values()].find((other) => other.name !== node.name)?.address ?? "";
  /** @type {[label: string, fits: boolean, command: string, act: () => void][]} */
  const all = [
    ["Kill", node.runs !== "stopped", commands.signal("KILL", node.name), () => act("kill", one)],
    ["Pause", node.runs === "runs" || node.runs === "cut", commands.signal("STOP", node.name), () => act("pause", one)],
    ["Resume", node.runs === "paused", commands.signal("CONT", node.name), () => act("resume", one)],
    ["Restart", true, commands.restart(node, through), () => act("restart", one)],
    ["Cut off", node.runs === "runs", commands.cut([node], "both"), () => act("cut", { nodes: [node.name], way: "both" })],
    ["Heal all", node.runs === "cut", commands.cut([node], "both", true), () => act("heal", {})],
  ];
  const fitting = all.filter(([, fits]) => fits);
  const buttons = fitting.map(([label, , command, click]) => {
    const show = () => say(code, command);
    return h(
      "button",
      { type: "button", class: label === "Kill" ? "danger" : null, click, pointerenter: show, focus: show },
      label,
    );
  });
  say(code, fitting[0][2]);
  return [h("div", { class: "row" }, ...buttons), code, problem];
}
