// The view of the cluster: what is drawn is what is there.

import assert from "node:assert/strict";
import { copyFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { demo } from "./bruit.mjs";
import { FOLDER, nodes, open, PHONE, quiet, shot, until } from "./browser.mjs";

/** The demo's own bound for its scene `kill`. */
const DEAD_WITHIN_MS = 10_000;

let running, browser, page;
before(async () => {
  running = await demo("--play");
  browser = await open();
  page = await browser.visit(running.page);
});
after(async () => {
  await browser?.close();
  await running?.stop();
});

const label = (name) => page.locator(`[data-node="${name}"]`).getAttribute("aria-label");
const closed = () => until(async () => !(await page.locator("#panel").isVisible()), 2_000, "the panel closes");
const names = () => page.locator("[data-node]").evaluateAll((all) => all.map((one) => one.dataset.node));

test("24 nodes are drawn, and all others think that each is alive", async () => {
  await nodes(page, 24, "alive");
  await until(async () => /alive for 23 of 23/.test(await label((await names())[0])), 10_000, "23 of 23 for the first");
  assert.match(await page.locator("#summary").textContent(), /24 nodes · 24 alive/);
});

test("an event that is sent from the page leaves its tree", async () => {
  await page.fill("#control-event", "deploy");
  assert.match(await page.locator("#controls").textContent(), /bruit event deploy v2 --agent /);
  await page.click("#controls >> text=Send");
  await until(
    async () => /24 of 24 nodes/.test(await page.locator("#caption").textContent()),
    10_000,
    () => page.locator("#caption").textContent(),
  );
  const labels = () => page.locator("[data-node]").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
  const told = async () => (await labels()).filter((one) => /has the event from .+, hop \d+/.test(one)).length;
  await until(
    async () => (await told()) === 23,
    10_000,
    async () => `23 have it from somebody, not ${await told()}`,
  );
  assert.equal((await labels()).filter((one) => one.includes("origin of the event")).length, 1);
});

test("a node that is killed by click is suspected, then dead to all within the bound", async () => {
  const victim = (await names())[12];
  await page.click(`[data-node="${victim}"] .hit`);
  await page.click("#panel >> text=Kill");
  const killed = Date.now();
  const drawn = page.locator(`[data-node="${victim}"]`);
  const becomes = (status) =>
    until(
      async () => (await drawn.getAttribute("data-status")) === status,
      DEAD_WITHIN_MS - (Date.now() - killed),
      () => label(victim),
    );
  await becomes("suspect");
  await becomes("dead");
  await until(
    async () => /dead for 23 of 23/.test(await label(victim)),
    DEAD_WITHIN_MS - (Date.now() - killed),
    () => label(victim),
  );
  await page.keyboard.press("Escape");
  await closed();
});

test("the picture for the README is this one", async () => {
  await shot(page, "cluster-light");
  const dark = await browser.visit(running.page, { colorScheme: "dark" });
  const phone = await browser.visit(running.page, { viewport: PHONE });
  for (const [other, name] of [
    [dark, "cluster-dark"],
    [phone, "cluster-phone"],
  ]) {
    await nodes(other, 24);
    await until(async () => /24 of 24/.test(await other.locator("#caption").textContent()), 5_000, "the tree");
    await shot(other, name);
    quiet(other);
    await other.context().close();
  }
  const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(width <= 0, `${width} pixels too wide`);
  if (process.env.UPDATE_PAGE) copyFileSync(join(FOLDER, "cluster-light.png"), join(process.env.PICTURES, "page.png"));
  assert.ok(statSync(join(FOLDER, "cluster-light.png")).size <= 300_000);
});

test("a node that is open tells its view, timers and packets", async () => {
  const [name] = await names();
  await page.click(`[data-node="${name}"] .hit`);
  const part = (id) => page.locator(`#panel [data-part="${id}"]`);
  await until(async () => (await part("view").locator("tr").count()) === 24, 5_000, "24 members");
  await until(async () => (await part("timers").locator("li").count()) > 0, 5_000, "a timer");
  await until(async () => (await part("packets").locator("li").count()) > 0, 5_000, "a packet");
  assert.match(await part("packets").locator("li code").first().textContent(), /\w/);
  await shot(page, "node");
  await page.keyboard.press("Escape");
  await closed();
});

test("the keyboard is enough", async () => {
  const [first, second] = await names();
  await page.locator(`[data-node="${first}"]`).focus();
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("data-node"));
  const focuses = (name, why) =>
    until(
      async () => (await focused()) === name,
      2_000,
      async () => `${why}: ${await focused()}`,
    );
  await page.keyboard.press("ArrowRight");
  await focuses(second, "the arrow goes to the next");
  await page.keyboard.press("Enter");
  await until(async () => (await page.locator("#panel h2").textContent()) === second, 2_000, "Enter opens it");
  await page.keyboard.press("Escape");
  await closed();
  await focuses(second, "focus is back where it was");
  await page.keyboard.press("Shift+Tab");
  await focuses(first, "nodes are in order");
});

test("who is paused sees nothing, and sees again what it saw when it goes on", async () => {
  const [first, second] = await names();
  const seen = (by) => until(async () => (await label(first)).includes(`alive for ${by} of ${by}`), 5_000, () => label(first));
  await seen(22);
  await page.click(`[data-node="${second}"] .hit`);
  await page.click("#panel >> text=Pause");
  await seen(21);
  await page.click("#panel >> text=Resume");
  await seen(22);
  await page.keyboard.press("Escape");
  await closed();
});

test("scrubbing shows the cluster as it was", async () => {
  const victim = (await names())[12];
  assert.equal(await page.locator(`[data-node="${victim}"]`).getAttribute("data-status"), "dead");
  const range = page.locator("#timeline input[type=range]");
  const first = await page.evaluate(() => Math.round(performance.now()));
  await range.evaluate((input, back) => {
    input.value = String(-back);
    input.dispatchEvent(new Event("input"));
  }, first - 1_500);
  await until(
    async () => (await page.locator(`[data-node="${victim}"]`).getAttribute("data-status")) === "alive",
    2_000,
    () => label(victim),
  );
  assert.match(await page.locator("#past").textContent(), /as it was at/);
  await page.click("text=● Live");
  await until(
    async () => (await page.locator(`[data-node="${victim}"]`).getAttribute("data-status")) === "dead",
    2_000,
    () => label(victim),
  );
});

test("who accuses whom is a table, and the charts share one axis", async () => {
  await page.click("nav >> text=Accusations");
  const column = (sign) => page.locator("#view-accusations .grids > :first-child td", { hasText: sign });
  await until(
    async () => (await column("✕").count()) === 23,
    5_000,
    async () => `23 rows say dead, not ${await column("✕").count()}`,
  );
  await shot(page, "accusations");
  await page.click("nav >> text=Charts");
  await until(async () => (await page.locator(".plot .curve.logistic").count()) === 1, 5_000, "a logistic curve");
  const axes = await page.locator(".plot").evaluateAll((all) =>
    all.map((one) =>
      [...one.querySelectorAll(".axis text")]
        .slice(3)
        .map((text) => text.textContent)
        .join(),
    ),
  );
  assert.equal(new Set(axes).size, 1, axes.join(" | "));
  await shot(page, "charts");
});

test("the console is quiet", () => quiet(page));
