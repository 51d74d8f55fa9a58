// Numbers, as people read them.

/** @param {number} ms */
export function duration(ms) {
  if (!Number.isFinite(ms)) return "-";
  if (ms > 0 && ms < 1) return `${Math.round(ms * 1_000)} µs`;
  if (ms > 0 && ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.floor((ms % 3_600_000) / 60_000)} min`;
}

/** @param {number} n */
export function bytes(n) {
  if (n < 1_000) return `${Math.round(n)} B`;
  return n < 1_000_000 ? `${(n / 1_000).toFixed(1)} kB` : `${(n / 1_000_000).toFixed(1)} MB`;
}

/** @param {number} at_ms Milliseconds since 1970. */
export function clockTime(at_ms) {
  return new Date(at_ms).toLocaleTimeString("en-GB");
}

/**
 * Where names begin to differ, if they begin alike: with "node-1" to "node-24" their number says it all.
 * @param {string[]} names
 */
export function alike(names) {
  if (names.length < 2) return 0;
  let same = 0;
  while (names.every((name) => name[same] !== undefined && name[same] === names[0][same])) same += 1;
  // A number is not cut.
  const digits = /\d*$/.exec(names[0].slice(0, same))?.[0].length ?? 0;
  return names.every((name) => name.length > same - digits) ? same - digits : 0;
}

/**
 * @param {number} n
 * @param {string} one
 */
export function count(n, one) {
  return `${n} ${one}${n === 1 ? "" : "s"}`;
}
