// One chart of several above each other: they share the axis of time and the line of the time that is shown.

import { h, s, say, set } from "./dom.js";

/** @import {Series} from "./series.js" */

const HEIGHT = 150;
const LEFT = 52;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 22;

/** @typedef {{name: string, series: Series, fill?: boolean}} Curve */

export class Plot {
  #title = h("h3", {});
  #svg = s("svg", { class: "plot", role: "img" });
  #grid = s("g", { class: "axis" });
  #curves = s("g", {});
  #cursor = s("line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM });
  #at = (/** @type {number} */ _at) => NaN;
  element = h("figure", { class: "chart" }, this.#title, this.#svg);

  /** @param {(share: number) => void} look Told where somebody points: 0 is the start of the axis, 1 its end. */
  constructor(look) {
    this.#svg.append(this.#grid, this.#curves, this.#cursor);
    const point = (/** @type {PointerEvent} */ event) => {
      if (event.buttons !== 1) return;
      const { left, width } = this.#svg.getBoundingClientRect();
      look(Math.min(1, Math.max(0, (event.clientX - left - LEFT) / (width - LEFT - RIGHT))));
    };
    this.#svg.addEventListener("pointerdown", point);
    this.#svg.addEventListener("pointermove", point);
  }

  /**
   * @param {{title: string, curves: Curve[], from: number, to: number, shown: number, unit: (y: number) => string, time: (at: number) => string, most?: number}} what
   */
  draw({ title, curves, from, to, shown, unit, time, most }) {
    const width = this.element.clientWidth || 800;
    const top = most ?? nice(Math.max(1, ...curves.flatMap(({ series }) => series.map(([, y]) => y))));
    const x = (/** @type {number} */ at) => LEFT + ((at - from) / (to - from)) * (width - LEFT - RIGHT);
    const y = (/** @type {number} */ value) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - TOP);
    say(this.#title, title);
    set(this.#svg, "viewBox", `0 0 ${width} ${HEIGHT}`);
    set(
      this.#svg,
      "aria-label",
      `${title}. ${curves.map(({ name, series }) => `${name}: ${unit(series.at(-1)?.[1] ?? 0)} at the end`).join(", ")}`,
    );
    this.#axes(width, x, y, top, from, to, unit, time);
    this.#curves.replaceChildren(
      ...curves.flatMap(({ name, series, fill }) => {
        const points = clipped(series, from, to).map(([at, value]) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`);
        if (points.length < 2) return [];
        const line = s("path", { class: `curve ${name}`, d: `M${points.join("L")}` });
        const [first, last] = [points[0], points[points.length - 1]].map((point) => point.split(" ")[0]);
        const area = s("path", { class: `area ${name}`, d: `M${first} ${y(0)}L${points.join("L")}L${last} ${y(0)}Z` });
        return fill ? [area, line] : [line];
      }),
    );
    this.#at = (at) => (at >= from && at <= to ? x(at) : NaN);
    this.show(shown);
  }

  /**
   * Moves the line of the time that is shown, and draws nothing else.
   * @param {number} shown
   */
  show(shown) {
    const at = this.#at(shown);
    set(this.#cursor, "visibility", Number.isNaN(at) ? "hidden" : null);
    if (!Number.isNaN(at)) for (const side of ["x1", "x2"]) set(this.#cursor, side, at.toFixed(1));
  }

  /**
   * @param {number} width
   * @param {(at: number) => number} x
   * @param {(value: number) => number} y
   * @param {number} top @param {number} from @param {number} to
   * @param {(y: number) => string} unit
   * @param {(at: number) => string} time
   */
  #axes(width, x, y, top, from, to, unit, time) {
    const levels = [0, top / 2, top].flatMap((value) => [
      s("line", { x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }),
      s("text", { x: LEFT - 7, y: y(value) + 4, "text-anchor": "end" }, unit(value)),
    ]);
    const count = width > 560 ? 6 : 3;
    const times = Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1)).map((at, i) =>
      s("text", { x: x(at), y: HEIGHT - 5, "text-anchor": i === 0 ? "start" : i === count - 1 ? "end" : "middle" }, time(at)),
    );
    this.#grid.replaceChildren(...levels, ...times);
  }
}

/**
 * What lies between, cut off at either end on the line to the next point.
 * @param {Series} series @param {number} from @param {number} to
 * @returns {Series}
 */
function clipped(series, from, to) {
  const inside = series.filter(([at]) => at >= from && at <= to);
  const at = (/** @type {number} */ edge) => {
    const next = series.findIndex(([at]) => at > edge);
    if (next <= 0) return [];
    const [[x0, y0], [x1, y1]] = [series[next - 1], series[next]];
    return [/** @type {[number, number]} */ ([edge, y0 + ((y1 - y0) * (edge - x0)) / (x1 - x0)])];
  };
  return [...at(from), ...inside, ...at(to)];
}

/** The next 1, 2, 4, 6 or 8 times a power of ten. @param {number} n */
function nice(n) {
  const power = 10 ** Math.floor(Math.log10(n));
  return power * ([1, 2, 4, 6, 8, 10].find((step) => n <= step * power) ?? 10);
}
