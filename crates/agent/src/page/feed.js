// The connection: fetches the picture, follows the stream, and does both again when something was missed.

/** @import {Item, Picture} from "./types.js" */

/** How long until a lost server is asked again. */
const RETRY_MS = 1_000;
/** Sampled packets, per second and watched node. */
const PACKET_RATE = 10;
/** Items that wait for the picture: four seconds of the most that the server sends. */
const MAX_MEANWHILE = 2_000;
/** All that the page understands; the rest is for others. */
const KINDS = [
  "up",
  "refuted",
  "suspect",
  "dead",
  "left",
  "changed",
  "event",
  "infection",
  "state",
  "packet",
  "traffic",
  "exchange",
  "runs",
  "loss",
  "scene",
];

/** @typedef {"connecting" | "live" | "lost"} Connection */

/**
 * @typedef {object} Listener
 * @property {(picture: Picture) => void} onPicture
 * @property {(item: Item) => void} onItem
 * @property {(connection: Connection) => void} onConnection
 */

export class Feed {
  /** @type {EventSource | null} */
  #stream = null;
  #listener;
  #waits = 0;
  /** What was said while the picture is on its way. @type {Item[] | null} */
  #meanwhile = null;
  #again = false;

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  /**
   * Shows what there is at once, and again whenever the stream opens: nothing falls between it and that picture. What a
   * stream that resumes was yet to tell may be of another server, or nothing if it had told nothing.
   */
  start() {
    this.refresh();
    this.#stream?.close();
    const stream = new EventSource(`/v1/stream?packets=${PACKET_RATE}`);
    this.#stream = stream;
    stream.addEventListener("open", () => this.refresh());
    stream.addEventListener("error", () => this.#lost(stream));
    stream.addEventListener("lagged", () => this.refresh());
    for (const kind of KINDS) stream.addEventListener(kind, (said) => this.#item(kind, said));
  }

  /** Fetches the picture; what the stream says meanwhile is told after it. Asked for again meanwhile, it does so again. */
  async refresh() {
    this.#again = this.#meanwhile !== null;
    if (this.#meanwhile) return;
    const meanwhile = (this.#meanwhile = /** @type {Item[]} */ ([]));
    try {
      const answer = await fetch("/v1/picture");
      if (!answer.ok) throw new Error(`${answer.status}`);
      const picture = /** @type {Picture} */ (await answer.json());
      this.#meanwhile = null;
      this.#listener.onPicture(picture);
      // A picture may still come from a server that has just ended.
      if (this.#stream?.readyState === EventSource.OPEN) this.#listener.onConnection("live");
      meanwhile.forEach((item) => this.#listener.onItem(item));
      if (this.#again) this.refresh();
    } catch {
      this.#meanwhile = null;
      if (this.#stream) this.#lost(this.#stream);
    }
  }

  /** @param {string} kind @param {MessageEvent<string>} said */
  #item(kind, said) {
    const item = { kind, ...JSON.parse(said.data), entry: said.lastEventId };
    if (this.#meanwhile && this.#meanwhile.length < MAX_MEANWHILE) this.#meanwhile.push(item);
    else this.#listener.onItem(item);
    // An observer comes or goes, and all that it sees with it.
    if (kind === "runs") this.refresh();
  }

  /**
   * A stream that the browser has given up is opened anew; one that it reopens itself resumes after the last id.
   * @param {EventSource} stream
   */
  #lost(stream) {
    if (stream !== this.#stream) return;
    this.#listener.onConnection("lost");
    if (this.#waits) return;
    this.#waits = window.setTimeout(() => {
      this.#waits = 0;
      if (stream.readyState === EventSource.CLOSED) this.start();
      else if (stream.readyState === EventSource.OPEN) this.refresh();
    }, RETRY_MS);
  }
}
