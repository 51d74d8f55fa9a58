// An exchange on the page is what the API and the command line say that it was.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { agent, command, demo, freePort, json, machine } from "./bruit.mjs";
import { open, quiet, shot, until } from "./browser.mjs";

let browser;
before(async () => (browser = await open()));
after(() => browser?.close());

/** What each card shows, line by line. */
const cards = (page) =>
  page.evaluate(() => {
    const lines = (name) =>
      [...document.querySelectorAll(`[data-message="${name}"] [data-line]`)].map((line) => line.getAttribute("data-line"));
    return { syn: lines("syn"), ack: lines("ack"), ack2: lines("ack2") };
  });

/** More than the packets of a join have room for: an exchange finds the rest. */
const VALUES = Array.from({ length: 40 }, (_, i) => [`key-${i}`, "x".repeat(400)]);

/** Asks for the last exchange of a node, and waits until it is shown; what the API said of it. */
async function last(page, at) {
  await page.selectOption("#exchange-at", at);
  const answered = page.waitForResponse((answer) => answer.url().includes("/v1/trace"));
  await page.click("text=Show its last");
  const { syn, ack, ack2 } = await (await answered).json();
  await until(
    async () => isDeepStrictEqual(await cards(page), { syn, ack, ack2 }),
    5_000,
    async () => `${JSON.stringify({ syn, ack, ack2 })} is not what is shown: ${JSON.stringify(await cards(page))}`,
  );
  return { syn, ack, ack2 };
}

test("the cards of an agent's page are what `bruit state trace` prints", async () => {
  const here = machine();
  const a = await agent(here, "a", await freePort());
  let b;
  try {
    for (const [key, value] of VALUES) command(here, "state", "set", key, value);
    const at = json(here, "info", "--agent", "a").bound;
    b = await agent(here, "b", await freePort(), "--join", at);
    const traced = () =>
      ["a", "b"].find((name) => {
        try {
          return json(here, "state", "trace", "--agent", name);
        } catch {
          return false;
        }
      });
    await until(async () => traced() !== undefined, 20_000, "an exchange");
    const who = traced();
    const page = await browser.visit(`${who === "a" ? a.page : b.page}/#exchange`);
    const printed = () => {
      const { syn, ack, ack2 } = json(here, "state", "trace", "--agent", who);
      return { syn, ack, ack2 };
    };
    // The two may begin another exchange meanwhile.
    await until(
      async () => isDeepStrictEqual(await last(page, who), printed()),
      10_000,
      () => JSON.stringify(printed()),
    );
    assert.ok((await cards(page)).ack2.length + (await cards(page)).ack.length > 0);
    assert.equal(await page.locator("#controls").isVisible(), false, "an agent cannot be broken from its page");
    quiet(page);
  } finally {
    await b?.stop();
    await a.stop();
    here.clear();
  }
});

test("the cards of the demo are what /v1/trace says, with what differs lit, and the next can be taken", async () => {
  const running = await demo("--play");
  try {
    const page = await browser.visit(`${running.page}/#exchange`);
    await until(async () => (await page.locator("#exchange-at option").count()) === 24, 10_000, "24 to choose from");
    const at = await page.locator("#exchange-at option").first().textContent();
    const write = async (i) =>
      page.evaluate(
        ([at, i]) =>
          fetch(`/v1/state/keys/key-${i}?at=${at}`, {
            method: "PUT",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ value: "x".repeat(400) }),
          }).then((answer) => answer.status),
        [at, i],
      );
    for (let i = 0; i < 40; i++) assert.equal(await write(i), 200);
    await page.evaluate(
      (at) =>
        fetch("/v1/demo/restart", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ node: at }),
        }),
      await page.locator("#exchange-at option").last().textContent(),
    );
    await until(async () => (await page.locator(".message").count()) === 3, 20_000, "an exchange on the stream");
    const peer = (await page.locator(`[data-message="syn"] .way`).textContent()).split(" → ")[0];
    assert.ok((await last(page, peer)).syn.length > 0);
    const sizes = await page.locator(".message .bytes").allTextContents();
    assert.ok(
      sizes.every((size) => /^\d+(\.\d)? k?B$/.test(size)),
      sizes.join(),
    );
    assert.ok((await page.locator(".message .lit").count()) > 0, "what differs is lit");
    await shot(page, "exchange");
    await page.click("text=Take the next");
    const title = page.locator("#view-exchange .lead");
    await until(
      async () => /\d\d:\d\d:\d\d/.test(await title.textContent()),
      10_000,
      () => title.textContent(),
    );
    quiet(page);
  } finally {
    await running.stop();
  }
});
