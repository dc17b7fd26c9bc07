// What a device knows: the rows of its inbox with the position behind them, and the logs of the threads it shows.
// Nothing here does I/O; every rule is one of protocol/spec/ordering.md.

const AMENDMENTS = new Set(["message.edited", "message.redacted", "message.erased", "message.reacted"]);

export class Inbox {
  rows = new Map();
  epoch = 0;
  mark = 0;
  #ahead = new Set();
  #more = false;

  /** Rows after `mark` are missing. */
  get isBehind() {
    return this.#more || this.#ahead.size > 0;
  }

  get position() {
    return this.epoch ? { epoch: this.epoch, mark: this.mark } : undefined;
  }

  page(reply) {
    if (!reply.recovered) {
      this.rows.clear();
      this.mark = 0;
    }
    if (reply.epoch !== this.epoch) this.mark = 0;
    this.epoch = reply.epoch;
    this.mark = Math.max(this.mark, reply.mark);
    this.#more = reply.more;
    for (const row of reply.rows) this.merge(row);
    this.#closeUp();
  }

  push(push) {
    this.merge(push);
    if (push.mark > this.mark) this.#ahead.add(push.mark);
    this.#closeUp();
  }

  merge(row) {
    const { thread, mark, epoch, seq, n, read, state, last_at, muted_until = 0, archived_n = -1 } = row;
    const old = this.rows.get(thread);
    if (!old || epoch > old.epoch) {
      this.rows.set(thread, { thread, mark, epoch, seq, n, read, state, last_at, muted_until, archived_n });
    } else if (epoch === old.epoch) {
      if (seq > old.seq) Object.assign(old, { state, last_at });
      if (mark > old.mark) Object.assign(old, { muted_until, archived_n });
      for (const [key, value] of Object.entries({ mark, seq, n, read })) old[key] = Math.max(old[key], value);
    }
  }

  readUpTo(thread, n) {
    const row = this.rows.get(thread);
    if (row) row.read = Math.max(row.read, n);
  }

  disconnected() {
    this.#ahead.clear();
    this.#more = false;
  }

  #closeUp() {
    while (this.#ahead.has(this.mark + 1)) this.mark += 1;
    for (const mark of this.#ahead) if (mark <= this.mark) this.#ahead.delete(mark);
  }
}

export const unread = (row) => Math.max(0, row.n - row.read);
export const isArchived = (row) => row.archived_n >= row.n;

/** Add or take back one person's emoji. */
function react(reactions, { emoji, on = true, by }) {
  const others = reactions.map((each) => ({ ...each, users: each.users.filter((user) => each.emoji !== emoji || user !== by) }));
  const found = others.find((each) => each.emoji === emoji);
  if (on && found) found.users.push(by);
  else if (on) others.push({ emoji, users: [by] });
  return others.filter(({ users }) => users.length);
}

export class ThreadLog {
  epoch = 0;
  seq = 0;
  known = 0;
  first = 1; // events below this seq were not read yet
  items = [];
  #waiting = new Map();

  constructor(thread) {
    this.thread = thread;
  }

  /** Events up to `known` are missing. */
  get isBehind() {
    return this.seq < this.known;
  }

  /** Take a page that is complete between `after` and `to`; gives the events that are new. */
  page(page) {
    const isOther = page.epoch > this.epoch || page.reset;
    if (isOther) {
      this.items = [];
      this.#waiting.clear();
      this.epoch = page.epoch;
      this.seq = page.after;
      this.known = 0;
      this.first = page.after + 1;
    }
    const fresh = page.events.filter((event) => event.seq > this.seq);
    for (const event of fresh) this.#apply(event);
    this.seq = Math.max(this.seq, page.to);
    return [...fresh, ...this.#drain()];
  }

  /** Take a page of older events. */
  older(page) {
    const items = page.events.filter((event) => event.seq < this.first && !AMENDMENTS.has(event.type));
    this.items.unshift(...items.map(asItem));
    this.first = page.after + 1;
  }

  /** Take a live push; gives the events whose turn it is. */
  push(push) {
    if (push.epoch > this.epoch) {
      this.known = Infinity; // another life of the log: read it again
      return [];
    }
    if (push.epoch < this.epoch) return [];
    for (const event of push.events ?? []) if (event.seq > this.seq) this.#waiting.set(event.seq, event);
    this.known = Math.max(this.known, push.seq);
    return this.#drain();
  }

  #drain() {
    const fresh = [];
    for (let event; (event = this.#waiting.get(this.seq + 1)); this.seq += 1) {
      this.#waiting.delete(event.seq);
      this.#apply(event);
      fresh.push(event);
    }
    for (const seq of this.#waiting.keys()) if (seq <= this.seq) this.#waiting.delete(seq);
    return fresh;
  }

  #apply(event) {
    if (!AMENDMENTS.has(event.type)) return this.items.push(asItem(event));
    const item = this.items.find(({ event: known }) => known.seq === event.target);
    if (item && event.type === "message.reacted") {
      item.event = { ...item.event, reactions: react(item.event.reactions ?? [], event) };
      item.version += 1;
    }
    if (!item || event.type === "message.reacted" || event.seq <= (item.event.edited_seq ?? 0)) return undefined;
    const { seq, at, by, n, cid } = item.event;
    const isGone = event.type === "message.erased";
    item.event = isGone
      ? { type: "item.erased", seq, at, by, n, cid }
      : { ...item.event, body: event.body, hidden: event.hidden, edited_seq: event.seq };
    item.version += 1;
    return undefined;
  }
}

const asItem = (event) => ({ key: event.cid && event.n ? `cid:${event.cid}` : `seq:${event.seq}`, event, version: 1 });
