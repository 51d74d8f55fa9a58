// The settings. Each acts at once.

import { byId, h, say, set } from "../page/dom.js";
import { format, LOOPS, parse, PROTOCOLS } from "./rules.js";
import { crashed, cutOff, rooted } from "./settings.js";

/** @import {Rule} from "./rules.js" */
/** @import {Settings} from "./settings.js" */

const LATENCIES = ["1ms", "50ms", "20ms..80ms", "exponential:1ms+50ms", "log-normal:1ms+50ms", "regions"];
const NODES = ["10", "30", "100", "300", "1000", "3000", "10000", "30000", "100000"];

export class Controls {
  #change;
  #world = h("section", { class: "card" });
  #protocols = [h("section", { class: "card" }), h("section", { class: "card" })];
  #beside = h("button", { type: "button", id: "beside" });
  /** @type {Settings} */
  #settings;

  /**
   * @param {Settings} settings
   * @param {(some: Partial<Settings>) => void} change
   */
  constructor(settings, change) {
    this.#settings = settings;
    this.#change = change;
    this.#beside.addEventListener("click", () => change({ beside: this.#settings.beside ? "" : other(this.#settings.setup) }));
    byId("controls").append(...this.#protocols, this.#beside, this.#world);
    this.show(settings);
  }

  /** @param {Settings} settings */
  show(settings) {
    const focus = document.activeElement?.id;
    this.#settings = settings;
    this.#protocols[0].replaceChildren(...this.#rules("setup", settings.setup, settings.beside ? "Left" : "Protocol"));
    this.#protocols[1].hidden = settings.beside === "";
    this.#protocols[1].replaceChildren(...this.#rules("beside", settings.beside, "Right"));
    say(this.#beside, settings.beside ? "One alone" : "Compare with another");
    this.#world.replaceChildren(...this.#faults(settings));
    if (focus) document.getElementById(focus)?.focus();
  }

  /** @param {"setup" | "beside"} which @param {string} setup @param {string} heading */
  #rules(which, setup, heading) {
    const { name, rules } = parse(setup);
    const say = (/** @type {Rule} */ rule, /** @type {string} */ value) => {
      rules.set(rule.key, value);
      this.#change({ [which]: format(name, rules) });
    };
    const fields = (PROTOCOLS[name] ?? [])
      .filter(({ when }) => !when || when(rules))
      .map((rule) => {
        const id = `${which}-${rule.key}`;
        const value = rules.get(rule.key) ?? rule.usual;
        const change = (/** @type {any} */ event) => say(rule, event.target.value);
        return rule.options
          ? labelled(rule.label, chosen(h("select", { id, change }, ...options(rule.options)), value), rule.wide ? "wide" : "")
          : labelled(rule.label, h("input", { id, type: "number", min: 1, max: rule.most, value, change }));
      });
    const choose = (/** @type {any} */ event) => this.#change({ [which]: format(event.target.value, new Map()) });
    const list = h("select", { id: `${which}-protocol`, change: choose }, ...options(Object.keys(PROTOCOLS)));
    const protocol = labelled("Protocol", chosen(list, name), "wide");
    return [h("h2", {}, `${heading}: ${name}`), h("div", { class: "fields" }, protocol, ...fields)];
  }

  /** @param {Settings} settings */
  #faults({ setup, beside, nodes, seed, loss, latency, crash, churn, cut }) {
    const at = (/** @type {keyof Settings} */ name) => (/** @type {any} */ event) => this.#change({ [name]: event.target.value });
    const { share, after } = crashed(crash);
    const { from, to } = cutOff(cut);
    const value = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (byId(id)).value;
    const crashes = () => {
      const share = value("crash-share");
      this.#change({ crash: Number(share) > 0 ? `${share}%@${value("crash-after")}` : "" });
    };
    const cuts = () => {
      const [from, to] = [value("cut-from"), value("cut-to")];
      if (from === "" && to === "") this.#change({ cut: "" });
      else if (from !== "" && to !== "") this.#change({ cut: `${from}..${to}` });
    };
    const number = (/** @type {string} */ id, /** @type {string} */ value, /** @type {() => void} */ change) =>
      h("input", { id, type: "number", min: id === "crash-after" ? 0 : 1, max: 1000, value, change });
    const range = (/** @type {string} */ id, /** @type {string} */ value, /** @type {(event: any) => void} */ change, max = 90) =>
      h("input", { id, type: "range", min: 0, max, step: 1, value, change });
    const root = rooted(crash);
    const loops = [setup, beside].every((setup) => setup === "" || LOOPS.includes(parse(setup).name));
    const crashRoot = (/** @type {any} */ { target }) => this.#change({ crash: target.value && `root@${target.value}%` });
    const atRoot = { id: "crash-root", change: crashRoot };
    const comes = (/** @type {any} */ { target }) => this.#change({ churn: `${target.value}%` });
    const list = chosen(h("select", { id: "latency", change: at("latency") }, ...options(LATENCIES)), latency);
    return [
      h("h2", {}, "World"),
      h(
        "div",
        { class: "fields" },
        labelled("Nodes", chosen(h("select", { id: "nodes", change: at("nodes") }, ...options(NODES)), nodes), "half"),
        labelled("Seed", h("input", { id: "seed", type: "number", min: 0, value: seed, change: at("seed") }), "half"),
      ),
      labelled("Latency", list),
      labelled(`Loss ${loss}`, range("loss", loss.replace("%", ""), (e) => this.#change({ loss: `${e.target.value}%` }))),
      labelled(`Leave and join in a cycle ${churn}`, range("churn", churn.replace("%", ""), comes, 10)),
      h(
        "div",
        { class: "fields" },
        labelled(`Crash ${share} %`, range("crash-share", share, crashes), "wide"),
        labelled("after cycle", number("crash-after", after, crashes)),
        ...(loops || root
          ? [labelled("Root crashes after % of its sends", chosen(h("select", atRoot, ...options(["", "25", "50", "75"])), root), "wide")]
          : []),
        labelled("Cut from cycle", number("cut-from", from, cuts), "half"),
        labelled("until before", number("cut-to", to, cuts), "half"),
      ),
    ];
  }
}

/** What the first is compared with: the opposite exchange. @param {string} setup */
function other(setup) {
  const { name, rules } = parse(setup);
  if (name === "rumor") rules.set("exchange", rules.get("exchange") === "push-pull" ? "push" : "push-pull");
  return format(name, rules);
}

/** @param {string[]} values */
function options(values) {
  return values.map((value) => h("option", { value }, value));
}

/**
 * Chooses a value, which is one of the list from now on.
 * @param {HTMLSelectElement} select @param {string} value
 */
function chosen(select, value) {
  if (![...select.options].some((option) => option.value === value)) select.prepend(h("option", { value }, value));
  select.value = value;
  return select;
}

/** @param {string} text @param {HTMLInputElement | HTMLSelectElement} field @param {string} [size] */
function labelled(text, field, size = "") {
  const label = h("label", { for: field.id }, text, field);
  set(label, "class", `field ${size}`);
  return label;
}
