// How the others see a node: by how many of them each status, and which of these the page shows.

/** @import {Moment} from "./moment.js" */
/** @import {Opinion, Status} from "./types.js" */

/** In the order in which a ring is drawn, and in which one wins over an equally frequent one. */
export const STATUSES = /** @type {const} */ (["dead", "left", "suspect", "alive", "unknown"]);

/** @typedef {Status | "unknown"} Shown */

/**
 * @typedef {object} Seen
 * @property {Record<Shown, number>} by How many observers say so.
 * @property {number} of How many look.
 * @property {Shown} shown What most say.
 * @property {number} incarnation The highest that anyone knows.
 * @property {number} since When the last of them changed its mind.
 * @property {string[]} accusers
 */

/**
 * @param {Moment} moment
 * @param {string} target
 * @returns {Seen}
 */
export function seen(moment, target) {
  const by = { alive: 0, suspect: 0, dead: 0, left: 0, unknown: 0 };
  const accusers = new Set();
  let [of, incarnation, since] = [0, 0, 0];
  for (const [observer, row] of moment.views) {
    if (observer === target && moment.views.size > 1) continue;
    const opinion = row.get(target);
    of += 1;
    by[opinion?.status ?? "unknown"] += 1;
    if (!opinion) continue;
    incarnation = Math.max(incarnation, opinion.incarnation);
    since = Math.max(since, opinion.since);
    for (const accuser of accused(opinion)) accusers.add(accuser);
  }
  const shown = STATUSES.reduce((best, status) => (by[status] > by[best] ? status : best));
  return { by, of, shown: of === 0 ? "unknown" : shown, incarnation, since, accusers: [...accusers].sort(inOrder) };
}

/**
 * Who accuses, by this opinion.
 * @param {Opinion} opinion
 * @returns {string[]}
 */
export function accused(opinion) {
  return opinion.status === "suspect" || opinion.status === "dead" ? (opinion.by ?? []) : [];
}

const collator = new Intl.Collator("en", { numeric: true });

/**
 * Names as people order them: node-2 before node-10.
 * @param {string} a
 * @param {string} b
 */
export function inOrder(a, b) {
  return collator.compare(a, b);
}
