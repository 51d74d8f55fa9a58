// What the page knows, what it shows of it, and what is selected. Views read it; `revision` says when to read again.

import { Clock } from "./clock.js";
import { inOrder, seen } from "./consensus.js";
import { History } from "./history.js";
import { Moment } from "./moment.js";

/** @import {Seen} from "./consensus.js" */
/** @import {Connection} from "./feed.js" */
/** @import {Exchange, Item, Packet, Picture, Rumor, Scene, Traffic} from "./types.js" */

export class World {
  clock = new Clock();
  history = new History();
  /** @type {Connection} */
  connection = "connecting";
  /** Whether a picture has ever come. */
  known = false;
  demo = false;
  /** @type {string | null} The agent's own name. */
  me = null;
  roundMs = 200;
  /** Changes whenever something else is to be seen. */
  revision = 0;
  /** @type {string | null} */
  node = null;
  /** The event that was chosen; the newest, if none was. @type {string | null} */
  #event = null;
  /** Nodes that are to be cut off together. @type {Set<string>} */
  picked = new Set();
  /** @type {Exchange | null} The latest. */
  exchange = null;
  /** @type {Map<string, Scene>} */
  scenes = new Map();
  #live = new Moment();
  /** The last entry of the journal that the last picture is sure to have. */
  #pictured = "";
  #past = { at: NaN, moment: new Moment() };
  /** @type {string[]} */
  #names = [];
  /** @type {Map<string, Seen>} */
  #seen = new Map();

  /** The cluster at the time that is shown. */
  get moment() {
    if (this.clock.live) return this.#live;
    const at = this.clock.shown;
    if (this.#past.at !== at) this.#past = { at, moment: this.history.moment(at) };
    return this.#past.moment;
  }

  /** The cluster as it is, whatever time is shown. */
  get latest() {
    return this.#live;
  }

  /** Names, as people order them. */
  get names() {
    const { nodes } = this.moment;
    if (this.#names.length !== nodes.size || this.#names.some((name) => !nodes.has(name)))
      this.#names = [...nodes.keys()].sort(inOrder);
    return this.#names;
  }

  /** @param {string} name */
  seen(name) {
    if (!this.clock.live) return seen(this.moment, name);
    const known = this.#seen.get(name) ?? seen(this.#live, name);
    this.#seen.set(name, known);
    return known;
  }

  /** The event whose spreading is shown. @returns {Rumor | undefined} */
  get rumor() {
    const { events } = this.moment;
    return (this.#event && events.get(this.#event)) || [...events.values()].at(-1);
  }

  /** @param {string | null} id */
  chooseEvent(id) {
    this.#event = id;
    this.revision += 1;
  }

  /** @param {string | null} name */
  chooseNode(name) {
    this.node = name;
    this.revision += 1;
  }

  /** @param {string} name */
  pick(name) {
    if (!this.picked.delete(name)) this.picked.add(name);
    this.revision += 1;
  }

  /** @param {Picture} picture */
  onPicture(picture) {
    Object.assign(this, { known: true, demo: picture.demo, me: picture.me, roundMs: picture.round_ms });
    this.clock.set(picture.now_ms);
    this.#live = Moment.of(picture);
    this.#pictured = picture.entry;
    this.history.restart(this.#live);
    this.#seen.clear();
    this.revision += 1;
  }

  /** @param {Connection} connection */
  onConnection(connection) {
    if (this.connection === connection) return;
    this.connection = connection;
    this.revision += 1;
  }

  /** @param {Item} item */
  onItem(item) {
    const other = /** @type {unknown} */ (item);
    if (item.kind === "packet") return this.history.packet(/** @type {Packet} */ (other));
    if (item.kind === "traffic") this.history.addTraffic(/** @type {Traffic} */ (other));
    else if (item.kind === "exchange") this.exchange = /** @type {Exchange} */ (other);
    else if (!isAfter(item.entry, this.#pictured)) return;
    else if (item.kind === "scene") this.onScene(/** @type {Scene} */ (other));
    else {
      this.#live.apply(item);
      this.history.add(this.#live, item);
      if (item.member) this.#seen.delete(item.member.name);
      else if (item.kind === "runs") this.#seen.clear();
    }
    this.revision += 1;
  }

  /** @param {Scene} scene */
  onScene(scene) {
    this.scenes.set(scene.step, scene);
    this.revision += 1;
  }

  /** Once a second, so that there is a moment to look back to when nothing happens. */
  keep() {
    if (!this.known) return;
    this.#live.at = Math.max(this.#live.at, this.connection === "live" ? this.clock.now : 0);
    this.history.keep(this.#live);
  }
}

/**
 * Whether the picture may lack this entry: a stream that resumes, or a server that begins anew, tells what was before, too.
 * @param {string} entry `session.number`
 * @param {string} pictured The same.
 */
function isAfter(entry, pictured) {
  const [[session, number], [itsSession, itsNumber]] = [entry.split("."), pictured.split(".")];
  return session === itsSession && Number(number) > Number(itsNumber);
}
