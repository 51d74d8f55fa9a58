// The lab's page shows what the command line runs: hash by hash, forwards and back, on one clock, by its address alone.

import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { jsonLines, lab } from "./bruit.mjs";
import { FOLDER, open, PHONE, quiet, SCREEN, shot, until, violations } from "./browser.mjs";

let running, browser;
before(async () => {
  running = await lab();
  browser = await open();
});
after(async () => {
  await browser?.close();
  await running?.stop();
});

/** Each differs from the first in what it is named after, and from the others in their number. */
const CASES = [
  ["push", { setup: "rumor:exchange=push,k=3", nodes: "1000" }],
  ["another protocol", { setup: "rumor:exchange=push-pull,k=2,contacts=2", nodes: "300" }],
  ["loss", { setup: "rumor:exchange=pull,k=4", nodes: "500", loss: "10%" }],
  ["another latency", { setup: "rumor:k=2", nodes: "2000", latency: "log-normal:1ms+300ms", seed: "4" }],
  ["a crash", { setup: "rumor:exchange=push,k=4,feedback=false", nodes: "400", crash: "30%@6" }],
  ["who comes and goes", { setup: "rumor:k=1,sync-every=10", nodes: "300", churn: "1%", horizon: "30" }],
  ["a cut", { setup: "rumor:exchange=push-pull,stop=coin,k=4", nodes: "600", cut: "3..9", seed: "11", latency: "regions" }],
  ["an event in whole nodes", { setup: "events:spread=tree", nodes: "100", loss: "20%", crash: "10%@1" }],
  ["a value in whole nodes", { setup: "endpoint-state:spread=false", nodes: "60", cut: "2..4" }],
];

const address = (settings) => `${running.page}/?${new URLSearchParams(settings)}`;

/** What the command line says of it: the hash at the end of each cycle from 0. */
function hashes({ setup, ...world }) {
  const all = Object.entries({ latency: "20ms..80ms", ...world }).flatMap(([name, value]) => [`--${name}`, value]);
  const told = jsonLines("lab", "run", setup, ...all, "--step");
  const last = told.pop();
  assert.equal(last.hash, told.at(-1).hash);
  return told.map(({ hash }) => hash);
}

/** The hash of each pane, with the cycle that it is of. */
const shown = (page) =>
  page.locator(".hash").evaluateAll((all) => all.map((hash) => [Number(hash.dataset.cycle), hash.textContent]));

/** What is drawn for a check of each step is small: the browser draws without a processor of its own. */
const SMALL = { width: 700, height: 420 };
/** Steps back from the end: some key frames. */
const BACK = 10;

/** Runs are over, and stand still at their start. */
async function ready(settings, panes = 1) {
  const page = await browser.visit(address({ ...settings, at: "0" }), { viewport: SMALL });
  await over(page, panes);
  return page;
}

async function over(page, panes = 1) {
  const ended = page.locator(".outcome", { hasText: /over after|cut short/ });
  await until(
    async () => (await ended.count()) === panes,
    60_000,
    () => page.locator("#banner").textContent(),
  );
}

/** Presses a key, and waits until a frame shows what came of it. */
async function press(page, key) {
  await page.keyboard.press(key);
  await page.evaluate(() => new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown))));
}

for (const [name, settings] of CASES) {
  test(`${name}: the hash at each step, forwards and back, is the command line's`, async () => {
    const expected = hashes(settings);
    const page = await ready(settings);
    for (let cycle = 0; cycle < expected.length; cycle++) {
      assert.deepEqual(await shown(page), [[cycle, expected[cycle]]]);
      await press(page, "ArrowRight");
    }
    for (let cycle = expected.length - 2; cycle >= Math.max(0, expected.length - BACK); cycle -= 1) {
      await press(page, "ArrowLeft");
      assert.deepEqual(await shown(page), [[cycle, expected[cycle]]]);
    }
    quiet(page);
    await page.context().close();
  });
}

test("a step back and one forth is where it was, and a time that is chosen is that time", async () => {
  const page = await ready(CASES[0][1]);
  for (let i = 0; i < 11; i++) await press(page, "ArrowRight");
  const facts = () => page.locator(".pane .facts").textContent();
  const [before, told] = [await shown(page), await facts()];
  for (const key of ["ArrowLeft", "ArrowLeft", "ArrowRight", "ArrowRight"]) await press(page, key);
  assert.deepEqual([await shown(page), await facts()], [before, told]);
  const range = page.locator("#transport input");
  for (const at of ["4000000", "17500000", "11000000"]) await range.fill(at);
  await until(async () => (await shown(page))[0][0] === 11, 5_000, "cycle 11");
  assert.deepEqual([await shown(page), await facts()], [before, told]);
  quiet(page);
});

