// A node's inside, as it tells it: its view of everyone, timers, queue, its last packets decoded.

import { inOrder } from "./consensus.js";
import { h, say } from "./dom.js";
import { bytes, clockTime, count, duration } from "./words.js";

/** @import {Decoded, Inside, Member} from "./types.js" */
/** @import {World} from "./world.js" */

/** A timer's bar is full at this. */
const LONGEST_MS = 5_000;

/**
 * Renews the sections in place: what is folded stays folded.
 * @param {HTMLElement} into
 * @param {Inside | null} said
 * @param {World} world
 */
export function inside(into, said, world) {
  if (!said) {
    const why = world.demo
      ? "It does not run: there is nobody to ask."
      : "Only this agent tells what it plans; open the page of that one.";
    if (into.textContent !== why) into.replaceChildren(h("p", { class: "soft" }, why));
    return;
  }
  if (into.children.length !== 4)
    into.replaceChildren(
      ...["view", "timers", "queue", "packets"].map((id) =>
        h("details", { open: id !== "queue", "data-part": id }, h("summary", {}), h("div", { class: "scroll", tabindex: 0 })),
      ),
    );
  const parts = /** @type {[string, Element[]][]} */ ([
    [
      `Its view: ${count(said.view.length, "member")}`,
      [h("table", {}, h("tbody", {}, ...said.view.toSorted((a, b) => inOrder(a.name, b.name)).map(member)))],
    ],
    ["Timers", [h("ul", { class: "timers" }, ...said.timers.map(timer))]],
    [
      `Queue${health(said.health)}`,
      [
        h(
          "dl",
          { class: "facts" },
          ...Object.entries(said.queue).map(([name, n]) =>
            h("div", {}, h("dt", {}, name.replaceAll("_", " ")), h("dd", {}, String(n))),
          ),
        ),
      ],
    ],
    [`Last ${count(said.packets.length, "packet")}`, [h("ol", { class: "packets" }, ...said.packets.map(packet))]],
  ]);
  parts.forEach(([title, content], i) => {
    const [summary, body] = into.children[i].children;
    say(summary, title);
    body.setAttribute("aria-label", title);
    const at = body.scrollTop;
    body.replaceChildren(...content);
    body.scrollTop = at;
  });
}

/** @param {unknown} health Lifeguard's score: 0 is well. */
function health(health) {
  return typeof health === "number" ? `; own health ${health}` : "";
}

/** @param {Member} member */
function member({ name, status, incarnation, since_ms }) {
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, name),
    h("td", {}, h("span", { class: `says ${status}` }, status)),
    h("td", { class: "number", title: "incarnation" }, `i${incarnation}`),
    h("td", { class: "number" }, duration(since_ms)),
  );
}

/** @param {{name: string, in_ms: number}} timer */
function timer({ name, in_ms }) {
  const meter = h("progress", {
    max: LONGEST_MS,
    value: Math.max(0, Math.min(LONGEST_MS, in_ms)),
    "aria-label": `${name} in ${duration(in_ms)}`,
  });
  return h("li", {}, h("span", {}, name), meter, h("span", { class: "number" }, duration(in_ms)));
}

/** @param {Decoded} packet */
function packet({ at_ms, dir, peer, bytes: size, sealed, messages }) {
  const way = dir === "in" ? "←" : "→";
  const head = h(
    "p",
    {},
    h("span", { class: `way ${dir}` }, `${way} ${peer}`),
    h("span", { class: "soft" }, `${clockTime(at_ms)} · ${bytes(size)}${sealed ? " · sealed" : ""}`),
  );
  return h("li", {}, head, ...messages.map((message) => h("code", {}, message)));
}
