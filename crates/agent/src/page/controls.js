// What one can do to the demo's cluster; beside each, the command that does the same to real agents.

import { ask } from "./ask.js";
import * as commands from "./commands.js";
import { byId, h, say, set } from "./dom.js";

/** @import {Way} from "./commands.js" */
/** @import {World} from "./world.js" */

export class Controls {
  #world;
  #card = byId("controls");
  #at = h("select", { id: "control-at" });
  #event = h("input", { id: "control-event", value: "deploy", maxlength: 64, required: true, spellcheck: "false" });
  #payload = h("input", { id: "control-payload", value: "v2", maxlength: 400, spellcheck: "false" });
  #key = h("input", { id: "control-key", value: "load", maxlength: 64, required: true, spellcheck: "false" });
  #value = h("input", { id: "control-value", value: "0.7", maxlength: 400, spellcheck: "false" });
  #way = h(
    "select",
    { id: "control-way" },
    h("option", { value: "both" }, "both ways"),
    h("option", { value: "in" }, "hears nothing"),
    h("option", { value: "out" }, "is not heard"),
  );
  #picked = h("p", { class: "soft small" });
  #loss = h("input", { id: "control-loss", type: "range", min: 0, max: 60, step: 1, value: 0 });
  #lossShown = h("output", { for: "control-loss" });
  #codes = { event: code(), state: code(), cut: code(), loss: code() };
  #healing = button("Heal all", () => this.#heal());
  #problem = h("p", { class: "problem", role: "alert", hidden: true });
  #names = "";

  /** @param {World} world */
  constructor(world) {
    this.#world = world;
    const node = h("div", { class: "row" }, labelled("At", this.#at));
    const say = h(
      "form",
      { submit: (/** @type {Event} */ e) => this.#say(e) },
      h("div", { class: "row" }, labelled("Event", this.#event), labelled("Payload", this.#payload), button("Send")),
      this.#codes.event,
    );
    const write = h(
      "form",
      { submit: (/** @type {Event} */ e) => this.#write(e) },
      h("div", { class: "row" }, labelled("Key", this.#key), labelled("Value", this.#value), button("Write")),
      this.#codes.state,
    );
    const cut = h(
      "form",
      { submit: (/** @type {Event} */ e) => this.#cut(e) },
      this.#picked,
      h("div", { class: "row" }, labelled("Cut off", this.#way), button("Cut"), this.#healing),
      this.#codes.cut,
    );
    const loss = h("form", {}, h("div", { class: "row" }, labelled("Loss", this.#loss), this.#lossShown), this.#codes.loss);
    this.#loss.addEventListener("change", () => this.#ask("POST", "/v1/demo/loss", { percent: Number(this.#loss.value) }));
    this.#card.append(h("h2", {}, "Controls"), this.#problem, node, say, write, cut, loss);
    this.#card.addEventListener("input", () => this.#codify());
  }

  update() {
    const { demo, names, moment } = this.#world;
    this.#card.hidden = !demo;
    if (!demo) return;
    if (this.#names !== names.join()) {
      this.#names = names.join();
      const chosen = this.#at.value;
      this.#at.replaceChildren(...names.map((name) => h("option", { value: name }, name)));
      if (names.includes(chosen)) this.#at.value = chosen;
    }
    if (document.activeElement !== this.#loss) this.#loss.value = String(moment.loss);
    const picked = this.#targets().map(({ name }) => name);
    say(
      this.#picked,
      picked.length > 0 ? `Cut off together: ${picked.join(", ")}` : "Shift-click or Shift-Enter picks whom to cut off.",
    );
    this.#codify();
  }

  /** Who is cut off: those that are picked, or the one that is open. */
  #targets() {
    const { picked, node, names, moment } = this.#world;
    const meant = picked.size > 0 ? names.filter((name) => picked.has(name)) : node ? [node] : [];
    return meant.flatMap((name) => moment.nodes.get(name) ?? []);
  }

  #codify() {
    const at = this.#at.value;
    const way = /** @type {Way} */ (this.#way.value);
    const targets = this.#targets();
    say(this.#codes.event, commands.event(at, this.#event.value, this.#payload.value));
    say(this.#codes.state, commands.write(at, this.#key.value, this.#value.value));
    say(this.#codes.cut, targets.length > 0 ? commands.cut(targets, way) : "");
    const cut = this.#world.names
      .flatMap((name) => this.#world.moment.nodes.get(name) ?? [])
      .filter(({ runs }) => runs === "cut");
    set(this.#healing, "title", cut.length > 0 ? commands.cut(cut, way, true) : "Nothing is cut");
    say(this.#codes.loss, commands.loss(Number(this.#loss.value)));
    say(this.#lossShown, `${this.#loss.value} %`);
    this.#codes.cut.hidden = targets.length === 0;
  }

  /** @param {Event} submitted */
  #say(submitted) {
    submitted.preventDefault();
    this.#world.chooseEvent(null);
    this.#world.clock.goLive();
    this.#ask("POST", `/v1/events?at=${encodeURIComponent(this.#at.value)}`, {
      name: this.#event.value,
      payload: this.#payload.value,
    });
  }

  /** @param {Event} submitted */
  #write(submitted) {
    submitted.preventDefault();
    const [key, namespace] = this.#key.value.split("/", 2).map(encodeURIComponent).reverse();
    const path = namespace ? `namespaces/${namespace}/${key}` : `keys/${key}`;
    this.#ask("PUT", `/v1/state/${path}?at=${encodeURIComponent(this.#at.value)}`, { value: this.#value.value });
  }

  /** @param {Event} submitted */
  #cut(submitted) {
    submitted.preventDefault();
    const nodes = this.#targets().map(({ name }) => name);
    if (nodes.length > 0) this.#ask("POST", "/v1/demo/cut", { nodes, way: this.#way.value });
  }

  #heal() {
    this.#world.picked.clear();
    this.#world.revision += 1;
    this.#ask("POST", "/v1/demo/heal", {});
  }

  /** @param {"POST" | "PUT"} method @param {string} path @param {unknown} body */
  async #ask(method, path, body) {
    const problem = await ask(method, path, body);
    this.#problem.hidden = problem === "";
    say(this.#problem, problem);
  }
}

function code() {
  return h("code", { class: "command", tabindex: 0, "aria-label": "The same on the command line" });
}

/** @param {string} text @param {() => void} [act] Instead of sending the form. */
function button(text, act) {
  return act ? h("button", { type: "button", click: act }, text) : h("button", { type: "submit" }, text);
}

/** @param {string} text @param {HTMLInputElement | HTMLSelectElement} field */
function labelled(text, field) {
  const label = h("label", { for: field.id }, text, field);
  set(label, "class", "field");
  return label;
}
