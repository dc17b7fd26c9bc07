/**
 * A device's side of a session, over any number of connections, without I/O and without a clock.
 *
 * It numbers commands and matches replies, applies what arrives to the inbox and to the shown threads, and asks for what
 * is missing: holes are looked at after a short patience, since two paths of the server may overtake each other. All
 * times are monotonic ms of the caller. Source: protocol/spec/session.md, protocol/spec/client-guide.md.
 */

import { Clock } from "./clock.js";
import type {
  AnyEvent,
  ConnectedReply,
  ErrorReply,
  HistoryPage,
  InboxChanged,
  InboxChangesPage,
  Row,
  ServerPush,
  ThreadListPage,
} from "./protocol.js";
import { InboxTail } from "./rows.js";
import { ThreadTail } from "./tail.js";
import type { ClientEvents } from "./types.js";

/** How long a hole may close by itself before it is asked for. */
const HOLE_PATIENCE_MS = 100;
/** Pause after a reading that did not close its hole. */
const REPAIR_RETRY_MS = 1_000;
const READS_AT_ONCE = 4;
export const DEFAULT_RETRY_MS = 1_000;
/** Pushes that are given on as they come, and under which names. */
const TOLD: Partial<Record<ServerPush["type"], keyof ClientEvents>> = {
  "receipt.moved": "receipt",
  "typing.changed": "typing",
  "presence.changed": "presence",
  "metrics.changed": "metrics",
  "topic.posted": "topic",
  "announcement.posted": "announcement",
};

export type Fields = Record<string, unknown>;
/** Any reply; what it is follows from the command it answers. */
// biome-ignore lint: the reply's type is the caller's knowledge
export type AnyReply = any;
type Emit = <K extends keyof ClientEvents>(name: K, event: ClientEvents[K]) => void;

/** What the session needs of the one who has the socket. */
export interface Line {
  send(command: Fields): void;
  emit: Emit;
  /** The server accepted `connect`. */
  live(reply: ConnectedReply): void;
  /** The server refused `connect` and is about to close. */
  refused(error: ErrorReply): void;
  refreshToken(): void;
  /** Drop this connection and open another. */
  reconnect(reason: string): void;
}

export class Session {
  /** Whether the server accepted `connect` on the present connection. */
  isLive = false;
  user = "";
  /** Whether the first page of rows is here. */
  isLoaded = false;
  readonly inbox = new InboxTail();
  readonly clock = new Clock();
  readonly tails = new Map<string, ThreadTail>();
  #pending = new Map<number, { type: string; answer: (reply: AnyReply) => void }>();
  #lastId = 0;
  #repairMs = 0;
  #catchingUp: "" | "snapshot" | "recovered" = "";
  #isComplete = true;
  #listBefore: number | null = null;
  #pageItems = 300;
  #reading = new Set<string>();
  #now = 0;

  readonly #line: Line;

  constructor(line: Line) {
    this.#line = line;
  }

  // -- the connection ------------------------------------------------------------------------------------------

  /** Begins a connection with its first frame. */
  connect(fields: Fields, now: number, answerTimeoutMs: number): void {
    this.clock.begin(now, answerTimeoutMs);
    const { epoch, mark, rows } = this.inbox;
    const last = (tail: ThreadTail) => rows.get(tail.thread)?.mark ?? 0;
    const known = [...this.tails.values()].filter((tail) => tail.epoch > 0).sort((a, b) => last(b) - last(a));
    const threads = Object.fromEntries(
      known.slice(0, 50).map((tail) => [tail.thread, { epoch: tail.epoch, seq: tail.seq ?? 0 }]),
    );
    const resume = epoch ? { resume: { epoch, mark, threads } } : {};
    this.ask("connect", { v: 1, ...fields, ...resume }, (reply) => {
      if (reply.type === "error") this.#line.refused(reply);
      else this.#connected(reply, now);
    });
  }

  disconnected(): void {
    this.#pending.clear();
    this.#reading.clear();
    for (const tail of this.tails.values()) tail.isReading = false;
    this.inbox.disconnected();
    this.clock.end();
    this.#repairMs = 0;
    this.isLive = false;
  }

  /** Sends a command that gets a reply. Nothing is told when the connection ends first. */
  ask(type: string, fields: Fields, answer: (reply: AnyReply) => void): void {
    const id = ++this.#lastId;
    this.#pending.set(id, { type, answer });
    this.#line.send({ type, id, ...fields });
  }

  /** Takes one frame of the server. */
  receive(frame: AnyReply, now: number): void {
    this.clock.heard(now);
    this.#now = now;
    if (frame && typeof frame === "object") {
      if ("id" in frame) this.#answered(frame);
      else this.#pushed(frame, now);
    }
    this.#work(now);
  }

