// What the page does, as commands that do the same to real agents. Words are quoted as a shell needs it.

/** @import {Node} from "./types.js" */

/** @typedef {"both" | "in" | "out"} Way */

/** @param {string} word */
function quoted(word) {
  return /^[\w.:/=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** @param {string} at @param {string} name @param {string} payload */
export function event(at, name, payload) {
  return ["bruit event", quoted(name), payload && quoted(payload), "--agent", quoted(at)].filter(Boolean).join(" ");
}

/** @param {string} at @param {string} key @param {string} value */
export function write(at, key, value) {
  return `bruit state set ${quoted(key)} ${quoted(value)} --agent ${quoted(at)}`;
}

/** @param {"KILL" | "STOP" | "CONT"} signal @param {string} node */
export function signal(signal, node) {
  return `pkill -${signal} -f ${quoted(`agent --node ${node}`)}`;
}

/** @param {Node} node @param {string} through The address of another. */
export function restart(node, through) {
  return `bruit agent --node ${quoted(node.name)} --bind ${node.address} --join ${through}`;
}

/** @param {Node[]} nodes @param {Way} way @param {boolean} [heal] */
export function cut(nodes, way, heal = false) {
  const ports = nodes.map(({ address }) => address.split(":").at(-1)).join(",");
  const rule = (/** @type {string} */ chain, /** @type {string} */ side) =>
    `iptables -${heal ? "D" : "A"} ${chain} -p $p -m multiport --${side} ${ports} -j DROP`;
  const rules = [way !== "out" && rule("INPUT", "dports"), way !== "in" && rule("OUTPUT", "sports")].filter(Boolean);
  return `for p in udp tcp; do ${rules.join("; ")}; done`;
}

/** @param {number} percent */
export function loss(percent) {
  return percent === 0 ? "tc qdisc del dev lo root" : `tc qdisc replace dev lo root netem loss ${percent}%`;
}
