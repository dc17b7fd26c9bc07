// What of oneself waits for a moderator: held texts, what became of them, and appeals.

const WITHDRAWN = "held.withdrawn";

/** Belongs to a session; tells its changes with `thread` {thread} and `moderation` {event}. */
export class Held {
  appeals = new Map(); // cid -> {decision: "" while it waits, mayResend}
  #texts = new Map(); // cid -> {held, cid, thread, body, at, code, over: code of its end, "" while it waits}

  /** `tell(type, detail)` says what moved. */
  constructor(session, tell) {
    Object.assign(this, { session, tell });
  }

  /** A thread's texts that wait or were given back, in the order in which they were sent. */
  of(thread) {
    return [...this.#texts.values()].filter((each) => each.thread === thread).sort((a, b) => a.at - b.at);
  }

  /** A text was just answered `held`. */
  add({ cid, thread, body }, { mid, at, policy }) {
    this.#texts.set(cid, { held: mid, cid, thread, body, at, code: policy?.code ?? "", over: "" });
  }

  /** It is in the log now, or in the composer again. */
  drop(cid) {
    if (this.#texts.delete(cid)) this.tell("moderation");
  }

  /** Ask what waits in a thread. */
  async read(thread) {
    const before = this.of(thread).filter(({ over }) => !over);
    const { held } = await this.session.ask({ type: "held.list", thread });
    const names = new Set(held.map((each) => each.held));
    for (const { cid, held: name } of before) if (!names.has(name)) this.#texts.delete(cid);
    for (const each of held) if (!this.#texts.get(each.cid)?.over) this.#texts.set(each.cid, { ...each, thread, over: "" });
    this.tell("thread", { thread });
  }

  /** Take a text back; gives its words. */
  async withdraw(text) {
    await this.session.ask({ type: "held.withdraw", held: text.held });
    this.drop(text.cid);
    this.tell("thread", { thread: text.thread });
    return text.body;
  }

  async appeal(thread, cid, note) {
    await this.session.ask({ type: "verdict.appeal", thread, cid, note });
    if (!this.appeals.has(cid)) this.appeals.set(cid, { decision: "", mayResend: false });
    this.tell("thread", { thread });
    this.tell("moderation");
  }

  /** News about oneself; what is not about moderation is left alone. */
  heard(event) {
    const { type, thread, cid, code, decision, may_resend: mayResend = false } = event;
    if (type === "message.held") this.read(thread).catch(() => {}); // the next look at the thread reads it again
    else if (type === "message.rejected") this.#ended(cid, code);
    else if (type === "appeal.decided") this.appeals.set(cid, { decision, mayResend });
    else return;
    this.tell("thread", { thread });
    this.tell("moderation", { event });
  }

  #ended(cid, code) {
    const text = this.#texts.get(cid);
    if (code === WITHDRAWN) this.#texts.delete(cid);
    else if (text) this.#texts.set(cid, { ...text, over: code });
  }
}
