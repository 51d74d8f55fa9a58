// A server that ends and comes again: the page says so, keeps its picture, and goes on.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { agent, freePort, machine } from "./bruit.mjs";
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
    const other = page.faults.filter(
      (fault) => !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/.test(fault),
    );
    assert.deepEqual(other, [], "nothing but the lost connection on the console");
  } finally {
    await second.stop();
  }
});