  /** Does what is due; ask again at `due`. */
  tick(now: number): void {
    this.#now = now;
    const { clock } = this;
    if (now >= clock.deadMs) return this.#line.reconnect("silence");
    if (now >= clock.leaveMs) return this.#line.reconnect("server_drain");
    if (now >= clock.refreshMs) {
      clock.refreshMs = Infinity;
      this.#line.refreshToken();
    }
    this.#work(now);
  }

  /** Says when `tick` has something to do next. */
  due(): number {
    const { clock } = this;
    const due = Math.min(clock.deadMs, clock.leaveMs, clock.refreshMs);
    if (!this.isLive) return due;
    return Math.min(due, clock.ackDue(this.inbox.mark), this.#mayRead ? this.#repairMs : Infinity);
  }

  // -- what is shown ---------------------------------------------------------------------------------------------

  /** Gives the events of a thread from now on: those above `after`, or the ones not heard of yet. `epoch`: just read. */
  show(thread: string, after: number | null = null, epoch = 0): void {
    const tail = new ThreadTail(thread, after);
    const row = this.inbox.rows.get(thread);
    this.tails.set(thread, tail);
    if (epoch) tail.reach(epoch, after ?? 0, after ?? 0);
    if (row) this.#reach(tail, row.epoch, row.seq, row.seq);
    else tail.isUnsure = after !== null && !epoch;
  }

  hide(thread: string): void {
    this.tails.delete(thread);
  }

  // -- frames ----------------------------------------------------------------------------------------------------

  #answered(reply: AnyReply): void {
    const pending = this.#pending.get(reply.id);
    if (!pending) return;
    this.#pending.delete(reply.id);
    const isUsable = reply.type === pending.type || (reply.type === "error" && typeof reply.code === "string");
    pending.answer(
      isUsable
        ? reply
        : { type: "error", code: "client.not_understood", message: "The answer was not understood.", retry: "never" },
    );
  }

