// Where each node stands: on a ring, on rings inside it when there are many, or each zone on a ring of its own.

/** @import {Node, Spot} from "./types.js" */

/** Between the middles of two nodes, in pixels, at the least; with less, a ring is added. */
const CLOSEST = 23;
/** A node with its ring, in pixels. */
const LARGEST = 15;
const SMALLEST = 5;
/** Room above and below the ring for a node and its label, and around rings without labels, in pixels. */
const ABOVE = 50;
const UNLABELLED = 34;
/** Zones leave the left side to caption and legend, in pixels. */
const ASIDE = 200;
/** With more nodes only those that matter have labels. */
const MAX_LABELS = 48;

/**
 * @typedef {object} Layout
 * @property {Map<string, Spot>} spots
 * @property {number} radius Of a node.
 * @property {boolean} labels
 * @property {{x: number, y: number}} middle
 * @property {{name: string, x: number, y: number, radius: number}[]} zones
 */

/**
 * @param {Node[]} nodes In order.
 * @param {number} width
 * @param {number} height
 * @param {boolean} byZone
 * @param {number} label Room for one, beside the outermost ring.
 * @returns {Layout}
 */
export function layout(nodes, width, height, byZone, label) {
  const labels = nodes.length <= MAX_LABELS;
  const [x, y] = [width / 2, height / 2];
  const room = Math.max(40, labels ? Math.min(width / 2 - label, height / 2 - ABOVE) : Math.min(width, height) / 2 - UNLABELLED);
  const zones = byZone ? group(nodes) : [];
  if (zones.length < 2) {
    const ring = rings(nodes, x, y, room);
    return { ...ring, labels, middle: { x, y }, zones: [] };
  }
  return { ...zoned(zones, width, height, labels ? label : UNLABELLED), labels, middle: { x, y } };
}

/** @param {Node[]} nodes */
function group(nodes) {
  /** @type {Map<string, Node[]>} */
  const zones = new Map();
  for (const node of nodes) {
    const zone = node.zone ?? "no zone";
    zones.set(zone, [...(zones.get(zone) ?? []), node]);
  }
  return [...zones].sort((a, b) => a[0].localeCompare(b[0]));
}

/**
 * @param {Node[]} nodes
 * @param {number} x
 * @param {number} y
 * @param {number} room
 */
function rings(nodes, x, y, room) {
  let count = 1;
  const step = () => (room * 0.62) / count;
  const length = () => Array.from({ length: count }, (_, i) => 2 * Math.PI * (room - i * step())).reduce((a, b) => a + b);
  while (count < 6 && length() / nodes.length < CLOSEST) count += 1;
  const radius = Math.max(SMALLEST, Math.min(LARGEST, (length() / nodes.length) * 0.27, count > 1 ? step() * 0.36 : LARGEST));
  /** @type {Map<string, Spot>} */
  const spots = new Map();
  let taken = 0;
  for (let ring = 0; ring < count; ring++) {
    const r = room - ring * step();
    const last = ring === count - 1;
    const here = last ? nodes.length - taken : Math.round((nodes.length * 2 * Math.PI * r) / length());
    for (let i = 0; i < here && taken < nodes.length; i++, taken++) {
      const angle = -Math.PI / 2 + (2 * Math.PI * (i + ring / 2)) / here;
      spots.set(nodes[taken].name, { x: x + r * Math.cos(angle), y: y + r * Math.sin(angle), angle });
    }
  }
  return { spots, radius };
}

/**
 * @param {[string, Node[]][]} groups
 * @param {number} width
 * @param {number} height
 * @param {number} label
 */
function zoned(groups, width, height, label) {
  const left = width > ASIDE * 3 ? ASIDE : 0;
  const space = (/** @type {number} */ columns) => [(width - left) / columns, height / Math.ceil(groups.length / columns)];
  const fit = (/** @type {number} */ columns) => Math.min(...space(columns));
  const columns = groups.map((_, i) => i + 1).reduce((best, one) => (fit(one) > fit(best) ? one : best));
  const [w, h] = space(columns);
  const room = Math.max(24, fit(columns) / 2 - label);
  /** @type {Map<string, Spot>} */
  const spots = new Map();
  let radius = LARGEST;
  const zones = groups.map(([name, nodes], i) => {
    const row = Math.floor(i / columns);
    const inRow = Math.min(columns, groups.length - row * columns);
    const x = (width + left) / 2 + ((i % columns) - (inRow - 1) / 2) * w;
    const y = (row + 0.5) * h;
    const ring = rings(nodes, x, y, room);
    ring.spots.forEach((spot, node) => spots.set(node, spot));
    radius = Math.min(radius, ring.radius);
    return { name, x, y, radius: room };
  });
  return { spots, radius, zones };
}
