// Where one writes: what is allowed here now, what the filter would do to the text, and the text itself.

import { el, fill, icon, pieces } from "./elements.js";
import { NOTICES, kindName } from "./words.js";

const CHECK_AFTER_MS = 350;
const TYPING_EVERY_MS = 3000;
const LONGEST = 10_000;

export class Composer {
  #checkTimer = 0;
  #typingAt = 0;

  /** `messages`: sentence by error code. */
  constructor(session, thread, messages, id) {
    Object.assign(this, { session, thread, messages });
    this.policyLine = el("p", { class: "policy-line", id: `${id}-policy` });
    this.feedback = el("p", { class: "feedback", id: `${id}-feedback`, role: "status", hidden: true });
    this.text = el("textarea", {
      rows: "1",
      maxlength: String(LONGEST),
      placeholder: "Write a message",
      "aria-label": "Message",
      "aria-describedby": `${id}-policy ${id}-feedback`,
      enterkeyhint: "send",
      on: { input: () => this.#typed(), keydown: (event) => this.#key(event), blur: () => this.#stopTyping() },
    });
    this.form = el(
      "form",
      { class: "composer", on: { submit: (event) => this.#submit(event) } },
      this.text,
      el("button", { class: "primary send", "aria-label": "Send" }, icon("send")),
    );
    this.element = el("div", { class: "compose" }, this.policyLine, this.feedback, this.form);
    this.update(null);
  }

  /** Follow what the thread's policy says. */
  update(head) {
    const policy = head?.policy;
    this.form.hidden = !policy?.may_write;
    const isOpen = policy?.contact === "allowed";
    const key = policy ? `${policy.may_write}/${policy.why_not}/${isOpen}/${policy.payment}` : "";
    if (key === this.key) return;
    this.key = key;
    if (!policy) return;
    this.policyLine.classList.toggle("open", isOpen);
    const payment = policy.payment === "allowed" ? "" : " Payments stay on the marketplace.";
    const rule = isOpen
      ? `Contact details may be shared here.${payment}`
      : "Contact details are hidden until a contract starts.";
    const why = policy.may_write ? rule : (this.messages[policy.why_not] ?? "You cannot write here at the moment.");
    fill(this.policyLine, icon(policy.may_write ? (isOpen ? "unlock" : "lock") : "clock"), why);
    if (isOpen) this.#say(null);
  }

  focus() {
    if (!this.form.hidden) this.text.focus();
  }

  #typed() {
    this.#grow();
    this.#say(null);
    clearTimeout(this.#checkTimer);
    const body = this.text.value;
    if (!body.trim()) return this.#stopTyping();
    if (Date.now() - this.#typingAt > TYPING_EVERY_MS) {
      this.#typingAt = Date.now();
      this.session.setTyping(this.thread, true);
    }
    this.#checkTimer = setTimeout(() => this.#check(body), CHECK_AFTER_MS);
    return undefined;
  }

  async #check(body) {
    const policy = await this.session.check(this.thread, body);
    if (policy && this.text.value === body) this.#explain(body, policy);
  }

  #explain(body, policy) {
    if (policy.action === "redact") this.#say("warning", "Will be hidden:", body, policy);
    else if (policy.action === "bounce") this.#say("refused", "Will not be sent:", body, policy);
    else if (policy.action === "hold") this.#say("warning", "Will be reviewed first:", body, policy);
    else if (policy.action === "notice") this.#say("warning", NOTICES[policy.notice] ?? "", body, { ...policy, spans: [] });
  }

  #say(kind, lead = "", body = "", policy = {}) {
    this.feedback.hidden = !kind;
    if (!kind) return fill(this.feedback);
    this.feedback.dataset.kind = kind;
    const found = pieces(body, policy.spans).filter(({ span }) => span);
    const parts = found.map(({ text, span }) => el("span", { class: "found", title: kindName(span.kind) }, text.trim()));
    return fill(this.feedback, icon("shield"), el("span", {}, lead, " ", parts.flatMap((part) => [part, " "]), policy.message));
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  async #submit(event) {
    event.preventDefault();
    const body = this.text.value.trim();
    if (!body) return;
    clearTimeout(this.#checkTimer);
    this.text.value = "";
    this.#grow();
    this.#say(null);
    this.#stopTyping();
    try {
      await this.session.send(this.thread, body);
    } catch (refusal) {
      this.text.value = this.text.value ? `${body}\n${this.text.value}` : body;
      this.#grow();
      this.#say("refused", "Not sent:", body, refusal.policy ?? { message: refusal.message });
    }
  }

  #stopTyping() {
    if (!this.#typingAt) return;
    this.#typingAt = 0;
    this.session.setTyping(this.thread, false);
  }

  #grow() {
    this.text.rows = Math.min(6, this.text.value.split("\n").length);
  }
}
