// Starts the page: one world, one feed, the views, and the loop that draws them.

import { Accusations } from "./accusations.js";
import { Charts } from "./charts.js";
import { Cluster } from "./cluster.js";
import { Controls } from "./controls.js";
import { byId, say, set } from "./dom.js";
import { Events } from "./events.js";
import { ExchangeView } from "./exchange.js";
import { Feed } from "./feed.js";
import { legend } from "./legend.js";
import { Meter } from "./meter.js";
import { Panel } from "./panel.js";
import { Scenes } from "./scenes.js";
import { bannered, summed } from "./summary.js";
import { startTheme } from "./theme.js";
import { Timeline } from "./timeline.js";
import { World } from "./world.js";

const world = new World();
const meter = new Meter();
const feed = new Feed({
  onPicture: (picture) => meter.spend(() => world.onPicture(picture)),
  onItem: (item) => meter.spend(() => world.onItem(item)),
  onConnection: (connection) => world.onConnection(connection),
});
const cluster = new Cluster(world);
/** @type {Record<string, {update(): void, frame?(): void}>} */
const views = {
  cluster,
  exchange: new ExchangeView(world),
  accusations: new Accusations(world, feed),
  charts: new Charts(world),
};
const panel = new Panel(world, (name) => cluster.focus(name));
/** @type {{update(): void, frame?(): void}[]} */
const always = [new Events(world), new Controls(world), panel, new Scenes(world), new Timeline(world)];

let shown = "";
/** The view that the address names. */
function choose() {
  const asked = location.hash.slice(1);
  shown = asked in views ? asked : "cluster";
  for (const name of Object.keys(views)) byId(`view-${name}`).hidden = name !== shown;
  for (const link of document.querySelectorAll("nav a")) {
    set(link, "aria-current", link.getAttribute("href") === `#${shown}` ? "page" : null);
  }
  set(document.body, "data-view", shown);
  world.revision += 1;
}

let drawn = -1;
/** @param {number} frame */
function draw(frame) {
  meter.spend(() => {
    world.clock.tick(frame);
    const revision = world.revision + (world.clock.live ? 0 : world.clock.shown);
    if (revision !== drawn) {
      drawn = revision;
      say(byId("summary"), summed(world));
      bannered(world);
      for (const part of [views[shown], ...always]) part.update();
    }
    views[shown].frame?.();
    for (const part of always) part.frame?.();
  });
  meter.frame();
  requestAnimationFrame(draw);
}

window.addEventListener("hashchange", choose);
window.addEventListener("keydown", (event) => {
  if (event.key === "Escape") panel.close();
});
window.setInterval(() => world.keep(), 1_000);
startTheme(() => (world.revision += 1));
byId("legend").append(legend());
choose();
feed.start();
requestAnimationFrame(draw);
