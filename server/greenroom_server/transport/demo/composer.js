// Where one writes: what is allowed here now, what the filter would do to the text, and the text itself.

import { button, el, fill, icon, pieces } from "./elements.js";
import { maskedText } from "./masks.js";
import { hintButton, sentence } from "./refusals.js";
import { NOTICES, kindName } from "./words.js";

const CHECK_AFTER_MS = 350;
const TYPING_EVERY_MS = 3000;
const LONGEST = 10_000;

export class Composer {
  #checkTimer = 0;
  #typingAt = 0;
  #quote = 0;

  /** `setup`: {messages: sentence by code, has_moderators}. */
  constructor(session, thread, setup, id) {
    Object.assign(this, { session, thread, setup, messages: setup.messages });
    this.policyLine = el("p", { class: "policy-line", id: `${id}-policy` });
    this.quoted = el("div", { class: "quoting", hidden: true });
    this.feedback = el("div", { class: "feedback", id: `${id}-feedback`, role: "status", hidden: true });
    this.text = el("textarea", {
      rows: "1",
      maxlength: String(LONGEST),
      placeholder: "Write a message",
      "aria-label": "Message",
      "aria-describedby": `${id}-policy ${id}-feedback`,
      enterkeyhint: "send",
      on: { input: () => this.#typed(), keydown: (event) => this.#key(event), blur: () => this.#stopTyping(), scroll: () => this.#scrollMarks() },
    });
    this.marks = el("div", { class: "marks", "aria-hidden": "true" });
    this.form = el(
      "form",
      { class: "composer", on: { submit: (event) => this.#submit(event) } },
      el("div", { class: "marked" }, this.marks, this.text),
      el("button", { class: "primary send", "aria-label": "Send" }, icon("send")),
    );
    this.element = el("div", { class: "compose" }, this.policyLine, this.feedback, this.quoted, this.form);
    this.update(null);
  }

  /** Follow what the thread's policy says. */
  update(head) {
    const policy = head?.policy;
    this.form.hidden = !policy?.may_write;
    const isOpen = policy?.contact === "allowed";
    const key = policy ? `${policy.may_write}/${policy.why_not}/${isOpen}/${JSON.stringify(policy.pay)}/${policy.payment}` : "";
    if (key === this.key) return;
    this.key = key;
    if (!policy) return;
    this.policyLine.classList.toggle("open", policy.may_write && isOpen);
    const why = this.messages[policy.why_not] ?? "You cannot write here at the moment.";
    const line = policy.may_write ? el("span", {}, rule(policy)) : el("span", {}, why);
    fill(this.policyLine, icon(policy.may_write ? (isOpen ? "unlock" : "lock") : "clock"), line, !policy.may_write && hintButton(insteadOf(policy)));
    this.#say(null);
  }

  /** Answer to a message; its text stands above the field until the answer is sent. */
  quote(event, name) {
    this.#quote = event?.seq ?? 0;
    this.quoted.hidden = !this.#quote;
    const stop = () => this.quote(null, "");
    fill(this.quoted, this.#quote > 0 && [icon("reply"), el("p", {}, `${name}: `, maskedText(event.body, event.hidden)), button("Cancel", stop, { class: "link" })]);
    if (this.#quote) this.focus();
  }

  focus() {
    if (!this.form.hidden) this.text.focus();
  }

  /** Write a text as its author would, in place of what stands there. */
  put(text) {
    this.text.value = text;
    this.#typed();
    this.focus();
  }

  /** Give a text back that was not delivered; what was written meanwhile stays behind it. */
  giveBack(text) {
    this.put(this.text.value ? `${text}\n${this.text.value}` : text);
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

  /** Say what the filter does to a text and mark the words; `offered`: buttons besides. */
  #say(kind, lead = "", body = "", policy = {}, offered = []) {
    this.feedback.hidden = !kind;
    this.#mark(kind, body, policy.spans);
    if (!kind) return fill(this.feedback);
    this.feedback.dataset.kind = kind;
    const found = pieces(body, policy.spans).filter(({ span }) => span);
    const parts = found.map(({ text, span }) => el("span", { class: "found", title: kindName(span.kind) }, text.trim()));
    const text = el("p", {}, lead, " ", parts.flatMap((part) => [part, " "]), policy.message);
    const instead = [this.#instead(kind, policy), ...offered].filter(Boolean);
    return fill(this.feedback, icon("shield"), el("div", {}, text, instead.length > 0 && el("div", { class: "offered" }, instead)));
  }

  /** What to do instead: a button where this page has one, else the sentence. */
  #instead(kind, { hint }) {
    if (!hint || (kind !== "refused" && hint !== "access.request")) return null;
    const said = this.messages[`hint.${hint}`];
    return hintButton(hint) ?? (said ? el("p", {}, said) : null);
  }

  /** Mark words in the field itself: the same text lies behind it, with nothing to see but the marks. */
  #mark(kind, body, spans = []) {
    const isMarked = Boolean(kind) && spans.length > 0;
    const shown = isMarked ? pieces(body, spans) : [];
    const behind = isMarked ? this.text.value.slice(body.length) : "";
    fill(this.marks, shown.map(({ text, span }) => (span ? el("mark", { data: { kind } }, text) : text)), behind);
    if (kind === "refused") this.text.setAttribute("aria-invalid", "true");
    else this.text.removeAttribute("aria-invalid");
    this.#scrollMarks();
  }

  #scrollMarks() {
    this.marks.scrollTop = this.text.scrollTop;
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
      const quote = this.#quote;
      this.quote(null, "");
      await this.session.send(this.thread, body, quote);
    } catch (refusal) {
      this.text.value = this.text.value ? `${body}\n${this.text.value}` : body;
      this.#grow();
      this.#refused(body, refusal);
    }
  }

  /** The draft stays with what is wrong in it, what to do instead, and the way to a moderator. */
  #refused(body, refusal) {
    const { policy, cid } = refusal;
    if (!policy) return this.#say("refused", "Not sent:", body, { message: sentence(refusal), hint: refusal.hint });
    const asks = policy.action === "bounce" && this.setup.has_moderators && cid;
    return this.#say("refused", "Not sent:", body, policy, asks ? [hintButton("verdict.appeal", { cid })] : []);
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

/** What may be shared here, in one line. */
function rule({ contact, payment, pay }) {
  if (contact !== "allowed") return "Contact details are hidden until a contract starts.";
  if (pay.origin === "external") return "You two met elsewhere: contact details may be shared, and payment agreed outside.";
  if (payment === "allowed") return "Contact details may be shared, and payment agreed outside.";
  return "Contact details may be shared here. Payments stay on the marketplace.";
}

/** What can be done instead of writing; a block of one's own is lifted by oneself. */
function insteadOf({ why_not: code, instead }) {
  if (instead === "invitation.accept") return ""; // the invitation itself asks for it
  return instead || (code === "peer.blocked" ? "peer.unblock" : "");
}
