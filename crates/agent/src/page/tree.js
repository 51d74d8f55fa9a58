// The infection tree of an event: who has it from whom, drawn as it grew.

import { ink } from "./ink.js";

/** @import {Ink} from "./ink.js" */
/** @import {Layout} from "./layout.js" */
/** @import {Infection} from "./types.js" */

/** A branch takes so long to grow; the message itself was faster. */
export const GROWTH_MS = 420;
const DEEPEST = 4;

/**
 * When a branch begins to grow: at its time, and when the branch before it is there. Seen hop by hop, though all of it
 * may have taken a millisecond.
 * @param {Infection} infection
 * @param {number} start When the event began.
 * @param {number} growth How long a branch grows, on the clock that is shown.
 */
function begins({ at_ms, hop }, start, growth) {
  return Math.max(at_ms, start + (hop - 1) * growth);
}

/**
 * Whether the branch that brings an event to a node is there.
 * @param {Infection} infection
 * @param {number} start
 * @param {number} at The time that is shown.
 * @param {number} growth
 */
export function arrived(infection, start, at, growth) {
  return at >= (infection.via ? begins(infection, start, growth) + growth : infection.at_ms);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Iterable<Infection>} infections
 * @param {Layout} layout
 * @param {number} start
 * @param {number} at
 * @param {number} growth
 */
export function drawTree(context, infections, layout, start, at, growth) {
  const { middle } = layout;
  context.lineCap = "round";
  for (const infection of infections) {
    const { node, via, hop } = infection;
    const begin = begins(infection, start, growth);
    const [a, b] = [via ? layout.spots.get(via) : undefined, layout.spots.get(node)];
    if (!a || !b || at < begin) continue;
    const grown = Math.min(1, (at - begin) / growth);
    // Bent towards the middle, so that branches between neighbours are seen, too.
    const between = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
    const bend = Math.min(0.45, Math.hypot(a.x - b.x, a.y - b.y) / 450 + 0.06);
    const c = { x: between.x + (middle.x - between.x) * bend, y: between.y + (middle.y - between.y) * bend };
    const [root, tip] = trimmed(a, b, c, layout.radius * 1.5);
    const branch = upTo(root, c, tip, grown);
    context.strokeStyle = context.fillStyle = ink(/** @type {Ink} */ (`hop-${Math.min(hop, DEEPEST)}`));
    context.lineWidth = Math.max(1.4, 3.4 - 0.55 * hop);
    context.globalAlpha = 0.92;
    context.beginPath();
    context.moveTo(root.x, root.y);
    context.quadraticCurveTo(branch.c.x, branch.c.y, branch.end.x, branch.end.y);
    context.stroke();
    head(context, branch.c, branch.end, 5.5);
  }
  context.globalAlpha = 1;
}

/** @typedef {{x: number, y: number}} Point */

/**
 * Ends at the rim of the nodes.
 * @param {Point} a @param {Point} b @param {Point} c @param {number} rim
 */
function trimmed(a, b, c, rim) {
  const toward = (/** @type {Point} */ p) => {
    const length = Math.hypot(c.x - p.x, c.y - p.y) || 1;
    return { x: p.x + ((c.x - p.x) * rim) / length, y: p.y + ((c.y - p.y) * rim) / length };
  };
  return [toward(a), toward(b)];
}

/**
 * The first part of a quadratic curve, by de Casteljau's construction.
 * @param {Point} a @param {Point} c @param {Point} b @param {number} t
 */
function upTo(a, c, b, t) {
  const mix = (/** @type {Point} */ p, /** @type {Point} */ q) => ({ x: p.x + (q.x - p.x) * t, y: p.y + (q.y - p.y) * t });
  const first = mix(a, c);
  return { c: first, end: mix(first, mix(c, b)) };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Point} from @param {Point} tip @param {number} size
 */
function head(context, from, tip, size) {
  const angle = Math.atan2(tip.y - from.y, tip.x - from.x);
  context.beginPath();
  context.moveTo(tip.x, tip.y);
  for (const side of [-0.42, 0.42]) context.lineTo(tip.x - size * Math.cos(angle + side), tip.y - size * Math.sin(angle + side));
  context.fill();
}
