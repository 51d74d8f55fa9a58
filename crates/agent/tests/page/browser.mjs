// Chromium, and pages that remember what went wrong in them.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

/** Where everything is installed, and where screenshots go. */
export const FOLDER = process.env.PAGE;
export const installed = createRequire(join(FOLDER, "package.json"));

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** The driver's remark about software rendering, no fault of the page. */
const HARMLESS = /GPU stall/;

export const SCREEN = { width: 1280, height: 800 };
export const PHONE = { width: 360, height: 740 };

export async function open() {
  const browser = await installed("playwright-core").chromium.launch({
    executablePath: "/usr/bin/chromium",
    headless: true,
    args: ARGS,
  });
  /** A page of its own; `faults` is what its console says. */
  async function visit(address, { viewport = SCREEN, colorScheme = "light", prepare = async () => {} } = {}) {
    const context = await browser.newContext({ viewport, colorScheme, deviceScaleFactor: viewport === PHONE ? 2 : 1 });
    const page = await context.newPage();
    const faults = [];
    page.on(
      "console",
      (said) => ["error", "warning"].includes(said.type()) && !HARMLESS.test(said.text()) && faults.push(said.text()),
    );
    page.on("pageerror", (error) => faults.push(error.stack));
    await prepare(page);
    await page.goto(address);
    return Object.assign(page, { faults });
  }
  return { visit, close: () => browser.close() };
}

/** Waits until this many nodes are drawn with this status. */
export async function nodes(page, count, status, within = 20_000) {
  const drawn = page.locator(status ? `[data-node][data-status="${status}"]` : "[data-node]");
  await until(
    async () => (await drawn.count()) === count,
    within,
    async () =>
      `${count} ${status ?? "nodes"}, but ${await drawn.count()} are drawn: ${await page.locator("#summary").textContent()}`,
  );
}

/** Asks until it is so; says what was missing if it never is. */
export async function until(so, within, missing) {
  const end = Date.now() + within;
  while (!(await so())) {
    assert.ok(Date.now() < end, `not within ${within} ms: ${typeof missing === "function" ? await missing() : missing}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

const SERIOUS = ["serious", "critical"];

/** What axe-core finds serious, in words. */
export async function violations(page) {
  await page.evaluate(installed("axe-core").source);
  const { violations } = await page.evaluate(() => axe.run(document));
  return violations
    .filter(({ impact }) => SERIOUS.includes(impact))
    .flatMap(({ id, help, nodes }) => nodes.map(({ target, any }) => `${id} (${help}): ${target} ${any[0]?.message ?? ""}`));
}

/** Screenshots are kept as artefacts of the run. */
export function shot(page, name) {
  return page.screenshot({ path: join(FOLDER, `${name}.png`) });
}

/** Nothing was said on the console. */
export function quiet(page) {
  assert.deepEqual(page.faults, [], "the console is quiet");
}
