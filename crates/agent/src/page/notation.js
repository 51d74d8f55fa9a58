// The notation of an exchange: `node:generation:version` for what is known or wanted, `node:generation key=value:version`
// for news, as the trace prints them.

/** @import {Exchange} from "./types.js" */

/** @typedef {{node: string, generation: string, version: string, more: string[], text: string, news: boolean}} Line */
/** @typedef {{syn: Line[], wants: Line[], ack: Line[], ack2: Line[]}} Lines */

/**
 * @param {Exchange} exchange
 * @returns {Lines}
 */
export function read({ syn, ack, ack2 }) {
  const answered = ack.map(line);
  return {
    syn: syn.map(line),
    wants: answered.filter(({ news }) => !news),
    ack: answered.filter(({ news }) => news),
    ack2: ack2.map(line),
  };
}

/**
 * @param {string} text
 * @returns {Line}
 */
function line(text) {
  const [word, ...words] = text.split(" ");
  const digest = /^(.+):(\d+):(\d+)$/.exec(word);
  if (digest) return { node: digest[1], generation: digest[2], version: digest[3], more: [], text, news: false };
  const [, node, generation] = /^(.+):(\d+)$/.exec(word) ?? [word, word, ""];
  /** @type {string[]} */
  const more = [];
  for (const word of words) {
    // A value may hold blanks: what is no `key=` goes on with it.
    if (more.length === 0 || word.includes("=") || /^heartbeat:\d+$|^shutdown$|^removed$/.test(word)) more.push(word);
    else more[more.length - 1] += ` ${word}`;
  }
  return { node, generation, version: "", more, text, news: true };
}

/**
 * The nodes about which the two differed.
 * @param {Lines} lines
 */
export function differing({ wants, ack, ack2 }) {
  return new Set([...wants, ...ack, ...ack2].map(({ node }) => node));
}
