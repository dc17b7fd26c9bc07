// One thread: who, about what, in which state; the log; the composer.

import { Composer } from "./composer.js";
import { avatar, button, el, fill, hiddenText, icon } from "./elements.js";
import { ItemView } from "./messages.js";
import { speedWords, stateName } from "./words.js";

const GROUP_MS = 120_000;
const PROFILE_AFTER_MS = 250;
const NEAR_END_PX = 80;

export class Conversation {
  #views = new Map();
  #profileTimer = 0;
  #stop = new AbortController();
  #isFilled = false;
  #isAtEnd = true;

  /** `setup`: {messages (by error code), decline_reasons}; `onBack` leaves the thread. */
  constructor(session, thread, setup, onBack) {
    Object.assign(this, { session, thread, setup });
    const id = `${session.user}-${thread}`;
    this.head = el("header", { class: "thread-head" });
    this.title = el("h3", { id: `${id}-title`, tabindex: "-1" });
    this.who = el("div", { class: "who" });
    this.speed = el("p", { class: "speed-line" });
    this.chip = el("span", { class: "chip" });
    this.face = el("span", {});
    this.head.append(
      button(icon("back"), onBack, { class: "icon-button", "aria-label": "Back to all conversations" }),
      this.face,
      el("div", { class: "who" }, this.title, this.who, this.speed),
      this.chip,
    );
    this.older = button("Load earlier messages", () => this.#showOlder(), { class: "quiet older", hidden: true });
    this.log = el("div", { class: "log", role: "log", "aria-live": "off", "aria-labelledby": `${id}-title` });
    this.typing = el("p", { class: "typing" });
    this.composer = new Composer(session, thread, setup.messages, id);
    this.scroll = el("div", { class: "scroll", tabindex: "0" }, this.older, this.log, this.typing);
    this.element = el("div", { class: "conversation" }, this.head, this.scroll, this.composer.element);
    this.scroll.addEventListener("scroll", () => this.#scrolled());
    this.sizes = new ResizeObserver(() => this.#stayAtEnd());
    this.sizes.observe(this.scroll);
    const listen = (type, handler) => session.addEventListener(type, handler, { signal: this.#stop.signal });
    listen("thread", ({ detail }) => detail.thread === thread && this.update());
    listen("inbox", () => this.update());
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
    const key = [peer.user, peer.name, presence, head.title, head.state].join("/");
    if (key === this.headKey) return;
    this.headKey = key;
    fill(this.face, avatar(peer.user, peer.name, presence));
    fill(this.title, peer.name, hiddenText(presence === "active" ? ", online" : ""));
    fill(this.who, head.title || "No job yet");
    fill(this.chip, stateName(head.state));
    this.chip.dataset.state = head.state;
  }

  #showItems(head) {
    const log = this.session.logs.get(this.thread);
    if (!log?.epoch) return;
    const items = [...log.items, ...this.#pending(log)];
    const views = new Map();
    let previous = null;
    items.forEach((item, index) => {
      const view = this.#views.get(item.key) ?? new ItemView();
      view.update(item, this.#context(head, item, items[index + 1]));
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

  /** What was sent and has no place in the log yet. */
  #pending(log) {
    const known = new Set(log.items.map(({ event }) => event.cid));
    return [...this.session.outbox.values()]
      .filter(({ thread, cid }) => thread === this.thread && !known.has(cid))
      .map(({ cid, body, at }) => ({
        key: `cid:${cid}`,
        version: 1,
        event: { type: "message.sent", by: this.session.user, body, at, cid, pending: true },
      }));
  }

  #context(head, { event }, next) {
    const isOneGroup =
      next?.event.type === "message.sent" && next.event.by === event.by && next.event.at - event.at < GROUP_MS;
    return {
      me: this.session.user,
      session: this.session,
      head,
      isLast: !isOneGroup || Boolean(event.hidden?.length),
      nameOf: (user) => this.#nameOf(head, user),
      declineReasons: this.setup.decline_reasons,
      answer: (command) => this.#answer(command),
    };
  }

  #nameOf(head, user) {
    if (user === this.session.user) return "You";
    return head?.participants.find((each) => each.user === user)?.name ?? "The marketplace";
  }

  async #answer(command) {
    await this.session.ask({ ...command, thread: this.thread, cid: this.session.newCid() });
    await this.session.head(this.thread);
    this.title.focus();
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
