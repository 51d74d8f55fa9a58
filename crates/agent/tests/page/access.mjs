// axe-core has nothing serious to say about any view, light or dark.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { demo } from "./bruit.mjs";
import { nodes, open, PHONE, SCREEN, until, violations } from "./browser.mjs";

let running, browser;
before(async () => {
  running = await demo("--play");
  browser = await open();
  // Something red is to be read, too.
  const page = await browser.visit(running.page);
  await nodes(page, 24, "alive");
  await page.evaluate(() =>
    fetch("/v1/demo/kill", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ node: "n5" }),
    }),
  );
  await nodes(page, 1, "dead");
  await page.context().close();
});
after(async () => {
  await browser?.close();
  await running?.stop();
});

for (const colorScheme of ["light", "dark"]) {
  for (const view of ["cluster", "exchange", "accusations", "charts"]) {
    test(`${view} in ${colorScheme} colours`, async () => {
      const page = await browser.visit(`${running.page}/#${view}`, { colorScheme });
      if (view === "cluster") {
        await nodes(page, 24);
        await page.click("[data-node] .hit");
        await page.locator("#panel tr").first().waitFor();
      } else await until(async () => /24 nodes/.test(await page.locator("#summary").textContent()), 10_000, "24 nodes");
      assert.deepEqual(await violations(page), []);
      await page.context().close();
    });
  }
}

test("nothing is wider than a phone, or than a laptop", async () => {
  for (const viewport of [PHONE, SCREEN]) {
    for (const view of ["cluster", "exchange", "accusations", "charts"]) {
      const page = await browser.visit(`${running.page}/#${view}`, { viewport });
      await page.locator(`#view-${view}`).waitFor();
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${view} at ${viewport.width}: ${over} pixels too wide`);
      await page.context().close();
    }
  }
});

test("the switch turns light into dark, and is remembered", async () => {
  const page = await browser.visit(running.page);
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.click("#theme");
  const dark = await paper();
  assert.notEqual(light, dark);
  await page.reload();
  assert.equal(await paper(), dark);
});
