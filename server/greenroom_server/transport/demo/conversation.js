// One thread: who, about what, in which state; the log; what can be begun; the composer.

import { Composer } from "./composer.js";
import { avatar, button, el, fill, hiddenText, icon } from "./elements.js";
import { menu } from "./menu.js";
import { ItemView, timeOf } from "./messages.js";
import { Problem } from "./refusals.js";
import { carryOut, more, steps } from "./thread_actions.js";
import { appealWords } from "./why.js";
import { NOTICES, speedWords, stateName } from "./words.js";

const GROUP_MS = 120_000;
const PROFILE_AFTER_MS = 250;
const NEAR_END_PX = 80;

export class Conversation {
  #views = new Map();
  #profileTimer = 0;
  #stop = new AbortController();
  #isFilled = false;
  #isAtEnd = true;

  /** `place`: {setup, host, leave(), openThread(thread), openProfile(freelancer)}. */
  constructor(session, thread, place) {
    Object.assign(this, { session, thread, place });
    const id = `${session.user}-${thread}`;
    this.title = el("h3", { id: `${id}-title`, tabindex: "-1" });
    this.who = el("div", { class: "who" });
    this.speed = el("p", { class: "speed-line" });
    this.chip = el("span", { class: "chip", role: "status" });
    this.face = el("span", {});
    const actions = menu(icon("more"), () => more(this.context()), { class: "icon-button", "aria-label": "More about this conversation" });
    this.head = el(
      "header",
      { class: "thread-head" },
      button(icon("back"), () => place.leave(), { class: "icon-button", "aria-label": "Back to all conversations" }),
      this.face,
      el("div", { class: "who" }, this.title, this.who, this.speed),
      this.chip,
      actions,
    );
    this.older = button("Load earlier messages", () => this.#showOlder(), { class: "quiet older", hidden: true });
    this.log = el("div", { class: "log", role: "log", "aria-live": "off", "aria-labelledby": `${id}-title` });
    this.typing = el("p", { class: "typing" });
    this.notice = el("div", { class: "notice", role: "note", hidden: true });
    this.steps = el("div", { class: "thread-steps", hidden: true });
    this.problem = new Problem();
    this.said = el("p", { class: "feedback", role: "status", data: { kind: "done" }, hidden: true });
    this.composer = new Composer(session, thread, place.setup, id);
    this.scroll = el("div", { class: "scroll", tabindex: "0" }, this.older, this.log, this.typing);
    const below = el("div", { class: "below" }, this.notice, this.steps, this.problem.element, this.said);
    this.element = el("div", { class: "conversation", on: { hint: (event) => this.hint(event) } }, this.head, this.scroll, below, this.composer.element);
    this.scroll.addEventListener("scroll", () => this.#scrolled());
    this.sizes = new ResizeObserver(() => this.#stayAtEnd());
    this.sizes.observe(this.scroll);
    this.sizes.observe(this.log);
    const listen = (type, handler) => session.addEventListener(type, handler, { signal: this.#stop.signal });
    listen("thread", ({ detail }) => detail.thread === thread && this.update());
    listen("inbox", () => this.update());
    listen("moderation", ({ detail }) => this.#moderated(detail.event));
    listen("event", ({ detail }) => detail.thread === thread && detail.event.by !== session.user && this.#readProfile());
    document.addEventListener("visibilitychange", () => this.#markRead(), { signal: this.#stop.signal });
  }

  async open() {
    this.update();
    await Promise.all([this.session.head(this.thread), this.session.show(this.thread)]);
    this.#readProfile(0);
    this.#isFilled = true;
    this.update();
    this.log.setAttribute("aria-live", "polite");
    this.#takeFocus();
  }

  /** Let the person write at once, unless they went to the other side meanwhile. */
  #takeFocus() {
    const { activeElement } = document;
    if (activeElement !== document.body && !this.place.host.contains(activeElement)) return;
    if (this.composer.form.hidden) this.title.focus();
    else this.composer.focus();
  }

  close() {
    this.#stop.abort();
    this.sizes.disconnect();
    clearTimeout(this.#profileTimer);
  }

  update() {
    const head = this.session.heads.get(this.thread);
    if (head) this.#showHead(head);
    if (head) this.#showPolicy(head);
    this.composer.update(head ?? null);
    this.#showItems(head);
    this.#showTyping(head);
    this.#markRead();
  }

  #peer(head) {
    return head.participants.find(({ user }) => user !== this.session.user);
  }

  #showHead(head) {
    const peer = this.#peer(head);
    const presence = this.session.presence.get(peer.user);
    const isMuted = (this.session.inbox.rows.get(this.thread)?.muted_until ?? 0) > this.session.now();
    const key = [peer.user, peer.name, presence, head.title, head.state, isMuted].join("/");
    if (key === this.headKey) return;
    this.headKey = key;
    fill(this.face, avatar(peer.user, peer.name, presence));
    const opens = head.role === "client" && { type: "button", class: "link", on: { click: () => this.place.openProfile(peer.user) } };
    fill(this.title, opens ? el("button", opens, peer.name) : peer.name, hiddenText(presence === "active" ? ", online" : ""), isMuted && " · muted");
    fill(this.who, head.title || "No job yet");
    fill(this.chip, stateName(head.state));
    this.chip.dataset.state = head.state;
  }

  /** The notice that must be shown, and what can be begun here now. */
  #showPolicy(head) {
    const { notice, actions } = head.policy;
    const key = `${notice}/${actions.join()}/${head.title}`;
    if (key === this.policyKey) return;
    this.policyKey = key;
    this.notice.hidden = !notice;
    const acknowledge = async () => {
      await this.session.ask({ type: "notice.ack", thread: this.thread, notice });
      await this.session.head(this.thread);
      this.#takeFocus();
    };
    fill(this.notice, notice && [icon("shield"), el("p", {}, NOTICES[notice] ?? notice), button("I understand", acknowledge, { class: "quiet" })]);
    const offered = steps(this.context());
    this.steps.hidden = !offered.length;
    const press = (run) => () => Promise.resolve(run()).catch((error) => this.refused(error));
    fill(this.steps, offered.map(({ label, run }) => button(label, press(run), { class: "quiet" })));
  }

  #showItems(head) {
    const log = this.session.logs.get(this.thread);
    if (!log?.epoch) return;
    const items = [...log.items, ...this.#pending(log)];
    const context = this.context(items);
    const views = new Map();
    let previous = null;
    items.forEach((item, index) => {
      const view = this.#views.get(item.key) ?? new ItemView();
      view.update(item, { ...context, isLast: isLast(item.event, items[index + 1]?.event) });
      views.set(item.key, view);
      const wanted = previous ? previous.nextElementSibling : this.log.firstElementChild;
      if (wanted !== view.element) this.log.insertBefore(view.element, wanted);
      previous = view.element;
    });
    for (const [key, view] of this.#views) if (!views.has(key)) view.element.remove();
    this.#views = views;
    this.older.hidden = log.first <= 1;
    this.#stayAtEnd();
  }

  /** What is on screen stays where it is while older messages come above it. */
  async #showOlder() {
    const below = this.scroll.scrollHeight - this.scroll.scrollTop;
    this.log.setAttribute("aria-live", "off");
    await this.session.showOlder(this.thread);
    this.scroll.scrollTop = this.scroll.scrollHeight - below;
    this.log.setAttribute("aria-live", "polite");
  }

  /** Whoever looks at the newest message goes on doing so, whatever grows. */
  #stayAtEnd() {
    if (this.#isAtEnd) this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroll;
    this.#isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }

  /** What was sent and has no place in the log yet, or never gets one. */
  #pending(log) {
    const known = new Set(log.items.map(({ event }) => event.cid));
    const asItem = ({ cid, body, at, quote }, state) => ({
      key: `cid:${cid}`,
      version: 1,
      event: { type: "message.sent", by: this.session.user, body, at, cid, quote, ...state },
    });
    const sending = [...this.session.outbox.values()].filter(({ thread }) => thread === this.thread);
    const found = [...this.session.held.of(this.thread).map((held) => asItem(held, { held })), ...sending.map((each) => asItem(each, { pending: true }))];
    return found.filter(({ event }) => !known.has(event.cid));
  }

  /** What the parts of this conversation need to know and to do. */
  context(items = []) {
    const { session, thread, place, composer } = this;
    const head = session.heads.get(thread);
    const peer = head && this.#peer(head);
    const nameOf = (user) => this.#nameOf(head, user);
    return {
      session, thread, composer, head, items, nameOf,
      me: session.user,
      setup: place.setup,
      host: place.host,
      peer: peer?.user,
      peerName: peer?.name.split(" ")[0] ?? "",
      actions: head?.policy.actions ?? [],
      isBlocked: head?.policy.why_not === "peer.blocked",
      cardKey: head && [head.state, head.expires_at, head.policy.actions.join(), JSON.stringify(head.grants ?? [])].join("/"),
      time: timeOf,
      act: (command) => this.#act(command),
      ignore: () => this.#ignore(),
      quote: (event) => composer.quote(event, nameOf(event.by)),
      quoted: (seq) => items.find(({ event }) => event.seq === seq),
      openThread: (other) => place.openThread(other),
      leave: () => place.leave(),
      refused: (error) => this.refused(error),
      say: (text) => this.say(text),
      redraw: () => this.update(),
    };
  }

  #nameOf(head, user) {
    if (user === this.session.user) return "You";
    return head?.participants.find((each) => each.user === user)?.name ?? "The marketplace";
  }

  async #act(command) {
    this.problem.clear();
    this.say("");
    try {
      return await this.session.ask({ ...command, thread: this.thread, cid: this.session.newCid() });
    } finally {
      await this.session.head(this.thread);
    }
  }

  /** Put the invitation away; it stays open, and the inbox keeps it under "Archived". */
  async #ignore() {
    await this.#act({ type: "invitation.ignore" });
    await this.session.ask({ type: "thread.archive", thread: this.thread });
    this.place.leave();
  }

  refused(error) {
    this.problem.show(error);
  }

  say(text) {
    this.said.hidden = !text;
    fill(this.said, text && [icon("check"), text]);
  }

  hint(event) {
    const run = carryOut(event.detail.hint, this.context(), event.detail);
    if (!run) return;
    event.stopPropagation();
    Promise.resolve(run()).catch((error) => this.refused(error));
  }

  /** An appeal of this thread was decided. */
  #moderated(event) {
    if (event?.type === "appeal.decided" && event.thread === this.thread) this.say(appealWords(this.session.held.appeals.get(event.cid)));
  }

  #showTyping(head) {
    const isTyping = head && this.session.isTyping(this.thread);
    const name = isTyping ? this.#peer(head).name.split(" ")[0] : "";
    const text = isTyping ? `${name} is typing` : "";
    if (this.typing.textContent === text) return;
    fill(this.typing, text && [text, el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"))]);
  }

  #markRead() {
    if (this.#isFilled && document.visibilityState === "visible") this.session.read(this.thread);
  }

  /** A client sees the freelancer's response speed move as answers come. */
  #readProfile(delay = PROFILE_AFTER_MS) {
    const head = this.session.heads.get(this.thread);
    if (head?.role !== "client") return;
    clearTimeout(this.#profileTimer);
    this.#profileTimer = setTimeout(async () => {
      const { profile } = await this.session.ask({ type: "profile.get", freelancer: this.#peer(head).user });
      const words = speedWords(profile.speed);
      fill(this.speed, icon("clock"), `${words.title} · ${words.sample}`);
    }, delay);
  }
}

/** The last message of a group of one author shows the time. */
function isLast(event, next) {
  const isOneGroup = next?.type === "message.sent" && next.by === event.by && next.at - event.at < GROUP_MS;
  return !isOneGroup || Boolean(event.hidden?.length || event.held || next.held);
}
