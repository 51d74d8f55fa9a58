// Starts the page: what the address says is run and shown; what is changed becomes the address.

import { byId, say } from "../page/dom.js";
import { Meter } from "../page/meter.js";
import { startTheme } from "../page/theme.js";
import { Controls } from "./controls.js";
import { CYCLE } from "./course.js";
import { Pane } from "./pane.js";
import { Playhead } from "./playhead.js";
import { address, crashed, cutOff, read, write } from "./settings.js";
import { Transport } from "./transport.js";


const meter = new Meter();
const head = new Playhead();
let settings = read(location.search);
/** @type {Pane[]} */
const panes = [];
const transport = new Transport(head, () => {
  const at = head.playing ? "" : String(Math.round(head.at) / CYCLE);
  settings = { ...settings, at, speed: String(head.speed) };
  history.replaceState(null, "", write(settings));
});
const controls = new Controls(settings, (some) => {
  settings = { ...settings, ...some };
  history.replaceState(null, "", write(settings));
  controls.show(settings);
  run();
});

/** Runs what the settings say, where it is not run already. */
function run() {
  const setups = [settings.setup, ...(settings.beside ? [settings.beside] : [])];
  while (panes.length > setups.length) panes.pop()?.close();
  while (panes.length < setups.length) {
    const pane = new Pane((at) => transport.look(at), meter);
    panes.push(pane);
    byId("panes").append(pane.element);
  }
  byId("panes").dataset.count = String(panes.length);
  setups.forEach((setup, i) => panes[i].show(setup, address(settings, setup)));
}

/** Takes up where an address says that it stands. */
function start() {
  head.speed = Number(settings.speed) || 1;
  if (settings.at !== "") head.look(Number(settings.at) * CYCLE);
  run();
}

/** @param {number} frame */
function draw(frame) {
  meter.spend(() => {
    const ends = panes.map(({ course }) => course?.end ?? 0);
    const end = Math.max(0, ...ends);
    // One that is still on its way holds the others up: they share the clock.
    const known = panes.every(({ course }) => course?.outcome) ? end : Math.min(...ends);
    head.tick(frame, known);
    const faults = { crash: crashed(settings.crash).at, cut: cutOff(settings.cut).span };
    for (const pane of panes) pane.draw(head.at, end, faults);
    transport.draw(end, faults);
    tell();
  });
  meter.frame();
  requestAnimationFrame(draw);
}

function tell() {
  const problems = panes.map(({ problem }) => problem).filter(Boolean);
  const banner = byId("banner");
  banner.hidden = problems.length === 0;
  say(banner, problems.join("; "));
  const done = panes.every(({ course }) => course?.outcome);
  say(byId("summary"), problems.length > 0 ? "not run" : `${settings.nodes} nodes, seed ${settings.seed}${done ? "" : ", running"}`);
}

window.addEventListener("popstate", () => {
  settings = read(location.search);
  controls.show(settings);
  start();
});
window.addEventListener("resize", () => panes.forEach((pane) => pane.forget()));
startTheme(() => panes.forEach((pane) => pane.forget()));
start();
requestAnimationFrame(draw);
