// FNV-1a with 64 bits (Fowler, Noll, Vo 1991), in two halves: numbers here are exact to 53 bits only.

/** @typedef {{high: number, low: number}} Hash */

/** @type {Readonly<Hash>} */
export const BASIS = { high: 0xcbf29ce4, low: 0x84222325 };
/** The prime is 2^40 and this. */
const PRIME_LOW = 0x1b3;

/**
 * The hash with these bytes after those that it is over already.
 * @param {Readonly<Hash>} hash
 * @param {Uint8Array} bytes
 * @returns {Hash}
 */
export function fold({ high, low }, bytes) {
  for (const byte of bytes) {
    low = (low ^ byte) >>> 0;
    const product = low * PRIME_LOW;
    // 2^40 moves the low half up by 8 bits of the high one.
    high = (high * PRIME_LOW + Math.floor(product / 2 ** 32) + low * 2 ** 8) % 2 ** 32;
    low = product % 2 ** 32;
  }
  return { high, low };
}

/** @param {Readonly<Hash>} hash */
export function hex({ high, low }) {
  return [high, low].map((half) => half.toString(16).padStart(8, "0")).join("");
}
