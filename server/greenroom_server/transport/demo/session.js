// One person's session: applies what arrives, repairs holes, sends what must arrive, and tells the views what moved.

import { Held } from "./held.js";
import { Inbox, ThreadLog } from "./inbox.js";
import { Wire } from "./wire.js";

const HOLE_PATIENCE_MS = 100;
const REPAIR_RETRY_MS = 1000;
const DELIVERED_MS = 5000;
const TYPING_EXPIRES_MS = 6000;
const PAGE = 50;

/** A UUIDv7, dated by the server's clock. */
function makeCid(nowMs) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let index = 0; index < 6; index += 1) bytes[index] = Math.floor(nowMs / 2 ** (40 - 8 * index)) % 256;
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/**
 * Events: `state` (connection), `inbox` (rows), `thread` {thread} (log, head, outbox or typing of a thread),
 * `event` {thread, event} (one new event of a shown thread, live), `speed` {speed} (one's own response speed),
 * `own` {event} (news about oneself: Connects, badge, away), `moderation` {event} (something waits, or no more),
 * `topic` {news} and `announcement` (the community).
 */
export class Session extends EventTarget {
  inbox = new Inbox();
  logs = new Map(); // of the threads that were shown
  heads = new Map(); // what `thread.get` said
  outbox = new Map(); // cid -> {cid, thread, body, at}, until its event is here
  verdicts = new Map(); // cid -> what the filter did to one's own text
  held = new Held(this, (type, detail) => this.#tell(type, detail));
  typing = new Map(); // thread -> time until which the other side is typing
  presence = new Map();
  connects = null; // a freelancer's balance
  #tails = new Map();
  #isRepairing = false;
  #told = 0;
  #headReads = new Map();
  #readMarks = new Map();

  constructor(person, url, getToken) {
    super();
    this.person = person;
    this.wire = new Wire(url, getToken, {
      resume: () => this.#resume(),
      connected: (reply) => this.#connected(reply),
      push: (frame) => this.#push(frame),
      state: (name, detail) => this.#state(name, detail),
    });
    this.timers = [
      setInterval(() => this.#repair(), HOLE_PATIENCE_MS),
      setInterval(() => this.#tellDelivered(), DELIVERED_MS),
    ];
  }

  get user() {
    return this.person.user;
  }

  now() {
    return Date.now() + this.wire.offsetMs;
  }

  stop() {
    this.timers.forEach(clearInterval);
    this.wire.stop();
  }

  /** Settles when the connection is there. */
  ready() {
    return this.wire.ready();
  }

  newCid() {
    return makeCid(this.now());
  }

  // -- what the views ask for ----------------------------------------------------------------------------------------

  ask(command) {
    return this.wire.act(command);
  }

  /** Read a thread's head; calls close together share one reading. */
  head(thread) {
    const known = this.#headReads.get(thread);
    if (known) return known;
    const reading = this.ask({ type: "thread.get", thread })
      .then((head) => {
        this.heads.set(thread, head);
        this.#tell("thread", { thread });
        this.#watchPeers();
        return head;
      })
      .finally(() => this.#headReads.delete(thread));
    this.#headReads.set(thread, reading);
    return reading;
  }

  /** Read a thread's head again, after a reading that may be older than what just happened. */
  #refresh(thread) {
    const reading = this.#headReads.get(thread) ?? Promise.resolve();
    reading.catch(() => {}).then(() => this.head(thread)).catch(() => {});
  }

  /** Show a thread: its newest page now, every event from then on. */
  async show(thread) {
    if (this.logs.has(thread)) return;
    const log = new ThreadLog(thread);
    log.known = Infinity;
    this.logs.set(thread, log);
    await Promise.all([this.#readLog(log), this.held.read(thread)]);
  }

  async showOlder(thread) {
    const log = this.logs.get(thread);
    log.older(await this.ask({ type: "thread.history", thread, before: log.first, limit: PAGE }));
    this.#tell("thread", { thread });
  }

  /** Send a message; rejects with Refusal when it was not delivered. One thread's messages go one after another. */
  send(thread, body, quote = 0) {
    const cid = this.newCid();
    const seen = this.inbox.rows.get(thread)?.n ?? 0;
    this.outbox.set(cid, { cid, thread, body, quote, at: this.now() });
    this.#tell("thread", { thread });
    const command = { type: "message.send", thread, cid, body, seen, quote: quote || undefined };
    const before = this.#tails.get(thread) ?? Promise.resolve();
    const sending = before.then(() => this.#deliver(command));
    this.#tails.set(thread, sending.catch(() => {}));
    return sending;
  }

  async #deliver(command) {
    const { cid, thread } = command;
    try {
      const reply = await this.wire.act(command, () => !this.outbox.has(cid));
      if (reply?.policy) this.verdicts.set(cid, reply.policy);
      if (reply?.state === "held") this.held.add(command, reply);
      if (reply?.state === "held" || this.#holds(thread, cid)) this.outbox.delete(cid);
      return reply;
    } catch (error) {
      this.outbox.delete(cid);
      error.cid = cid;
      throw error;
    } finally {
      this.#tell("thread", { thread });
    }
  }

  /** Screen a text without sending it; null when that is not possible now. */
  async check(thread, body) {
    try {
      return (await this.wire.ask({ type: "message.check", thread, body })).policy;
    } catch {
      return null;
    }
  }

  setTyping(thread, isTyping) {
    this.wire.tell({ type: "typing.set", thread, is_typing: isTyping });
  }

  /** Say that everything of a thread has been on screen; one command at a time per thread. */
  async read(thread) {
    const row = this.inbox.rows.get(thread);
    if (!row || row.n <= row.read || row.n <= (this.#readMarks.get(thread) ?? 0)) return;
    this.#readMarks.set(thread, row.n);
    try {
      const reply = await this.wire.ask({ type: "thread.read", thread, n: row.n });
      this.inbox.readUpTo(thread, reply.n);
      this.#tell("inbox");
    } catch {
      this.#readMarks.delete(thread); // the next look at the thread says it again
    }
  }

  isTyping(thread) {
    return (this.typing.get(thread) ?? 0) > Date.now();
  }

  // -- what arrives ----------------------------------------------------------------------------------------------------

  #resume() {
    const position = this.inbox.position;
    if (!position) return undefined;
    const shown = [...this.logs.values()].filter((log) => log.epoch).slice(-PAGE);
    return { ...position, threads: Object.fromEntries(shown.map((log) => [log.thread, { epoch: log.epoch, seq: log.seq }])) };
  }

  #connected(reply) {
    this.inbox.page(reply);
    this.connects = reply.connects ?? null;
    for (const part of reply.threads) this.#takePage(part);
    this.#reach();
    this.#tell("inbox");
  }

  #state(name, detail) {
    if (name !== "live") this.inbox.disconnected();
    else {
      this.#told = 0;
      this.#readMarks.clear();
      for (const thread of this.heads.keys()) this.#refresh(thread);
      for (const thread of this.logs.keys()) this.held.read(thread).catch(() => {});
      this.#watchPeers(true);
    }
    this.#tell("state", { name, detail });
  }

  #push(frame) {
    if (frame.type === "inbox.changed") this.#rowChanged(frame);
    else if (frame.type === "heartbeat") this.wire.tell({ type: "delivered", mark: this.inbox.mark });
    else if (frame.type === "receipt.moved") this.#receipt(frame);
    else if (frame.type === "typing.changed") this.#typed(frame);
    else if (frame.type === "presence.changed") this.#present({ [frame.user]: frame.state });
    else if (frame.type === "metrics.changed") this.#tell("speed", { speed: frame.speed });
    else if (frame.type === "topic.posted") this.#tell("topic", { news: frame });
    else if (frame.type === "announcement.posted") this.#tell("announcement");
    else if (frame.type === "inbox.reset") this.wire.reconnect();
  }

  #rowChanged(push) {
    const before = this.inbox.rows.get(push.thread)?.state;
    this.inbox.push(push);
    if (push.state === "self") this.#ownChanged(push.events ?? []);
    const log = this.logs.get(push.thread);
    if (log?.epoch) this.#applied(push.thread, log.push(push));
    if (push.state !== before && this.heads.has(push.thread)) this.#refresh(push.thread);
    this.#tell("inbox");
  }

  #ownChanged(events) {
    for (const event of events) {
      if (event.type === "connects.changed" && this.connects) this.connects.balance = event.balance;
      this.held.heard(event);
      this.#tell("own", { event });
    }
  }

  #takePage(page) {
    const log = this.logs.get(page.thread);
    if (log) this.#applied(page.thread, log.page(page));
  }

  /** New events are in the log: they answer the outbox, end typing, and may change what is allowed. */
  #applied(thread, events) {
    for (const event of events) {
      if (event.by === this.user) {
        this.outbox.delete(event.cid);
        this.held.drop(event.cid);
      } else if (event.type === "message.sent") this.typing.delete(thread);
      this.#tell("event", { thread, event });
    }
    if (events.some((event) => event.state || !event.type.startsWith("message."))) this.#refresh(thread);
    this.#tell("thread", { thread });
  }

