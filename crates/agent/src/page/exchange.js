// One exchange, frozen: SYN, ACK and ACK2 as three cards.

import { byId, h, say, set } from "./dom.js";
import { differing, read } from "./notation.js";
import { bytes, clockTime } from "./words.js";

/** @import {Line} from "./notation.js" */
/** @import {Exchange} from "./types.js" */
/** @import {World} from "./world.js" */

const NAMES = /** @type {const} */ (["syn", "ack", "ack2"]);

export class ExchangeView {
  #world;
  #title = h("p", { class: "lead" });
  #cards = h("div", { class: "exchange" });
  #next = h("button", { type: "button" }, "Take the next");
  #at = h("select", { id: "exchange-at" });
  #problem = h("p", { class: "problem", role: "status", hidden: true });
  /** @type {Exchange | null} */
  #frozen = null;
  #waiting = true;
  #begun = false;
  #names = "";

  /** @param {World} world */
  constructor(world) {
    this.#world = world;
    const last = h("button", { type: "button", class: "quiet", click: () => this.#trace() }, "Show its last");
    const bar = h("div", { class: "row" }, this.#next, h("label", { class: "field", for: "exchange-at" }, "At", this.#at), last);
    this.#next.addEventListener("click", () => this.#wait());
    const explained = h(
      "p",
      { class: "soft" },
      "SYN says what I know of whom, as node:generation:version. ACK answers with what it wants and what it has that is newer. ACK2 brings what was wanted. Only what differs travels: it is lit.",
    );
    byId("view-exchange").append(
      h("div", { class: "head" }, h("h2", {}, "Exchange"), bar),
      explained,
      this.#title,
      this.#problem,
      this.#cards,
    );
  }

  update() {
    const { names, moment, exchange } = this.#world;
    const watched = names.filter((name) => moment.nodes.get(name)?.watched);
    if (this.#names !== watched.join()) {
      this.#names = watched.join();
      const chosen = this.#at.value;
      this.#at.replaceChildren(...watched.map((name) => h("option", { value: name }, name)));
      if (watched.includes(chosen)) this.#at.value = chosen;
    }
    if (!this.#begun && watched.length > 0) this.#begin();
    if (this.#waiting && exchange && exchange !== this.#frozen) this.#freeze(exchange);
    say(this.#next, this.#waiting ? "Waiting for the next" : "Take the next");
    set(this.#next, "aria-busy", this.#waiting ? "true" : null);
    if (!this.#frozen) say(this.#title, "When all views are equal, nobody has anything to ask: no exchange yet.");
  }

  /** What there was before we came, until the next is taken. */
  async #begin() {
    this.#begun = true;
    await this.#trace();
    this.#problem.hidden = true;
    this.#waiting = true;
    this.#world.revision += 1;
  }

  #wait() {
    this.#waiting = true;
    this.#world.revision += 1;
    this.#frozen ??= this.#world.exchange;
  }

  /** The last that a node began. */
  async #trace() {
    const at = this.#at.value;
    const answer = await fetch(`/v1/trace?at=${encodeURIComponent(at)}`).catch(() => null);
    const said = answer?.ok ? await answer.json() : null;
    this.#problem.hidden = said !== null;
    say(this.#problem, said ? "" : `${at} has begun no exchange yet: its view was always equal to the others'.`);
    if (said) this.#freeze({ at_ms: NaN, ...said, at });
  }

  /** @param {Exchange} exchange */
  #freeze(exchange) {
    this.#frozen = exchange;
    this.#waiting = false;
    const lines = read(exchange);
    const lit = differing(lines);
    const { at, with: peer } = exchange;
    say(
      this.#title,
      `${at} with ${peer}${Number.isFinite(exchange.at_ms) ? `, ${clockTime(exchange.at_ms)}` : ""}: ${lit.size} of ${lines.syn.length} differ`,
    );
    const parts = [[part("", lines.syn)], [part("wants", lines.wants), part("has newer", lines.ack)], [part("", lines.ack2)]];
    this.#cards.replaceChildren(
      ...NAMES.map((name, i) => this.#card(name, i === 1 ? [peer, at] : [at, peer], exchange, i, parts[i])),
    );
    this.#cards
      .querySelectorAll("[data-about]")
      .forEach((line) => line.classList.toggle("lit", lit.has(line.getAttribute("data-about") ?? "")));
  }

  /**
   * @param {typeof NAMES[number]} name
   * @param {string[]} way
   * @param {Exchange} exchange
   * @param {number} i
   * @param {(HTMLElement | null)[]} parts
   */
  #card(name, [from, to], exchange, i, parts) {
    const there = parts.filter((part) => part !== null);
    return h(
      "article",
      { class: "message", "data-message": name },
      h(
        "header",
        {},
        h("h3", {}, name.toUpperCase()),
        h("span", { class: "way" }, `${from} → ${to}`),
        h("span", { class: "bytes" }, bytes(exchange.bytes[i])),
      ),
      ...(there.length > 0 ? there : [h("p", { class: "soft" }, "nothing")]),
    );
  }
}

/** @param {string} title @param {Line[]} lines */
function part(title, lines) {
  if (lines.length === 0) return null;
  return h("div", {}, title ? h("h4", {}, title) : null, h("ul", { class: "lines" }, ...lines.map(line)));
}

/** @param {Line} line */
function line({ node, generation, version, more, text }) {
  return h(
    "li",
    { "data-about": node, "data-line": text },
    h(
      "span",
      { class: "line" },
      h("b", {}, node),
      h("span", { class: "generation" }, `:${generation}`),
      version ? h("b", { class: "version" }, `:${version}`) : null,
    ),
    ...more.map((value) => h("span", { class: "value" }, value)),
  );
}
