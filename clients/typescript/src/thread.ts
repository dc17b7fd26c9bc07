/** A thread on screen: its log, head, receipts, typing and one's own messages as one value that changes. */

import type { Host } from "./host.js";
import { GreenroomError } from "./errors.js";
import { heldLine, Items, pendingLine } from "./items.js";
import { LiveValue } from "./live.js";
import type { AnyEvent, HeldView, HistoryPage, PolicyView, ThreadView } from "./protocol.js";
import type { ClientEvents, Outgoing, SendOptions, Thread, ThreadSnapshot } from "./types.js";

/** `typing_expires_s` of the protocol's limits, and how often typing is told. */
const TYPING_MS = 6_000;
const TYPING_EVERY_MS = 3_000;
const PAGE = 50;

export class LiveThread implements Thread {
  /** How many hold it open. */
  holders = 0;
  readonly #live: LiveValue<ThreadSnapshot>;
  readonly #items: Items;
  readonly #pending = new Map<string, Outgoing>();
  readonly #typing = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #off: (() => void)[];
  #status: ThreadSnapshot["status"] = "loading";
  #code = "";
  #head: ThreadView | null = null;
  #held: HeldView[] = [];
  #hasOlder = false;
  #after = 0;
  #epoch = 0;
  /** The last seq that was applied; events wait while the newest page is read. */
  #seq = 0;
  #waiting: AnyEvent[] | null = [];
  #older: Promise<boolean> | null = null;
  #headAsks = 0;
  #changedAt = 0;
  #readWanted = 0;
  #isReading = false;
  #typedAt = -Infinity;

