// 10,000 nodes as they hear of it, played through: the script of a frame, the reading of the stream included.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { lab } from "./bruit.mjs";
import { open, quiet, shot, until } from "./browser.mjs";

const NODES = 10_000;
/** By the page's own measures, at the median. */
const MOST_MS = 16;

let running, browser;
before(async () => {
  running = await lab();
  browser = await open();
});
after(async () => {
  await browser?.close();
  await running?.stop();
});

test(`the script of a frame takes at most ${MOST_MS} ms at the median with ${NODES} nodes`, async () => {
  const settings = new URLSearchParams({ setup: "rumor:exchange=push-pull,k=3", nodes: String(NODES), speed: "2" });
  const page = await browser.visit(`${running.page}/?${settings}`);
  const known = () => page.locator(".pane .facts").textContent();
  await until(async () => /S 0 .* I 0 /.test(await known()), 120_000, known);
  const spent = await page.evaluate(() => performance.getEntriesByName("script").map(({ duration }) => duration));
  spent.sort((a, b) => a - b);
  const at = (share) => spent[Math.floor(spent.length * share)].toFixed(2);
  console.log(`script of ${spent.length} frames: median ${at(0.5)} ms, 90 % ${at(0.9)} ms, 99 % ${at(0.99)} ms`);
  await shot(page, "lab-ten-thousand");
  assert.ok(spent.length > 100 && Number(at(0.5)) <= MOST_MS, `${at(0.5)} ms in ${spent.length} frames`);
  quiet(page);
});