  #pushed(push: ServerPush, now: number): void {
    const { clock } = this;
    const line = this.#line;
    line.emit("push", push);
    switch (push.type) {
      case "inbox.changed":
        return this.#changed(push, now);
      case "heartbeat":
        clock.offsetMs = push.now - now;
        return clock.beat();
      case "session.draining":
        clock.leaveMs = now + push.reconnect_in_ms;
        return;
      case "inbox.reset":
        return line.reconnect("inbox_reset");
    }
    const name = TOLD[push.type];
    if (name) line.emit(name, push as never);
  }

  #changed(push: InboxChanged, now: number): void {
    const hadHole = this.#mayRead;
    const row = this.inbox.push(push);
    if (row) this.#line.emit("row", row);
    if (push.state === "self") this.#follow(push.thread, push.from);
    const tail = this.tails.get(push.thread);
    if (tail) {
      this.#reach(tail, push.epoch, push.seq, push.from);
      this.#give(tail, tail.push(push.epoch, push.events ?? []));
    }
    if (!hadHole && this.#mayRead) this.#repairMs = Math.max(this.#repairMs, now + HOLE_PATIENCE_MS);
  }

  #connected(reply: ConnectedReply, sentAt: number): void {
    const { clock } = this;
    const line = this.#line;
    const now = this.#now;
    this.isLive = true;
    this.user = reply.user;
    // the answer was made somewhere between: half of the way is a good guess, and bounded by the timeout
    clock.offsetMs = reply.now - (sentAt + now) / 2;
    clock.expect(now, (reply.ping_s + (reply.limits?.pong_timeout_s ?? 10)) * 1000);
    clock.tokenEnds(reply.expires_at, now);
    this.#pageItems = reply.limits?.page_items ?? this.#pageItems;
    line.live(reply);
    this.#isComplete = reply.complete;
    if (reply.recovered && !this.#catchingUp) this.#catchingUp = "recovered";
    this.#page(reply);
    for (const part of reply.threads ?? []) {
      const tail = this.tails.get(part.thread);
      if (!tail) continue;
      this.#reach(tail, part.epoch, part.to, part.after);
      this.#give(tail, tail.page(part.epoch, part.after, part.to, part.events, tail.isUnsure));
    }
  }

  /** Takes a page of changed rows and the position after it. */
  #page(reply: ConnectedReply | InboxChangesPage): void {
    const isSnapshot = !reply.recovered;
    if (isSnapshot) {
      this.#catchingUp = "snapshot";
      const listed = new Set(reply.rows.map((row) => row.thread));
      for (const tail of this.tails.values()) if (tail.seq !== null && !listed.has(tail.thread)) tail.isUnsure = true;
      this.#listBefore = reply.rows.length < this.#pageItems ? null : lowest(reply.rows);
    }
    this.inbox.page(reply.epoch, reply.mark, reply.more, isSnapshot);
    this.merge(reply.rows);
    this.isLoaded = true;
    this.#caughtUp();
  }

  /** Tells the application once nothing more is to come of what was missed. */
  #caughtUp(): void {
    if (!this.#catchingUp || this.inbox.hasMore || this.#listBefore !== null) return;
    const name = this.#catchingUp;
    this.#catchingUp = "";
    if (name === "snapshot") this.#line.emit(name, { complete: this.#isComplete });
    else this.#line.emit(name, {});
  }

  /** Merges rows that say nothing about the position. */
  merge(rows: readonly Row[]): void {
    for (const fresh of rows) {
      const row = this.inbox.merge(fresh);
      if (!row) continue;
      this.#line.emit("row", row);
      // where it stood before is in no snapshot: at least its last event is told
      if (row.state === "self") this.#follow(row.thread, row.seq - 1);
      const tail = this.tails.get(row.thread);
      if (tail) this.#reach(tail, row.epoch, row.seq, row.seq);
    }
  }

  /** One's own log is followed from the first time it is heard of. */
  #follow(thread: string, from: number): void {
    if (!this.tails.has(thread)) this.tails.set(thread, new ThreadTail(thread, from));
  }

  #reach(tail: ThreadTail, epoch: number, seq: number, start: number): void {
    if (tail.reach(epoch, seq, start)) this.#line.emit("reset", { thread: tail.thread });
  }

  #give(tail: ThreadTail, events: AnyEvent[]): void {
    const isOwn = this.inbox.rows.get(tail.thread)?.state === "self";
    for (const event of events) {
      if (isOwn) this.#line.emit("own", event);
      this.#line.emit("event", { thread: tail.thread, epoch: tail.epoch, event });
    }
  }

  // -- what is missing -------------------------------------------------------------------------------------------

  get #mayRead(): boolean {
    return !this.#missing().next().done;
  }

  /** Gives what must be read and is not being read, as the functions that read it. */
  *#missing(): Generator<() => void> {
    const { inbox } = this;
    if (inbox.isBehind && !this.#reading.has("changes")) yield () => this.#readChanges();
    if (this.#listBefore !== null && !this.#reading.has("list")) yield () => this.#readList(this.#listBefore!);
    let room = READS_AT_ONCE;
    for (const tail of this.tails.values()) if (tail.isReading) room -= 1;
    for (const tail of this.tails.values()) {
      if (room > 0 && !tail.isReading && tail.missingAfter !== null) {
        room -= 1;
        yield () => this.#readThread(tail);
      }
    }
  }

  #readChanges(): void {
    const { epoch, mark } = this.inbox;
    this.#read("changes", "inbox.changes", { epoch, mark }, (reply: InboxChangesPage | ErrorReply) => {
      if (reply.type === "error") {
        if (reply.retry === "never") this.#line.reconnect(reply.code);
        return;
      }
      this.#page(reply);
      if (reply.recovered && this.inbox.isBehind && this.inbox.mark === mark) this.#repairLater();
    });
  }

  #readList(before: number): void {
    this.#read("list", "thread.list", { before, limit: this.#pageItems, archived: null }, (reply: ThreadListPage | ErrorReply) => {
      if (reply.type === "error") {
        if (reply.retry !== "never") return;
        this.#listBefore = null;
      } else {
        this.#listBefore = reply.more ? lowest(reply.rows) : null;
        this.merge(reply.rows);
      }
      this.#caughtUp();
    });
  }

  #readThread(tail: ThreadTail): void {
    const after = tail.missingAfter;
    const { thread } = tail;
    if (after === null) return;
    tail.isReading = true;
    this.#read("", "thread.history", { thread, after, limit: this.#pageItems }, (reply: HistoryPage | ErrorReply) => {
      tail.isReading = false;
      if (this.tails.get(thread) !== tail) return;
      if (reply.type === "error") {
        if (reply.retry !== "never") return;
        this.hide(thread);
        return this.#line.emit("gone", { thread, code: reply.code });
      }
      const before = tail.seq;
      this.#reach(tail, reply.epoch, reply.to, reply.after);
      this.#give(tail, tail.page(reply.epoch, reply.after, reply.to, reply.events, reply.more));
      if (tail.missingAfter !== null && after === before && before === tail.seq) this.#repairLater();
    });
  }

  #read(name: string, type: string, fields: Fields, answer: (reply: AnyReply) => void): void {
    if (name) this.#reading.add(name);
    this.ask(type, fields, (reply) => {
      this.#reading.delete(name);
      if (reply.type === "error") this.#repairMs = this.#now + (reply.retry_after_ms || DEFAULT_RETRY_MS);
      answer(reply);
    });
  }

  #repairLater(): void {
    this.#repairMs = this.#now + REPAIR_RETRY_MS;
  }

  /** Asks for what is missing and acknowledges what has arrived. */
  #work(now: number): void {
    if (!this.isLive) return;
    if (now >= this.#repairMs) for (const read of [...this.#missing()]) read();
    const { mark } = this.inbox;
    if (now >= this.clock.ackDue(mark)) {
      this.clock.acked(mark, now);
      this.#line.send({ type: "delivered", mark });
    }
  }
}

/** The mark below which a listing goes on. */
const lowest = (rows: readonly Row[]): number => Math.min(...rows.map((row) => row.mark));
