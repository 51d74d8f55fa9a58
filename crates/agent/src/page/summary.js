// The line at the top, and the one that says that something is wrong.

import { byId, say } from "./dom.js";
import { clockTime, count } from "./words.js";

/** @import {World} from "./world.js" */

/** @param {World} world */
export function summed(world) {
  if (!world.known) return world.connection === "lost" ? "no server" : "connecting";
  const by = { alive: 0, suspect: 0, dead: 0, left: 0, unknown: 0 };
  for (const name of world.moment.nodes.keys()) by[world.seen(name).shown] += 1;
  const others = /** @type {const} */ (["suspect", "dead", "left", "unknown"]).filter((status) => by[status] > 0);
  return [count(world.moment.nodes.size, "node"), `${by.alive} alive`, ...others.map((status) => `${by[status]} ${status}`)].join(
    " · ",
  );
}

let lostAt = 0;

/** @param {World} world */
export function bannered(world) {
  const banner = byId("banner");
  if (world.connection !== "lost") lostAt = 0;
  else if (lostAt === 0) lostAt = Date.now();
  const gone = world.known
    ? `The server does not answer. This is its picture of ${clockTime(lostAt)}; asking again every second.`
    : "The server does not answer; asking again every second.";
  banner.hidden = lostAt === 0;
  say(banner, lostAt > 0 ? gone : "");
  byId("past").hidden = world.clock.live;
  say(byId("past"), world.clock.live ? "" : `as it was at ${clockTime(world.clock.shown)}`);
}
