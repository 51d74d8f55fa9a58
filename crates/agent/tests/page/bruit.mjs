// The binary under test: a demo, or an agent of its own.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";

const BRUIT = process.env.BRUIT;
/** What takes longer does not happen. */
const PATIENCE_MS = 30_000;

/** A runtime folder of its own, so that agents of other tests are not found. */
export function machine() {
  const folder = mkdtempSync(join(tmpdir(), "bruit-page-"));
  return {
    folder,
    env: { ...process.env, XDG_RUNTIME_DIR: folder },
    clear: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Starts a command; `ready` is asked with each line that it prints, and now and then without one. */
async function start(args, env, ready) {
  const child = spawn(BRUIT, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", (line) => lines.push(line));
  const end = Date.now() + PATIENCE_MS;
  while (!(await ready(lines))) {
    const why = child.exitCode !== null ? `ended with ${child.exitCode}` : Date.now() > end ? "is not ready" : null;
    if (why) throw new Error(`bruit ${args.join(" ")} ${why}:\n${lines.join("\n")}`);
    await setTimeout(20);
  }
  const gone = new Promise((ended) => child.once("exit", ended));
  return { lines, stop: () => child.kill("SIGKILL") && gone };
}

const served = (lines) => lines.map((line) => /^page (http:\S+?)\/?$/.exec(line)?.[1]).find(Boolean);

/** The page of the lab. */
export async function lab() {
  const { env, clear } = machine();
  const { lines, stop } = await start(["lab", "serve"], env, served);
  return { page: served(lines), stop: async () => (await stop(), clear()) };
}

/** A demo with its page; without scenes it is just 24 nodes to play with. */
export async function demo(...args) {
  const { env, clear } = machine();
  const { lines, stop } = await start(["demo", "--http", "127.0.0.1:0", ...args], env, served);
  return { page: served(lines), stop: async () => (await stop(), clear()) };
}

/** One agent, which serves its page at this port. */
export async function agent({ env }, name, port, ...args) {
  const page = `http://127.0.0.1:${port}`;
  const answers = () =>
    fetch(`${page}/v1/info`).then(
      (answer) => answer.ok,
      () => false,
    );
  const flags = ["--node", name, "--bind", "127.0.0.1:0", "--profile", "local", "--http", `127.0.0.1:${port}`];
  const { stop } = await start(["agent", ...flags, ...args], env, answers);
  return { page, stop };
}

/** A port that nobody has now. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** What a command prints as JSON. */
export function json({ env }, ...args) {
  return JSON.parse(execFileSync(BRUIT, [...args, "-o", "json"], { env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
}

/** The lines of JSON that a command prints. */
export function jsonLines(...args) {
  const told = execFileSync(BRUIT, [...args, "-o", "json"], { encoding: "utf8", maxBuffer: 1 << 26 });
  return told.trim().split("\n").map((line) => JSON.parse(line));
}

export function command({ env }, ...args) {
  return execFileSync(BRUIT, args, { env, encoding: "utf8" });
}
