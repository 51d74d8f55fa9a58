// The rules of each protocol that can be run, as its set-up writes them: `rumor:exchange=push,k=3`.

/** @typedef {Map<string, string>} Rules */
/** @typedef {{key: string, label: string, usual: string, options?: string[], wide?: boolean, most?: number, when?: (rules: Rules) => boolean}} Rule */

const counts = (/** @type {Rules} */ rules) => rules.get("stop") !== "linked" && !rules.has("miss");
const backed = (/** @type {Rules} */ rules) => (rules.get("sync-every") ?? "none") !== "none";
const floods = (/** @type {Rules} */ rules) => rules.get("exchange") === "push-then-pull";

const BACKED = { key: "sync-every", label: "Anti-entropy every", usual: "none", options: ["none", "2", "5", "10", "20", "50"] };

/** @type {Record<string, Rule[]>} */
export const PROTOCOLS = {
  rumor: [
    { key: "exchange", label: "Exchange", usual: "push", options: ["push", "pull", "push-pull", "push-then-pull"], wide: true },
    { key: "contacts", label: "Fan-out", usual: "1", most: 20 },
    { key: "k", label: "k", usual: "3", most: 1000, when: counts },
    { key: "stop", label: "Stop", usual: "counter", options: ["counter", "coin", "linked"] },
    { key: "feedback", label: "Feedback", usual: "true", options: ["true", "false"], when: counts },
    { key: "rumor-every", label: "Cycles apart", usual: "1", most: 1000 },
    BACKED,
    { key: "redistribute", label: "Redistribute", usual: "true", options: ["true", "false"], when: backed },
    { key: "copies", label: "Copies", usual: "4", most: 20, when: floods },
    { key: "hops", label: "Hops", usual: "3", most: 20, when: floods },
  ],
  antientropy: [
    { key: "exchange", label: "Exchange", usual: "push-pull", options: ["push", "pull", "push-pull"], wide: true },
    { key: "compare", label: "Compare", usual: "merkle", options: ["full", "recent", "peel-back", "merkle"], wide: true },
  ],
  mail: [
    { key: "known", label: "Known", usual: "100%", options: ["100%", "99%", "90%", "50%"] },
    { key: "burst", label: "Sends a cycle", usual: "8", most: 1000 },
    BACKED,
  ],
  tree: [
    { key: "fan-out", label: "Fan-out", usual: "8", most: 1024 },
    { key: "repair", label: "Repair", usual: "none", options: ["none", "ack", "nak"] },
    { key: "burst", label: "Sends a cycle", usual: "8", most: 1000 },
  ],
  // Whole nodes, one of whose protocols is watched.
  events: [{ key: "spread", label: "Spread", usual: "backlog", options: ["backlog", "rumor", "mail", "tree"], wide: true }],
  membership: [{ key: "gossip", label: "Gossip", usual: "true", options: ["true", "false"] }],
  "endpoint-state": [
    { key: "spread", label: "Ahead of rounds", usual: "true", options: ["true", "false"] },
    { key: "live", label: "Peers a round", usual: "1", most: 3 },
  ],
};

/** Those whose root sends in a loop. */
export const LOOPS = ["mail", "tree"];

/** @param {string} setup @returns {{name: string, rules: Rules}} */
export function parse(setup) {
  const [name, settings = ""] = setup.split(":", 2);
  const pairs = settings.split(",").filter(Boolean);
  return { name, rules: new Map(pairs.map((pair) => /** @type {[string, string]} */ (pair.split("=", 2)))) };
}

/**
 * What belongs to other rules is left out, and what must be said is said.
 * @param {string} name @param {Rules} rules
 */
export function format(name, rules) {
  const all = new Map(rules);
  for (const { key, usual, when } of PROTOCOLS[name] ?? []) {
    if (when && !when(rules)) all.delete(key);
    else if (when === floods && !all.has(key)) all.set(key, usual);
  }
  const pairs = [...all].map(([key, value]) => `${key}=${value}`);
  return pairs.length > 0 ? `${name}:${pairs.join(",")}` : name;
}

/** In words. @param {string} setup */
export function title(setup) {
  const { name, rules } = parse(setup);
  return [name, ...[...rules].map(([key, value]) => (key === "exchange" ? value : `${key} ${value}`))].join(", ");
}
