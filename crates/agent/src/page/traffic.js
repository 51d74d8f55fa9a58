// Packets under way, as dots whose colour and shape say their kind.

import { after } from "./history.js";
import { ink } from "./ink.js";

/** @import {Layout} from "./layout.js" */
/** @import {Packet} from "./types.js" */

/** A dot takes so long from node to node; a packet itself less than a millisecond on loopback. */
export const FLIGHT_MS = 650;
/** Dots at once: more is fog. */
const MAX_DOTS = 240;

/** @typedef {"event" | "state" | "swim" | "other"} Kind */

/** Ride along on any packet that has room. */
const RIDERS = /\.(digest|sum)$/;

/**
 * What a packet is for: what is rare in it names it.
 * @param {Packet} packet
 * @returns {Kind}
 */
export function kind({ messages }) {
  const parts = new Set(messages.filter((message) => !RIDERS.test(message)).map((message) => message.split(".")[0]));
  if (parts.has("event") || parts.has("events")) return "event";
  if (parts.has("state")) return "state";
  return parts.has("swim") ? "swim" : "other";
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Packet[]} packets By time.
 * @param {Layout} layout
 * @param {number} at The time that is shown.
 * @param {number} flight How long a dot takes, on the clock that is shown.
 */
export function drawPackets(context, packets, layout, at, flight) {
  const [from, to] = [after(packets, at - flight), after(packets, at)];
  for (let i = Math.max(from, to - MAX_DOTS); i < to; i++) {
    const packet = packets[i];
    const [a, b] = [layout.spots.get(packet.from), layout.spots.get(packet.to)];
    if (!a || !b) continue;
    const gone = (at - packet.at_ms) / flight;
    const eased = gone * gone * (3 - 2 * gone);
    context.globalAlpha = Math.min(1, 8 * gone, 5 * (1 - gone)) * 0.9;
    const what = kind(packet);
    context.fillStyle = ink(what);
    context.beginPath();
    dot(context, what, a.x + (b.x - a.x) * eased, a.y + (b.y - a.y) * eased);
    context.fill();
  }
  context.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Kind} what
 * @param {number} x
 * @param {number} y
 */
function dot(context, what, x, y) {
  if (what === "state") context.rect(x - 2.7, y - 2.7, 5.4, 5.4);
  else if (what === "event") {
    context.moveTo(x, y - 4.6);
    context.lineTo(x + 4.6, y);
    context.lineTo(x, y + 4.6);
    context.lineTo(x - 4.6, y);
  } else context.arc(x, y, what === "swim" ? 2.5 : 1.8, 0, 2 * Math.PI);
}
