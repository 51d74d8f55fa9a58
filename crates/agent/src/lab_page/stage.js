// The nodes of a run as discs whose colour and shape say their state, and the messages between them where they are now.
//
// The discs lie on a canvas of their own, on which only those are drawn anew that changed.

import { h } from "../page/dom.js";
import { ink, sharpen } from "../page/ink.js";
import { CYCLE, WIDTH } from "./course.js";
import { CRASHED, INFECTIVE, REMOVED, SUSCEPTIBLE } from "./moment.js";
import { places } from "./places.js";

/** @import {Ink} from "../page/ink.js" */
/** @import {Course} from "./course.js" */
/** @import {Moment} from "./moment.js" */
/** @import {Places} from "./places.js" */

/** By state. @type {Ink[]} */
const INKS = ["left", "event", "swim", "dead"];
/** Discs smaller than this are squares: nobody sees the difference, and they cost a third. */
const SMALL = 2.5;
/** Messages drawn at once; more are fog. */
const MAX_MESSAGES = 4_000;

export class Stage {
  #discs = h("canvas", {});
  #messages = h("canvas", { "aria-hidden": "true" });
  element = h("div", { class: "field-of-nodes" }, this.#discs, this.#messages);
  /** @type {Places | null} */
  #places = null;
  /** @type {CanvasRenderingContext2D | null} */
  #context = null;
  #size = [0, 0, 0];
  /** @type {Moment | null} What the discs show. */
  #shown = null;

  /** Everything is drawn anew. */
  forget() {
    this.#shown = null;
  }

  /** Nothing is shown. */
  clear() {
    for (const canvas of [this.#discs, this.#messages]) canvas.width = 0;
    this.#shown = null;
  }

  /**
   * @param {Course} course
   * @param {Moment} moment
   * @param {{crash: number | null, cut: number[] | null}} faults
   */
  draw(course, moment, { cut }) {
    const [width, height] = [this.element.clientWidth, this.element.clientHeight];
    if (width === 0 || height === 0) return;
    if (this.#size.join() !== [width, height, course.nodes].join()) {
      this.#size = [width, height, course.nodes];
      this.#places = places(course.nodes, width, height);
      this.#shown = null;
    }
    const at = /** @type {Places} */ (this.#places);
    if (this.#shown !== moment || !this.#context || moment.touched.length * 4 > course.nodes) {
      this.#context = sharpen(this.#discs, width, height);
      paint(this.#context, moment.state, moment.state.keys(), at);
    } else if (moment.touched.length > 0) again(this.#context, moment.state, moment.touched, at);
    moment.touched = [];
    this.#shown = moment;
    const context = sharpen(this.#messages, width, height);
    if (cut && moment.at >= cut[0] && moment.at < cut[1]) wall(context, at.middle, height);
    under(context, course, moment.at, at);
  }
}

/**
 * Some nodes, one path for each state.
 * @param {CanvasRenderingContext2D} context
 * @param {Uint8Array} state
 * @param {Iterable<number>} nodes
 * @param {Places} at
 */
function paint(context, state, nodes, at) {
  const by = /** @type {number[][]} */ ([[], [], [], []]);
  for (const node of nodes) by[state[node]].push(node);
  by.forEach((alike, shape) => {
    if (alike.length === 0) return;
    context.beginPath();
    for (const node of alike) glyph(context, shape, node, at);
    finish(context, shape, at);
  });
}

/**
 * Some nodes in their places, over what was there.
 * @param {CanvasRenderingContext2D} context
 * @param {Uint8Array} state
 * @param {number[]} nodes
 * @param {Places} at
 */
function again(context, state, nodes, at) {
  const reach = at.radius * 1.2;
  for (const node of nodes) context.clearRect(at.x[node] - reach, at.y[node] - reach, 2 * reach, 2 * reach);
  // Twice in one path would leave a hole, and a paler edge.
  paint(context, state, new Set(nodes), at);
}

/**
 * Susceptible a ring, infective a large disc, removed a small square, gone a cross.
 * @param {CanvasRenderingContext2D} context
 * @param {number} shape
 * @param {number} node
 * @param {Places} at
 */
function glyph(context, shape, node, { x, y, radius }) {
  const [cx, cy] = [x[node], y[node]];
  const size = shape === INFECTIVE ? radius * 1.1 : shape === REMOVED ? radius * 0.72 : radius * 0.7;
  if (shape === CRASHED) {
    context.moveTo(cx - size, cy - size);
    context.lineTo(cx + size, cy + size);
    context.moveTo(cx + size, cy - size);
    context.lineTo(cx - size, cy + size);
  } else if (shape === REMOVED || radius < SMALL) {
    const side = shape === SUSCEPTIBLE ? size * 0.8 : size;
    context.rect(cx - side, cy - side, 2 * side, 2 * side);
  } else {
    context.moveTo(cx + size, cy);
    context.arc(cx, cy, size, 0, 2 * Math.PI);
  }
}

/** @param {CanvasRenderingContext2D} context @param {number} shape @param {Places} at */
function finish(context, shape, { radius }) {
  context.fillStyle = context.strokeStyle = ink(INKS[shape]);
  const lines = shape === CRASHED || (shape === SUSCEPTIBLE && radius >= SMALL);
  context.lineWidth = shape === CRASHED ? Math.max(0.8, radius * 0.28) : Math.max(1, radius * 0.16);
  if (lines) context.stroke();
  else context.fill();
}

/** What parts the halves. @param {CanvasRenderingContext2D} context @param {number} x @param {number} height */
function wall(context, x, height) {
  context.strokeStyle = ink("dead");
  context.lineWidth = 2;
  context.setLineDash([7, 5]);
  context.beginPath();
  context.moveTo(x, 2);
  context.lineTo(x, height - 2);
  context.stroke();
  context.setLineDash([]);
}

/**
 * Messages that are under way, each where it is now; one that is lost comes half the way.
 * @param {CanvasRenderingContext2D} context
 * @param {Course} course
 * @param {number} now
 * @param {Places} at
 */
function under(context, course, now, { x, y, radius }) {
  const side = Math.min(4, Math.max(1.5, radius * 0.5));
  let drawn = 0;
  context.beginPath();
  for (let cycle = Math.max(0, Math.floor((now - course.longest) / CYCLE)); cycle < course.cycles.length; cycle++) {
    const { packets } = course.cycles[cycle];
    if (packets.length > 0 && packets[0] > now) break;
    for (let i = first(packets, now - course.longest); i < packets.length && packets[i] <= now; i += WIDTH) {
      const [sent, arrives, from, to] = [packets[i], packets[i + 1], packets[i + 2], packets[i + 3]];
      const gone = (now - sent) / ((arrives < 0 ? sent + course.longest : arrives) - sent);
      if (gone > (arrives < 0 ? 0.5 : 1) || drawn === MAX_MESSAGES) continue;
      drawn += 1;
      context.rect(x[from] + (x[to] - x[from]) * gone - side / 2, y[from] + (y[to] - y[from]) * gone - side / 2, side, side);
    }
  }
  context.fillStyle = ink("suspect");
  context.fill();
}

/**
 * Where the packets begin that were sent at this time or later.
 * @param {number[]} packets @param {number} at
 */
function first(packets, at) {
  let [low, high] = [0, packets.length / WIDTH];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (packets[middle * WIDTH] < at) low = middle + 1;
    else high = middle;
  }
  return low * WIDTH;
}