  constructor(
    readonly id: string,
    private readonly host: Host,
    private readonly closed: () => void,
  ) {
    const { emitter, courier } = host;
    this.#items = new Items(() => host.client.user);
    this.#live = new LiveValue(() => this.#make(), emitter.report);
    for (const handle of courier.handles.values()) if (handle.thread === id) this.#pending.set(handle.cid, handle);
    const on = <K extends keyof ClientEvents>(name: K, act: (event: ClientEvents[K]) => void) =>
      emitter.on(name, (event) => {
        if ((event as { thread?: string }).thread !== id) return;
        act(event);
        this.#live.touch();
      });
    this.#off = [
      on("event", ({ event }) => this.#event(event)),
      on("row", ({ state }) => this.#head && state !== this.#head.state && this.#readHead()),
      on("reset", () => this.#load()),
      on("gone", ({ code }) => this.#gone(code)),
      on("receipt", (receipt) => this.#receipt(receipt)),
      on("typing", ({ user, is_typing }) => this.#typed(user, is_typing)),
      on("outgoing", (outgoing) => this.#outgoing(outgoing as Outgoing)),
      on("own", (event) => this.#own(event)),
      emitter.on("recovered", () => this.refresh()),
      emitter.on("snapshot", () => this.refresh()),
    ];
    this.#load();
  }

  // -- the value -------------------------------------------------------------------------------------------------

  get(): ThreadSnapshot {
    return this.#live.get();
  }

  subscribe(listener: (value: ThreadSnapshot) => void): () => void {
    return this.#live.subscribe(listener);
  }

  #make(): ThreadSnapshot {
    const { host, id } = this;
    const { courier } = host;
    const { user } = host.client;
    let delivered = 0;
    let read = 0;
    for (const peer of this.#head?.participants ?? []) {
      if (peer.user === user) continue;
      delivered = Math.max(delivered, peer.delivered ?? 0, peer.read ?? 0);
      read = Math.max(read, peer.read ?? 0);
    }
    this.#items.marks(delivered, read);
    const mine = new Set(this.#items.list.map((item) => item.key));
    for (const [cid, { status, seq }] of this.#pending)
      if (mine.has(cid) || (status === "sent" && seq <= this.#seq)) this.#pending.delete(cid);
    const held = this.#held.filter(({ cid }) => !mine.has(cid) && !this.#pending.has(cid));
    return {
      thread: id,
      status: this.#status,
      code: this.#code,
      row: courier.connection.session.inbox.rows.get(id) ?? null,
      head: this.#head,
      items: [
        ...this.#items.list,
        ...held.map((view) => heldLine(view, user)),
        ...[...this.#pending.values()].map((outgoing) => pendingLine(outgoing, user)),
      ],
      hasOlder: this.#hasOlder,
      typing: [...this.#typing.keys()],
      returned: [...courier.returned].filter((outgoing) => outgoing.thread === id),
    };
  }

  // -- reading ---------------------------------------------------------------------------------------------------

  /** Reads the newest page, and follows the log from its end. */
  #load(): void {
    const { request, courier } = this.host;
    const waiting: AnyEvent[] = [];
    this.#waiting = waiting;
    request("thread.history", { thread: this.id, limit: PAGE }).then(
      (page) => {
        if (this.#waiting !== waiting) return; // closed, or read again meanwhile
        this.#waiting = null;
        this.#items.clear();
        this.#seq = page.to;
        this.#epoch = page.epoch;
        this.#page(page);
        this.#status = "ready";
        const { session } = courier.connection;
        if (!session.tails.has(this.id)) session.show(this.id, page.to, page.epoch);
        for (const event of waiting) this.#event(event);
        courier.connection.arm();
        this.#live.touch();
      },
      (error: unknown) => this.#waiting === waiting && this.#gone(codeOf(error)),
    );
    this.refresh();
  }

  #page(page: HistoryPage, since = page.to): void {
    this.#items.page(page.events, since);
    this.#after = page.after;
    this.#hasOlder = page.more;
  }

  loadOlder(limit = PAGE): Promise<boolean> {
    if (!this.#hasOlder) return Promise.resolve(false);
    return (this.#older ??= this.#loadOlder(limit).finally(() => (this.#older = null)));
  }

  async #loadOlder(limit: number): Promise<boolean> {
    const since = this.#seq;
    const page = await this.host.request("thread.history", { thread: this.id, before: this.#after + 1, limit });
    if (page.epoch === this.#epoch) this.#page(page, since);
    this.#live.touch();
    return this.#hasOlder;
  }

  refresh(): void {
    this.#readHead();
    this.#readHeld();
  }

  /** Reads the head; once more if it was asked for meanwhile because of an event that the answer does not know yet. */
  #readHead(seq = 0): void {
    this.#changedAt = Math.max(this.#changedAt, seq);
    if (this.#headAsks++) return;
    this.host.request("thread.get", { thread: this.id }).then(
      (head) => {
        const isOld = this.#headAsks > 1 && (head.seq ?? 0) < this.#changedAt;
        this.#headAsks = 0;
        this.#head = head;
        this.#live.touch();
        if (isOld) this.#readHead();
      },
      () => (this.#headAsks = 0), // the history's refusal says the same
    );
  }

  #readHeld(): void {
    this.host.request("held.list", { thread: this.id }).then(
      ({ held }) => {
        this.#held = held;
        this.#live.touch();
      },
      () => {}, // a thread without moderators has none
    );
  }

  #gone(code: string): void {
    this.#status = "gone";
    this.#code = code;
    this.#live.touch();
  }

  // -- what happens ----------------------------------------------------------------------------------------------

  #event(event: AnyEvent): void {
    if (this.#waiting) return void this.#waiting.push(event);
    if (event.seq <= this.#seq) return;
    this.#seq = event.seq;
    this.#items.add(event);
    if (event.by) this.#typed(event.by, false);
    // whatever is no message may change what is allowed, who is here, or what is offered
    if (event.state || !event.type.startsWith("message.")) this.#readHead(event.seq);
  }

  #receipt({ user, read = 0, delivered = 0 }: ClientEvents["receipt"]): void {
    const head = this.#head;
    if (!head) return;
    const participants = head.participants.map((peer) =>
      peer.user !== user
        ? peer
        : { ...peer, read: Math.max(peer.read ?? 0, read), delivered: Math.max(peer.delivered ?? 0, delivered) },
    );
    this.#head = { ...head, participants };
  }

  #typed(user: string, isTyping: boolean): void {
    clearTimeout(this.#typing.get(user));
    this.#typing.delete(user);
    const end = () => {
      this.#typing.delete(user);
      this.#live.touch();
    };
    if (isTyping) this.#typing.set(user, setTimeout(end, TYPING_MS));
  }

  #outgoing(outgoing: Outgoing): void {
    for (const [cid, other] of this.#pending) if (other === outgoing) this.#pending.delete(cid);
    if (outgoing.status !== "bounced" && outgoing.status !== "failed") this.#pending.set(outgoing.cid, outgoing);
  }

  /** One's own log said something about a held message of this thread. */
  #own(event: AnyEvent): void {
    if (event.type === "message.rejected") {
      const held = this.#held.find((view) => view.held === event.held);
      const isKnown = [...this.host.courier.returned].some((outgoing) => outgoing.held === event.held);
      // it was sent by an earlier run or another device: its text is here all the same
      if (held && !isKnown && event.code !== "held.withdrawn" && !this.#pending.has(held.cid))
        this.host.emitter.emit("returned", { thread: this.id, body: held.body, code: event.code, message: null });
    }
    this.#readHeld();
  }

  // -- what the person does --------------------------------------------------------------------------------------

  send(body: string, options: SendOptions = {}): Outgoing {
    this.#typedAt = -Infinity;
    const seen = this.#items.list.reduce((last, item) => Math.max(last, item.n), 0);
    return this.host.courier.send(this.id, body, seen ? { seen, ...options } : options);
  }

  markRead(n?: number): void {
    const { session } = this.host.courier.connection;
    const row = session.inbox.rows.get(this.id);
    const last = n ?? row?.n ?? 0;
    if (last > (row?.read ?? 0)) {
      this.#readWanted = Math.max(this.#readWanted, last);
      if (row) session.merge([{ ...row, read: last }]);
    }
    if (this.#isReading || !this.#readWanted) return;
    const wanted = this.#readWanted;
    this.#readWanted = 0;
    this.#isReading = true;
    const next = () => {
      this.#isReading = false;
      if (this.#readWanted) this.markRead(0);
    };
    this.host.request("thread.read", { thread: this.id, n: wanted }).then(next, next);
  }

  typing(isTyping = true): void {
    const { connection } = this.host.courier;
    const now = connection.now();
    if (isTyping ? now - this.#typedAt < TYPING_EVERY_MS : now - this.#typedAt > TYPING_MS) return;
    this.#typedAt = isTyping ? now : -Infinity;
    connection.tell({ type: "typing.set", thread: this.id, is_typing: isTyping });
  }

  edit(target: number, body: string) {
    return this.host.request("message.edit", { thread: this.id, target, body });
  }

  erase(target: number) {
    return this.host.request("message.erase", { thread: this.id, target });
  }

  react(target: number, emoji: string, on = true) {
    return this.host.request("message.react", { thread: this.id, target, emoji, on });
  }

  async check(body: string): Promise<PolicyView | null> {
    if (!this.host.courier.connection.session.isLive) return null;
    try {
      return (await this.host.request("message.check", { thread: this.id, body })).policy;
    } catch {
      return null;
    }
  }

  close(): void {
    if (--this.holders !== 0) return;
    this.#waiting = null;
    for (const off of this.#off) off();
    for (const timer of this.#typing.values()) clearTimeout(timer);
    this.host.courier.connection.session.hide(this.id);
    this.closed();
  }
}

const codeOf = (error: unknown): string => (error instanceof GreenroomError ? error.code : "client.failed");
