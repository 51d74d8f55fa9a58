// Numbers over time, found in what happened.

/** @import {Infection} from "./types.js" */

/** @typedef {[at: number, y: number][]} Series */

/**
 * Susceptible, infective and removed nodes of an event, and the logistic curve through its start and its half.
 * @param {Infection[]} infections
 * @param {number} of All nodes that it is for.
 * @param {number} until The last level is held until then.
 */
export function sir(infections, of, until) {
  /** @type {[at: number, s: number, i: number, r: number][]} */
  const changes = [];
  for (const { at_ms, state, removed_ms } of infections) {
    changes.push([at_ms, -1, 1, 0]);
    // One that was over before we came: nobody knows when it was.
    if (state === "removed" && removed_ms !== undefined) changes.push([removed_ms, 0, -1, 1]);
  }
  changes.sort((a, b) => a[0] - b[0]);
  let now = [of, 0, 0];
  const series = /** @type {Series[]} */ ([[], [], []]);
  for (const [at, ...change] of changes) {
    // A step, not a slope.
    series.forEach((one, i) => one.push([at, now[i]], [at, now[i] + change[i]]));
    now = now.map((n, i) => n + change[i]);
  }
  const last = changes.at(-1)?.[0];
  if (last !== undefined && last < until) series.forEach((one, i) => one.push([until, now[i]]));
  return { s: series[0], i: series[1], r: series[2], logistic: logistic(infections.map(({ at_ms }) => at_ms), of) };
}

/**
 * `n / (1 + (n - 1) e^(-rt))`, whose one parameter is the rate at which half of all are reached when they were.
 * @param {number[]} reached When each was, in milliseconds.
 * @param {number} of
 * @returns {{rate: number, curve: Series} | null} The rate is per second.
 */
export function logistic(reached, of) {
  const times = reached.toSorted((a, b) => a - b);
  const half = times[Math.ceil(of / 2) - 1];
  if (half === undefined || of < 4 || half <= times[0]) return null;
  const rate = Math.log(of - 1) / (half - times[0]);
  const span = 2.2 * (half - times[0]);
  const curve = Array.from({ length: 49 }, (_, k) => {
    const t = (span * k) / 48;
    return /** @type {[number, number]} */ ([times[0] + t, of / (1 + (of - 1) * Math.exp(-rate * t))]);
  });
  return { rate: rate * 1_000, curve };
}

/**
 * What was counted over the last second, as a step.
 * @template {string} K
 * @param {({at_ms: number} & Record<K, number>)[]} counts By time.
 * @param {K} what
 * @returns {Series}
 */
export function steps(counts, what) {
  return counts.flatMap(
    (one) =>
      /** @type {Series} */ ([
        [one.at_ms - 1_000, one[what]],
        [one.at_ms, one[what]],
      ]),
  );
}