  /** After rows were read: say what is known of each shown thread. */
  #reach() {
    for (const log of this.logs.values()) {
      const row = this.inbox.rows.get(log.thread);
      if (row && log.epoch) log.known = row.epoch > log.epoch ? Infinity : Math.max(log.known, row.seq);
    }
  }

  async #repair() {
    if (this.#isRepairing || this.wire.state !== "live") return;
    const log = [...this.logs.values()].find((each) => each.isBehind && each.epoch);
    if (!log && !this.inbox.isBehind) return;
    this.#isRepairing = true;
    try {
      if (this.inbox.isBehind) {
        const { epoch, mark } = this.inbox;
        this.inbox.page(await this.wire.ask({ type: "inbox.changes", epoch, mark }));
        this.#reach();
        this.#tell("inbox");
      }
      if (log) await this.#readLog(log);
    } catch {
      // the next round tries again
    }
    const isStill = this.inbox.isBehind || log?.isBehind;
    setTimeout(() => (this.#isRepairing = false), isStill ? REPAIR_RETRY_MS : 0);
  }

  async #readLog(log) {
    const isNew = log.known === Infinity;
    const command = { type: "thread.history", thread: log.thread, limit: PAGE };
    const page = await this.ask(isNew ? command : { ...command, after: log.seq });
    if (isNew) log.known = 0;
    this.#takePage(page);
    this.#reach();
  }

  #holds(thread, cid) {
    return this.logs.get(thread)?.items.some(({ event }) => event.cid === cid);
  }

  #receipt({ thread, user, read = 0, delivered = 0 }) {
    const person = this.heads.get(thread)?.participants.find((each) => each.user === user);
    if (!person) return;
    person.read = Math.max(person.read ?? 0, read);
    person.delivered = Math.max(person.delivered ?? 0, delivered);
    this.#tell("thread", { thread });
  }

  #typed({ thread, is_typing: isTyping }) {
    this.typing.set(thread, isTyping ? Date.now() + TYPING_EXPIRES_MS : 0);
    if (isTyping) setTimeout(() => this.#tell("thread", { thread }), TYPING_EXPIRES_MS + 50);
    this.#tell("thread", { thread });
  }

  #watchPeers(isFresh = false) {
    const peers = new Set([...this.heads.values()].flatMap((head) => head.participants.map(({ user }) => user)));
    peers.delete(this.user);
    const isKnown = !isFresh && [...peers].every((user) => this.presence.has(user));
    if (isKnown || !peers.size) return;
    for (const user of peers) this.presence.set(user, this.presence.get(user) ?? "offline");
    this.ask({ type: "presence.watch", users: [...peers] }).then(({ users }) => this.#present(users)).catch(() => {});
  }

  #present(users) {
    for (const [user, state] of Object.entries(users)) this.presence.set(user, state);
    this.#tell("inbox");
  }

  #tellDelivered() {
    if (this.inbox.mark === this.#told) return;
    this.#told = this.inbox.mark;
    this.wire.tell({ type: "delivered", mark: this.inbox.mark });
  }

  #tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
