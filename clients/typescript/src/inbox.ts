/** The inbox on screen: rows with what a list shows of them, the most recently changed first. */

import type { Host } from "./host.js";
import { LiveValue } from "./live.js";
import type { AnyEvent, Row, ThreadView } from "./protocol.js";
import { isArchived, unreadOf } from "./rows.js";
import type { Inbox, InboxItem, InboxOptions, InboxSnapshot } from "./types.js";

const AT_ONCE = 4;
/** How far back the newest item is looked for. */
const LOOK_BACK = 10;

interface Detail {
  head: ThreadView | null;
  last: AnyEvent | null;
  /** For which state and ordinal these were asked. */
  askedState: string;
  askedN: number;
}

/** Heads and newest items of listed threads; shared by all inboxes of a client. */
export class Details {
  readonly #details = new Map<string, Detail>();
  readonly #queue: (() => Promise<unknown>)[] = [];
  #running = 0;

  constructor(
    private readonly host: Host,
    private readonly changed: () => void,
  ) {
    host.emitter.on("push", (push) => {
      const detail = push.type === "inbox.changed" && this.#details.get(push.thread);
      if (!detail) return;
      for (const event of push.events ?? []) {
        if (event.n) Object.assign(detail, { last: event, askedN: event.n });
        else if ("target" in event && event.target === detail.last?.seq) detail.askedN = -1;
        else if (!event.type.startsWith("message.")) detail.askedState = "";
      }
    });
  }

  /** Gives what is known, and asks for what is not or may have changed. */
  of(row: Row): Detail {
    const { thread } = row;
    let detail = this.#details.get(thread);
    if (!detail) this.#details.set(thread, (detail = { head: null, last: null, askedState: "", askedN: -1 }));
    const { request } = this.host;
    const known = detail;
    if (known.askedState !== row.state) {
      known.askedState = row.state;
      this.#ask(async () => (known.head = await request("thread.get", { thread })));
    }
    if (known.askedN < row.n) {
      known.askedN = row.n;
      this.#ask(async () => {
        const { events } = await request("thread.history", { thread, limit: LOOK_BACK });
        known.last = [...events].reverse().find((event) => event.n) ?? known.last;
      });
    }
    return known;
  }

  #ask(read: () => Promise<unknown>): void {
    this.#queue.push(read);
    while (this.#running < AT_ONCE && this.#queue.length) void this.#run(this.#queue.shift()!);
  }

  async #run(read: () => Promise<unknown>): Promise<void> {
    this.#running += 1;
    await read().then(this.changed, () => {}); // a thread that may not be read is shown by its row
    this.#running -= 1;
    const next = this.#queue.shift();
    if (next) void this.#run(next);
  }
}

export class LiveInbox implements Inbox {
  readonly #live: LiveValue<InboxSnapshot>;
  readonly #off: (() => void)[];
  #known = new Map<string, InboxItem>();
  #limit: number;

  constructor(
    private readonly host: Host,
    private readonly details: Details,
    private readonly options: InboxOptions,
    private readonly closed: () => void,
  ) {
    this.#limit = options.limit ?? 30;
    this.#live = new LiveValue(() => this.#make(), host.emitter.report);
    const touch = () => this.touch();
    this.#off = [host.emitter.on("row", touch), host.emitter.on("snapshot", touch)];
  }

  touch(): void {
    this.#live.touch();
  }

  get(): InboxSnapshot {
    return this.#live.get();
  }

  subscribe(listener: (value: InboxSnapshot) => void): () => void {
    return this.#live.subscribe(listener);
  }

  loadMore(): void {
    this.#limit += this.options.limit ?? 30;
    this.touch();
  }

  close(): void {
    for (const off of this.#off) off();
    this.closed();
  }

  #make(): InboxSnapshot {
    const { filter = (row: Row) => !isArchived(row), details = true } = this.options;
    const { session } = this.host.courier.connection;
    const now = this.host.courier.serverNow();
    const rows = [...session.inbox.rows.values()].filter((row) => row.state !== "self");
    const listed = rows.filter(filter).sort((a, b) => b.mark - a.mark);
    const known = this.#known;
    this.#known = new Map();
    const items = listed.slice(0, this.#limit).map((row) => {
      const { head, last } = details ? this.details.of(row) : { head: null, last: null };
      const old = known.get(row.thread);
      const isSame = old && old.row === row && old.head === head && old.last === last;
      const item = isSame ? old : { row, unread: unreadOf(row), isArchived: isArchived(row), head, last };
      this.#known.set(row.thread, item);
      return item;
    });
    const counted = rows.filter((row) => !isArchived(row) && (row.muted_until ?? 0) <= now);
    return {
      isLoaded: session.isLoaded,
      items,
      hasMore: listed.length > this.#limit,
      unread: counted.reduce((sum, row) => sum + unreadOf(row), 0),
    };
  }
}
