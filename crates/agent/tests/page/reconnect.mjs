// A server that ends and comes again: the page says so, keeps its picture, and goes on.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { agent, command, freePort, machine } from "./bruit.mjs";
import { nodes, open, until } from "./browser.mjs";

let here, browser;
before(async () => {
  here = machine();
  browser = await open();
});
after(async () => {
  await browser?.close();
  here?.clear();
});

test("the page outlives its agent and finds the next one", async () => {
  const port = await freePort();
  const first = await agent(here, "a", port);
  const page = await browser.visit(first.page);
  await nodes(page, 1, "alive");
  await first.stop();
  const banner = page.locator("#banner");
  await until(() => banner.isVisible(), 10_000, "a banner");
  assert.match(await banner.textContent(), /does not answer.+its picture of \d\d:\d\d:\d\d/);
  await nodes(page, 1);
  const second = await agent(here, "a", port);
  try {
    await until(
      async () => !(await banner.isVisible()),
      15_000,
      () => banner.textContent(),
    );
    await page.evaluate(() =>
      fetch("/v1/events", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: "again" }),
      }),
    );
    await until(async () => /again/.test(await page.locator("#events").textContent()), 10_000, "what the new agent says");
    assert.deepEqual(others(page), [], "nothing but the lost connection on the console");
  } finally {
    await second.stop();
  }
});

test("what the next agent said before it was found is shown", async () => {
  const port = await freePort();
  const first = await agent(here, "a", port);
  const page = await browser.visit(first.page);
  await nodes(page, 1, "alive");
  await first.stop();
  await until(() => page.locator("#banner").isVisible(), 10_000, "a banner");
  const second = await agent(here, "a", port);
  try {
    command(here, "event", "early", "--agent", "a");
    await until(async () => /early/.test(await page.locator("#events").textContent()), 15_000, "what was said early");
  } finally {
    await second.stop();
  }
});

test("the last answer of an agent that has ended is no sign of life", async () => {
  const port = await freePort();
  const first = await agent(here, "a", port);
  let asked = 0;
  const [answered, ended] = [gate(), gate()];
  /** Holds the answer to the second request, which the opened stream causes. */
  const prepare = (page) =>
    page.route("**/v1/picture", async (route) => {
      asked += 1;
      if (asked !== 2) return route.continue();
      const response = await route.fetch();
      answered.open();
      await ended.opened;
      await route.fulfill({ response });
    });
  const page = await browser.visit(first.page, { prepare });
  await answered.opened;
  await first.stop();
  const banner = page.locator("#banner");
  await until(() => banner.isVisible(), 10_000, "a banner");
  const arrived = page.waitForResponse("**/v1/picture");
  ended.open();
  await (await arrived).finished();
  await page.evaluate(() => new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown))));
  assert.ok(await banner.isVisible());
});

/** A promise, and what fulfils it. */
function gate() {
  let open = () => {};
  const opened = new Promise((done) => (open = done));
  return { opened, open };
}

/** What the console says but for the lost connection. */
function others({ faults }) {
  const lost = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/;
  return faults.filter((fault) => !lost.test(fault));
}
