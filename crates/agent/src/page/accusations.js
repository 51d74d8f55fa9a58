// Who accuses whom, and how suspicious silence makes each: two tables, accuser by accused.

import { accused } from "./consensus.js";
import { byId, h, say, set } from "./dom.js";
import { alike, duration } from "./words.js";

/** @import {Feed} from "./feed.js" */
/** @import {World} from "./world.js" */

/** Larger clusters show only the nodes that are in it. */
const MOST = 40;
/** Phi is told by the picture alone: it is asked again so often while it is looked at. */
const ASK_MS = 1_000;
/** At this threshold Cassandra convicts. */
const CONVICTS = 8;

const SIGNS = { alive: "", suspect: "▲", dead: "✕", left: "○", unknown: "·" };

export class Accusations {
  #world;
  #feed;
  #cases = h("ul", { class: "cases" });
  #note = h("p", { class: "soft" });
  #whom = grid("Who accuses whom");
  #phi = grid("Phi");
  #shape = "";
  #asked = 0;

  /** @param {World} world @param {Feed} feed */
  constructor(world, feed) {
    this.#world = world;
    this.#feed = feed;
    const key = h(
      "p",
      { class: "soft" },
      "A row is who says it, a column of whom: ▲ suspect, ✕ dead, ○ left. Framed: it is itself one of the accusers.",
    );
    const phi = h(
      "p",
      { class: "soft" },
      `Phi grows with silence, measured by the gaps so far; at ${CONVICTS} the accrual detector convicts.`,
    );
    byId("view-accusations").append(
      h("div", { class: "head" }, h("h2", {}, "Who accuses whom")),
      this.#cases,
      this.#note,
      h(
        "div",
        { class: "grids" },
        h("div", {}, h("h3", {}, "Accuser by accused"), key, this.#whom.scroll),
        h("div", {}, h("h3", {}, "Phi"), phi, this.#phi.scroll),
      ),
    );
  }

  update() {
    const { moment, names } = this.#world;
    const rows = names.filter((name) => moment.views.has(name));
    const troubled = names.filter((name) => this.#world.seen(name).shown !== "alive" || this.#world.seen(name).by.suspect > 0);
    const few = names.length <= MOST;
    const columns = few ? names : troubled.slice(0, MOST);
    const accusers = few
      ? rows
      : rows.filter((name) => troubled.some((whom) => this.#world.seen(whom).accusers.includes(name))).slice(0, MOST);
    say(this.#note, few ? "" : `Of ${names.length} nodes only those that accuse or are accused are shown.`);
    this.#note.hidden = few;
    const shape = `${accusers.join()} ${columns.join()}`;
    if (shape !== this.#shape) [this.#whom, this.#phi].forEach((grid) => grid.shape(accusers, columns));
    this.#shape = shape;
    for (const observer of accusers) for (const target of columns) this.#cell(observer, target);
    this.#list(troubled);
  }

  frame() {
    if (!this.#world.clock.live || performance.now() - this.#asked < ASK_MS) return;
    this.#asked = performance.now();
    if (this.#world.connection === "live") this.#feed.refresh();
  }

  /** @param {string} observer @param {string} target */
  #cell(observer, target) {
    const [whom, phi] = [this.#whom.cell(observer, target), this.#phi.cell(observer, target)];
    if (!whom || !phi || observer === target) return;
    const opinion = this.#world.moment.views.get(observer)?.get(target);
    const status = opinion?.status ?? "unknown";
    const accuser = opinion !== undefined && accused(opinion).includes(observer);
    say(whom, SIGNS[status]);
    set(whom, "class", `${status}${accuser ? " accuser" : ""}`);
    set(whom, "title", `${observer}: ${target} is ${status}`);
    const value = opinion?.phi ?? null;
    say(phi, value === null ? "" : value >= 9.95 ? "9+" : value.toFixed(1).replace(/^0/, ""));
    const step = value === null ? "" : `phi-${Math.min(4, Math.floor((value / CONVICTS) * 4))}`;
    set(phi, "class", step);
    set(phi, "title", value === null ? null : `${observer} of ${target}: phi ${value.toFixed(2)}`);
  }

  /** @param {string[]} troubled */
  #list(troubled) {
    const lines = troubled.map((name) => {
      const { shown, by, of, since, accusers } = this.#world.seen(name);
      const who = accusers.length > 0 ? `, accused by ${accusers.join(", ")}` : "";
      return `${name} is ${shown} for ${by[shown]} of ${of}, ${duration(this.#world.clock.shown - since)}${who}`;
    });
    if (lines.length === 0) lines.push("Nobody accuses anybody.");
    lines.forEach((line, i) => say(this.#cases.children[i] ?? this.#cases.appendChild(h("li", {})), line));
    while (this.#cases.children.length > lines.length) this.#cases.lastElementChild?.remove();
  }
}

/** @param {string} label */
function grid(label) {
  const table = h("table", { class: "grid" });
  const scroll = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, table);
  /** @type {Map<string, HTMLElement>} */
  const cells = new Map();
  const key = (/** @type {string} */ row, /** @type {string} */ column) => JSON.stringify([row, column]);
  const cell = (/** @type {string} */ row, /** @type {string} */ column) => cells.get(key(row, column));
  /** @param {string[]} rows @param {string[]} columns */
  function shape(rows, columns) {
    cells.clear();
    const cut = alike(columns);
    const names = h(
      "tr",
      {},
      h("td", { class: "self" }),
      ...columns.map((name) => h("th", { scope: "col" }, h("span", { title: name }, name.slice(cut)))),
    );
    const body = rows.map((row) => {
      const line = columns.map((column) => {
        const made = h("td", { class: row === column ? "self" : null });
        cells.set(key(row, column), made);
        return made;
      });
      return h("tr", {}, h("th", { scope: "row", title: row }, row.slice(cut)), ...line);
    });
    table.replaceChildren(h("thead", {}, names), h("tbody", {}, ...body));
  }
  return { scroll, cell, shape };
}
