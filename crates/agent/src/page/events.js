// The list of recent events, and what became of the one that is shown.

import { byId, h } from "./dom.js";
import { GROWTH_MS } from "./tree.js";
import { clockTime, count, duration } from "./words.js";

/** @import {Rumor} from "./types.js" */
/** @import {World} from "./world.js" */

/** Listed; older ones are in the history of the server. */
const LISTED = 12;
/** Played again, spreading takes so long to look at, whether it took a millisecond or a second. */
const WATCHED_MS = 6_000;
/** The fastest that counts as slow. */
const SLOW = 1 / 4;
/** What is shown before and after, as a share of the whole. */
const MARGIN = 0.12;

/** @typedef {{got: number, of: number, hops: number, sending: number, first: number, took: number}} Reach */

export class Events {
  #world;
  #shown = "";
  #list = h("ul", { class: "events" });
  #empty = h("p", { class: "soft" }, "None yet.");
  #caption = byId("caption");

  /** @param {World} world */
  constructor(world) {
    this.#world = world;
    byId("events").append(h("h2", {}, "Events"), this.#empty, this.#list);
  }

  update() {
    const { moment, rumor } = this.#world;
    const events = [...moment.events.values()].slice(-LISTED).reverse();
    const rows = events.map((event) => ({ event, reach: this.#reach(event), chosen: event.id === rumor?.id }));
    const shown = JSON.stringify([rows, this.#world.clock.live]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#empty.hidden = rows.length > 0;
    const focused = document.activeElement?.getAttribute("data-event");
    this.#list.replaceChildren(...rows.map(({ event, reach, chosen }) => this.#row(event, reach, chosen)));
    const again = focused && this.#list.querySelector(`[data-event="${CSS.escape(focused)}"]`);
    if (again instanceof HTMLElement) again.focus({ preventScroll: true });
    this.#caption.replaceChildren(...(rumor ? captioned(rumor, this.#reach(rumor)) : []));
  }

  /** @param {Rumor} event @returns {Reach} */
  #reach(event) {
    const infections = [...(this.#world.moment.infections.get(event.id)?.values() ?? [])];
    const last = infections.reduce((latest, { at_ms }) => Math.max(latest, at_ms), event.at_ms);
    const first = infections.reduce((least, { at_ms }) => Math.min(least, at_ms), event.at_ms);
    return {
      got: infections.length,
      of: Math.max(infections.length, addressed(this.#world)),
      hops: infections.reduce((most, { hop }) => Math.max(most, hop), 0),
      sending: infections.filter(({ state }) => state === "infective").length,
      first,
      took: last - first,
    };
  }

  /** @param {Rumor} event @param {Reach} reach @param {boolean} chosen */
  #row(event, reach, chosen) {
    const name = h("span", { class: "name" }, event.name, event.payload ? h("span", { class: "payload" }, event.payload) : null);
    const facts = h(
      "span",
      { class: "facts" },
      `${reach.got} of ${reach.of} · ${duration(reach.took)} · ${clockTime(event.at_ms)}`,
    );
    const choose = h(
      "button",
      {
        type: "button",
        class: "event",
        "data-event": event.id,
        "aria-pressed": String(chosen),
        click: () => this.#world.chooseEvent(event.id),
      },
      name,
      facts,
    );
    const slowly = h(
      "button",
      {
        type: "button",
        class: "quiet",
        title: "Watch it again, slowly",
        "aria-label": `Watch ${event.name} again, slowly`,
        click: () => this.#watch(event, reach),
      },
      "↺ slowly",
    );
    return h("li", { class: chosen ? "chosen" : null }, choose, chosen ? slowly : null);
  }

  /** @param {Rumor} event @param {Reach} reach */
  #watch(event, { first, took }) {
    this.#world.chooseEvent(event.id);
    const speed = Math.min(SLOW, Math.max(took, 0.1) / WATCHED_MS);
    const margin = MARGIN * WATCHED_MS * speed;
    this.#world.clock.look(first - margin, speed, first + took + GROWTH_MS * speed + 2 * margin);
    location.hash = "#cluster";
  }
}

/**
 * Who can have an event: those that run.
 * @param {World} world
 */
export function addressed(world) {
  return [...world.moment.nodes.values()].filter(
    ({ name, runs }) => runs !== "stopped" && !["dead", "left"].includes(world.seen(name).shown),
  ).length;
}

/** @param {Rumor} rumor @param {Reach} reach */
function captioned(rumor, { got, of, hops, took, sending }) {
  const says = h("strong", {}, rumor.name, rumor.payload ? h("span", { class: "payload" }, rumor.payload) : null);
  const facts = [
    `${got} of ${of} nodes`,
    `${count(hops, "hop")} in ${duration(took)}`,
    sending ? `${sending} still telling it` : "nobody tells it any more",
  ];
  return [
    h("p", {}, says),
    h("p", { class: "facts" }, `from ${rumor.from}`),
    ...facts.map((fact) => h("p", { class: "facts" }, fact)),
  ];
}