test("two panes share the clock, and each is its own run under the same seed and faults", async () => {
  const world = { nodes: "800", seed: "3", loss: "5%", crash: "10%@4" };
  const [left, right] = ["rumor:exchange=push,k=3", "rumor:exchange=pull,k=3"];
  const page = await ready({ ...world, setup: left, beside: right }, 2);
  const [a, b] = [hashes({ ...world, setup: left }), hashes({ ...world, setup: right })];
  for (let cycle = 1; cycle < Math.min(a.length, b.length); cycle++) {
    await press(page, "ArrowRight");
    assert.deepEqual(await shown(page), [
      [cycle, a[cycle]],
      [cycle, b[cycle]],
    ]);
  }
  await press(page, " ");
  for (let i = 0; i < 20; i++) {
    const [[one], [other]] = await shown(page);
    assert.ok(one === other || one === a.length - 1 || other === b.length - 1, `${one} and ${other}`);
  }
  quiet(page);
});

test("what is changed acts at once, and the address is all of it", async () => {
  const page = await ready({ setup: "rumor:exchange=push,k=3", nodes: "100" });
  await page.selectOption("#setup-exchange", "pull");
  await page.fill("#setup-k", "2");
  await page.locator("#setup-k").blur();
  await page.selectOption("#nodes", "300");
  await page.locator("#loss").fill("7");
  await page.locator("#crash-share").fill("20");
  await page.click("#beside");
  await page.fill("#cut-from", "2");
  await page.fill("#cut-to", "4");
  await page.locator("#cut-to").blur();
  await until(async () => /cut=2\.\.4/.test(page.url()), 5_000, () => page.url());
  await over(page, 2);
  await page.locator("#transport input").fill("8000000");
  await until(async () => (await shown(page))[0][0] === 8, 5_000, "cycle 8");
  const world = { nodes: "300", loss: "7%", crash: "20%@5", cut: "2..4" };
  assert.equal((await shown(page))[0][1], hashes({ ...world, setup: "rumor:exchange=pull,k=2" })[8]);
  const again = await browser.visit(page.url());
  await over(again, 2);
  await until(async () => (await shown(again))[0][0] === 8, 5_000, "cycle 8");
  assert.deepEqual(await shown(again), await shown(page));
  for (const part of [".facts", ".outcome", ".command", ".pane h2"]) {
    assert.deepEqual(await again.locator(part).allTextContents(), await page.locator(part).allTextContents());
  }
  quiet(page);
  quiet(again);
});

test("a root that crashes in its loop, nodes that come and go and anti-entropy behind are chosen", async () => {
  const page = await ready({ setup: "rumor", nodes: "100", horizon: "20" });
  assert.equal(await page.locator("#crash-root").count(), 0, "a rumor has no loop");
  await page.selectOption("#setup-protocol", "mail");
  await page.selectOption("#setup-sync-every", "5");
  await page.selectOption("#crash-root", "50");
  await page.locator("#churn").fill("2");
  const command = /mail:sync-every=5 --nodes 100 --loss 0% --crash root@50% --churn 2% /;
  await until(async () => command.test(await page.locator(".command").textContent()), 5_000, () => page.url());
  await over(page);
  quiet(page);
});

test("a setting that cannot be is named, and nothing is shown for it", async () => {
  const page = await browser.visit(address({ setup: "rumor:k=0" }));
  await until(async () => /k must be from 1 to 1000/.test(await page.locator("#banner").textContent()), 5_000, "the banner");
  assert.equal(await page.locator(".outcome").textContent(), "");
  const answer = await fetch(`${running.page}/v1/lab/run?nodes=1`);
  assert.equal(answer.status, 400);
  assert.equal((await answer.json()).detail, "nodes: from 2 to 100000");
});

test("a run that nobody reads any more makes room for another", async () => {
  const long = `${running.page}/v1/lab/run?nodes=20000&setup=rumor:exchange=pull,k=1000`;
  for (let i = 0; i < 12; i++) {
    const leaving = new AbortController();
    const answer = await fetch(long, { signal: leaving.signal });
    assert.equal(answer.status, 200);
    leaving.abort();
  }
});

for (const colorScheme of ["light", "dark"]) {
  test(`everyone can read it in ${colorScheme} colours`, async () => {
    for (const viewport of [SCREEN, PHONE]) {
      const settings = { setup: "rumor:exchange=push,k=3", beside: "rumor:exchange=push-pull,k=3", cut: "3..8", crash: "10%@6" };
      const page = await browser.visit(address({ ...settings, at: "6.06" }), { viewport, colorScheme });
      await over(page, 2);
      await shot(page, `lab-${viewport === PHONE ? "phone" : "screen"}-${colorScheme}`);
      assert.deepEqual(await violations(page), []);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${wide} pixels too wide`);
      quiet(page);
      await page.context().close();
    }
  });
}

test("the picture of the README", async () => {
  const settings = { setup: "rumor:exchange=push,k=3", beside: "rumor:exchange=push-pull,k=3", nodes: "100", crash: "10%@6" };
  const page = await browser.visit(address({ ...settings, at: "10.05" }));
  await over(page, 2);
  await shot(page, "lab");
  if (process.env.UPDATE_PAGE) copyFileSync(join(FOLDER, "lab.png"), join(process.env.PICTURES, "lab-page.png"));
});
