// The cluster at one moment: who is there, what each thinks of each, who has which event.
//
// The only place where an item of the stream changes something. A row is copied before it is first written, so that a
// copy of a moment costs one entry per observer and keeps what it showed.

/** @import {Infection, Item, Node, Picture, Row, Rumor, Status} from "./types.js" */

/** Events that are remembered; the server keeps as many. */
const MAX_EVENTS = 64;

/** What a kind of item says about the member that it names. */
const SAYS = /** @type {Record<string, Status>} */ ({
  up: "alive",
  refuted: "alive",
  suspect: "suspect",
  dead: "dead",
  left: "left",
});

export class Moment {
  at = 0;
  loss = 0;
  /** @type {Map<string, Node>} */
  nodes = new Map();
  /** @type {Map<string, Row>} By observer. */
  views = new Map();
  /** Rows that no other moment shows. @type {WeakSet<Row>} */
  #own = new WeakSet();
  /** @type {Map<string, Rumor>} Oldest first. */
  events = new Map();
  /** @type {Map<string, Map<string, Infection>>} By event, then by node. */
  infections = new Map();

  /** @param {Picture} picture */
  static of(picture) {
    const moment = new Moment();
    moment.at = picture.now_ms;
    moment.loss = picture.loss;
    for (const node of picture.nodes) moment.nodes.set(node.name, node);
    for (const [observer, targets] of Object.entries(picture.views)) {
      const row = new Map();
      for (const [target, { since_ms, ...rest }] of Object.entries(targets)) {
        row.set(target, { ...rest, since: picture.now_ms - since_ms });
      }
      moment.views.set(observer, row);
    }
    for (const rumor of picture.events) moment.events.set(rumor.id, rumor);
    for (const [id, list] of Object.entries(picture.infections)) {
      moment.infections.set(id, new Map(list.map((infection) => [infection.node, infection])));
    }
    return moment;
  }

  /** One that changes on its own. */
  copy() {
    const copy = new Moment();
    this.#own = new WeakSet();
    copy.at = this.at;
    copy.loss = this.loss;
    copy.nodes = new Map(this.nodes);
    copy.views = new Map(this.views);
    copy.events = new Map(this.events);
    copy.infections = new Map(this.infections);
    return copy;
  }

  /**
   * Forgets what came after `at`, as far as it says when it came: events and who has them.
   * @param {number} at
   */
  rewind(at) {
    for (const { id, at_ms } of this.events.values()) if (at_ms > at) this.events.delete(id);
    for (const [id, known] of this.infections) {
      const then = [...known].filter(([, { at_ms }]) => at_ms <= at);
      const infective = (/** @type {Infection} */ one) =>
        (one.removed_ms ?? Infinity) > at ? { ...one, state: /** @type {const} */ ("infective") } : one;
      this.infections.set(id, new Map(then.map(([node, infection]) => [node, infective(infection)])));
    }
  }

  /** @param {Item} item */
  apply(item) {
    this.at = Math.max(this.at, item.at_ms);
    if (item.member && item.at && SAYS[item.kind]) this.#opinion(item);
    else if (item.kind === "event" && item.id) this.#infect(item);
    else if (item.kind === "infection" && item.id) this.#remove(item);
    else if (item.kind === "runs") this.#runs(item);
    else if (item.kind === "loss") this.loss = item.percent ?? 0;
  }

  /** @param {Item} item */
  #opinion({ kind, at, at_ms, member, by }) {
    if (!member || !at) return;
    if (!this.nodes.has(member.name)) {
      const address = member.addresses[0] ?? "";
      this.nodes.set(member.name, { name: member.name, address, zone: member.tags.zone ?? null, watched: false, runs: "runs" });
    }
    const row = this.#row(at);
    const before = row.get(member.name);
    const status = SAYS[kind];
    const accusers = status === "alive" || status === "left" ? null : by ? [by] : (before?.by ?? null);
    const since = before?.status === status ? before.since : at_ms;
    row.set(member.name, { status, incarnation: member.incarnation, since, by: accusers, phi: before?.phi ?? null });
  }

  /**
   * An observer's row, to be written.
   * @param {string} observer
   */
  #row(observer) {
    const known = this.views.get(observer);
    if (known && this.#own.has(known)) return known;
    const row = new Map(known);
    this.#own.add(row);
    this.views.set(observer, row);
    return row;
  }

  /** @param {Item} item */
  #infect({ at, at_ms, id, name, payload, from, via, hop }) {
    if (!id || !at) return;
    if (!this.events.has(id)) {
      this.events.set(id, { id, name: name ?? "", payload: payload ?? "", from: from ?? at, at_ms });
      for (const old of this.events.keys()) {
        if (this.events.size <= MAX_EVENTS) break;
        this.events.delete(old);
        this.infections.delete(old);
      }
    }
    const known = this.infections.get(id);
    if (known?.has(at)) return;
    this.infections.set(id, new Map(known).set(at, { node: at, via: via ?? null, hop: hop ?? 0, at_ms, state: "infective" }));
  }

  /** @param {Item} item */
  #remove({ at, at_ms, id, state }) {
    const known = id === undefined ? undefined : this.infections.get(id);
    const infection = at === undefined ? undefined : known?.get(at);
    if (!id || !known || !infection || state !== "removed") return;
    this.infections.set(id, new Map(known).set(infection.node, { ...infection, state: "removed", removed_ms: at_ms }));
  }

  /** @param {Item} item */
  #runs({ node, runs }) {
    const known = node === undefined ? undefined : this.nodes.get(node);
    if (!known || !runs) return;
    this.nodes.set(known.name, { ...known, runs });
    if (runs === "stopped" || runs === "paused") this.views.delete(known.name);
  }
}
