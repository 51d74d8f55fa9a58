// The shapes that the server sends, and what the page makes of them. Types only: nothing here runs.

/** @typedef {"alive" | "suspect" | "dead" | "left"} Status */
/** @typedef {"runs" | "paused" | "cut" | "stopped"} Runs What is the matter with a node by our own hand. */

/** @typedef {{name: string, address: string, zone: string | null, watched: boolean, runs: Runs}} Node */

/**
 * How one node sees another. `since` is on the server's clock, in milliseconds since 1970.
 * @typedef {{status: Status, incarnation: number, since: number, by: string[] | null, phi: number | null}} Opinion
 */
/** @typedef {Map<string, Opinion>} Row What one observer thinks of each node. */

/** @typedef {{id: string, name: string, payload: string, from: string, at_ms: number}} Rumor */
/** @typedef {{node: string, via: string | null, hop: number, at_ms: number, state: "infective" | "removed", removed_ms?: number}} Infection */
/** @typedef {{at: string, from: string, to: string, bytes: number, messages: string[], at_ms: number}} Packet */
/** @typedef {{packets: number, bytes: number, sampled: number, at_ms: number}} Traffic */
/** @typedef {{at: string, with: string, syn: string[], ack: string[], ack2: string[], bytes: number[], at_ms: number}} Exchange */
/** @typedef {{step: string, claim: string, seen: string, bound: number, ok: boolean, ms: number}} Scene `bound` and `ms` in milliseconds. */

/**
 * `GET /v1/picture`.
 * @typedef {object} Picture
 * @property {boolean} demo
 * @property {string | null} me
 * @property {number} now_ms
 * @property {string} entry All up to this entry of the journal is in it.
 * @property {number} round_ms
 * @property {number} loss
 * @property {Node[]} nodes
 * @property {Record<string, Record<string, {status: Status, incarnation: number, since_ms: number, by: string[] | null, phi: number | null}>>} views
 * @property {Rumor[]} events
 * @property {Record<string, Infection[]>} infections
 */

/** @typedef {{name: string, status: Status, addresses: string[], tags: Record<string, string>, incarnation: number, since_ms: number}} Member */

/**
 * One item of `GET /v1/stream`. Which fields are there depends on its kind.
 * @typedef {object} Item
 * @property {string} kind
 * @property {string} entry The last entry of the journal until then, `session.number`: this one, if it is of the journal.
 * @property {number} at_ms
 * @property {string} [at]
 * @property {Member} [member]
 * @property {string} [by]
 * @property {string} [id]
 * @property {string} [name]
 * @property {string} [payload]
 * @property {string} [from]
 * @property {string | null} [via]
 * @property {number} [hop]
 * @property {string} [state]
 * @property {string} [node]
 * @property {Runs} [runs]
 * @property {number} [percent]
 */

/** @typedef {{at_ms: number, dir: "in" | "out", peer: string, bytes: number, sealed: boolean, messages: string[]}} Decoded */
/**
 * `GET /v1/nodes/{name}`.
 * @typedef {object} Inside
 * @property {string} name
 * @property {unknown} health
 * @property {Member[]} view
 * @property {{name: string, in_ms: number}[]} timers
 * @property {Record<string, unknown>} queue
 * @property {Decoded[]} packets
 */

/** @typedef {{x: number, y: number, angle: number}} Spot Where a node stands; `angle` says which way its label goes. */

export {};
