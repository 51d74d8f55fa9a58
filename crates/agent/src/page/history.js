// The last five minutes: what happened, and moments in between from which any other is found.

import { Moment } from "./moment.js";

/** @import {Item, Packet, Traffic} from "./types.js" */

/** How far back one can look. */
export const SPAN_MS = 5 * 60_000;
/** A moment is kept this often: looking back applies the items of at most this time. */
const KEYFRAME_MS = 5_000;
/** A picture is a moment, too, and one is asked for each second at most. */
const MAX_KEYFRAMES = SPAN_MS / 1_000;
/** Items that change the cluster: 200 nodes that all change their minds about 100. */
const MAX_ITEMS = 20_000;
/** Sampled packets: five minutes of 100 a second, or 60 s of the most that the server sends. */
const MAX_PACKETS = 30_000;

export class History {
  /** @type {Moment[]} By time. */
  #keyframes = [];
  /** @type {Item[]} By time. */
  #items = [];
  /** @type {Packet[]} By time. */
  packets = [];
  /** @type {Traffic[]} By time, one a second. */
  traffic = [];

  /**
   * All that came before is of another cluster, or has a gap; what is known now starts it anew.
   * @param {Moment} now
   */
  restart(now) {
    this.#keyframes = this.#keyframes.filter((moment) => moment.at < now.at);
    push(this.#keyframes, now.copy(), MAX_KEYFRAMES);
    this.#items = this.#items.filter((item) => item.at_ms <= now.at);
  }

  /**
   * An item that `now` has taken.
   * @param {Moment} now
   * @param {Item} item
   */
  add(now, item) {
    push(this.#items, item, MAX_ITEMS);
    this.keep(now);
  }

  /** @param {Moment} now */
  keep(now) {
    const last = this.#keyframes.at(-1);
    if (last && now.at - last.at < KEYFRAME_MS) return;
    push(this.#keyframes, now.copy(), MAX_KEYFRAMES);
  }

  /** @param {Packet} packet */
  packet(packet) {
    push(this.packets, packet, MAX_PACKETS);
  }

  /** @param {Traffic} traffic */
  addTraffic(traffic) {
    push(this.traffic, traffic, SPAN_MS / 1000 + 1);
  }

  /** The earliest time that can be shown. */
  get start() {
    return this.#keyframes[0]?.at ?? 0;
  }

  /** What happened, oldest first. */
  get items() {
    return this.#items;
  }

  /**
   * The cluster as it was.
   * @param {number} at
   * @returns {Moment}
   */
  moment(at) {
    const i = this.#keyframes.findLastIndex((moment) => moment.at <= at);
    const from = this.#keyframes[Math.max(i, 0)];
    const moment = from?.copy() ?? new Moment();
    // Before we came: what the first picture told of earlier times.
    if (moment.at > at) moment.rewind(at);
    for (let j = after(this.#items, moment.at); j < this.#items.length && this.#items[j].at_ms <= at; j++) {
      moment.apply(this.#items[j]);
    }
    return moment;
  }
}

/**
 * Where the items later than `at` begin.
 * @param {{at_ms: number}[]} items
 * @param {number} at
 */
export function after(items, at) {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle].at_ms <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Keeps order of time and a bound: a tenth goes at once, so that the cost of forgetting is spread.
 * @template {{at_ms: number} | {at: number}} T
 * @param {T[]} list
 * @param {T} item
 * @param {number} most
 */
function push(list, item, most) {
  list.push(item);
  for (let i = list.length - 1; i > 0 && time(list[i]) < time(list[i - 1]); i--) {
    [list[i], list[i - 1]] = [list[i - 1], list[i]];
  }
  if (list.length > most) list.splice(0, Math.ceil(most / 10));
}

/** @param {{at_ms: number} | {at: number | string}} item */
function time(item) {
  return "at_ms" in item ? item.at_ms : Number(item.at);
}
