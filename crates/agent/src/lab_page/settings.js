// All that decides what is shown. It is the address of the page, and nothing else is.

import { CYCLE } from "./course.js";

/** Settings of a run, by the names of the command line. */
const RUN = /** @type {const} */ (["setup", "nodes", "seed", "loss", "latency", "crash", "churn", "cut", "horizon"]);

/**
 * @typedef {object} Settings
 * @property {string} setup
 * @property {string} beside The set-up of the second pane; empty without one.
 * @property {string} nodes
 * @property {string} seed
 * @property {string} loss
 * @property {string} latency
 * @property {string} crash
 * @property {string} churn
 * @property {string} cut
 * @property {string} horizon
 * @property {string} at The cycle at which it stands still; empty while it plays.
 * @property {string} speed Cycles a second.
 */

/** @type {Settings} */
const USUAL = {
  setup: "rumor:exchange=push,k=3",
  beside: "",
  nodes: "1000",
  seed: "1",
  loss: "0%",
  latency: "20ms..80ms",
  crash: "",
  churn: "0%",
  cut: "",
  horizon: "1000",
  at: "",
  speed: "1",
};

/** @param {string} query @returns {Settings} */
export function read(query) {
  const given = new URLSearchParams(query);
  const names = /** @type {(keyof Settings)[]} */ (Object.keys(USUAL));
  return /** @type {Settings} */ (Object.fromEntries(names.map((name) => [name, given.get(name) ?? USUAL[name]])));
}

/** @param {Settings} settings As an address of the page. */
export function write(settings) {
  const names = /** @type {(keyof Settings)[]} */ (Object.keys(USUAL));
  const said = names.filter((name) => name === "setup" || settings[name] !== USUAL[name]);
  return `?${new URLSearchParams(said.map((name) => [name, settings[name]]))}`;
}

/** @param {Settings} settings @param {string} setup The address of a run. */
export function address(settings, setup) {
  const said = RUN.filter((name) => settings[name] !== "").map((name) => [name, name === "setup" ? setup : settings[name]]);
  return `/v1/lab/run?${new URLSearchParams(said)}`;
}

/** After which share of its sends the root crashes; empty if not so. @param {string} crash `root@50%` */
export function rooted(crash) {
  return /^root@([\d.]+)%?$/.exec(crash)?.[1] ?? "";
}

/** A share of the nodes crashes after a cycle. @param {string} crash `20%@5` */
export function crashed(crash) {
  const [, share, after] = /^([\d.]+)%?@(\d+)$/.exec(crash) ?? ["", "0", "5"];
  return { share, after, at: Number(share) > 0 ? Number(after) * CYCLE : null };
}

/** The halves are cut off from each other. @param {string} cut `3..8` */
export function cutOff(cut) {
  const [, from, to] = /^(\d+)\.\.(\d+)$/.exec(cut) ?? ["", "", ""];
  return { from, to, span: cut === "" ? null : [(Number(from) - 1) * CYCLE, (Number(to) - 1) * CYCLE] };
}
