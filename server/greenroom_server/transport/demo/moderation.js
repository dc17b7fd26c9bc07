// What the marketplace's moderators see: texts that wait with what the filter found in them, appeals, and what was decided.

import { button, el, fill, icon, pieces } from "./elements.js";
import { count, kindName, shortTime } from "./words.js";

const DECISIONS = {
  message: [["release", "Release", "primary"], ["reject", "Reject", "quiet"]],
  appeal: [["overturn", "Let it pass", "primary"], ["uphold", "Keep it so", "quiet"]],
};
const DONE = { release: "Released: it is delivered now.", reject: "Rejected: its author is told.", overturn: "Let pass: its author is told.", uphold: "Kept: its author is told." };
const STATES = { released: "Released", rejected: "Rejected", expired: "Given back, nobody decided", withdrawn: "Taken back", upheld: "Kept so", overturned: "Let pass" };
const ACTED = { bounce: "was not sent", redact: "was hidden in part", hold: "waits" };

export class Moderation {
  #reading = Promise.resolve();
  #items = new Map(); // name -> element, of what waits

  /** `setup`: {clients, freelancers, messages}; `post(path, body)` acts as the marketplace; `onCount(n)` hears how many wait. */
  constructor(setup, post, onCount) {
    Object.assign(this, { post, onCount, messages: setup.messages });
    this.names = new Map([...setup.clients, ...setup.freelancers].map(({ user, name }) => [user, name]));
    this.waiting = el("ul", { class: "held-items" });
    this.nothing = el("p", { class: "muted" }, "Nothing waits for a moderator.");
    this.decided = el("ul", { class: "held-done" });
    this.past = el("details", { class: "held-past", hidden: true }, el("summary", {}, "Decided last"), this.decided);
    this.said = el("p", { class: "tray-said", role: "status", tabindex: "-1" });
    this.element = el("div", {}, this.waiting, this.nothing, this.said, this.past);
  }

  open() {
    fill(this.said);
    return this.refresh();
  }

  /** Read the queue again; one reading after another, so that the last one stands. */
  refresh() {
    this.#reading = this.#reading.then(() => this.#read()).catch(() => {}); // the next change or opening reads it again
    return this.#reading;
  }

  async #read() {
    const { waiting, decided } = await (await fetch("/demo/held")).json();
    this.onCount(waiting.length);
    this.nothing.hidden = waiting.length > 0;
    this.#show(waiting);
    this.past.hidden = !decided.length;
    fill(this.decided, decided.map((item) => el("li", {}, el("strong", {}, STATES[item.state] ?? item.state), ` · ${this.#name(item.by)}: `, el("span", { dir: "auto" }, item.text || this.#reason(item)))));
  }

  /** What waits already stays untouched, under the pointer and under the focus. */
  #show(waiting) {
    const names = new Set(waiting.map(({ held }) => held));
    for (const [name, element] of this.#items) {
      if (names.has(name)) continue;
      element.remove();
      this.#items.delete(name);
    }
    for (const item of waiting) {
      if (this.#items.has(item.held)) continue;
      this.#items.set(item.held, this.#item(item));
      this.waiting.append(this.#items.get(item.held));
    }
  }

  #name(user) {
    return this.names.get(user) ?? user;
  }

  #reason(item) {
    return this.messages[item.code] ?? item.code;
  }

  #item(item) {
    const isAppeal = item.kind === "appeal";
    const kinds = [...new Set(item.findings.map(({ kind }) => kindName(kind)))].join(", ");
    const lead = isAppeal ? `Appeal by ${this.#name(item.by)}: a message ${ACTED[item.action] ?? "was stopped"}` : `Message by ${this.#name(item.by)}`;
    const choose = ([decision, label, tone]) =>
      button(label, () => this.#decide(item, decision), { class: tone, "aria-label": `${label}: ${lead}` });
    return el(
      "li",
      { class: "held-item" },
      el(
        "div",
        { class: "held-text" },
        el("p", { class: "eyebrow" }, icon(isAppeal ? "flag" : "clock"), lead, el("time", { datetime: new Date(item.at).toISOString() }, shortTime(item.at, Date.now()))),
        item.text && el("p", { dir: "auto" }, this.#marked(item)),
        item.words && el("p", { dir: "auto" }, `“${item.words}”`),
        el("p", { class: "muted" }, this.#reason(item), kinds && ` Found: ${kinds}`, scores(item)),
      ),
      el("div", { class: "buttons" }, DECISIONS[item.kind].map(choose)),
    );
  }

  /** The original with what was found; a text that is no longer the original has other places. */
  #marked({ text, is_original: isOriginal, findings }) {
    const spans = isOriginal ? findings.filter(({ start, end }) => start < end) : [];
    return pieces(text, spans).map(({ text: piece, span }) => (span ? el("mark", { title: span.reason }, piece) : piece));
  }

  async #decide(item, decision) {
    const controls = this.#items.get(item.held).querySelectorAll("button");
    for (const control of controls) control.disabled = true;
    try {
      await this.post("/demo/marketplace", { type: "held", held: item.held, decision });
      fill(this.said, DONE[decision]);
    } catch (error) {
      fill(this.said, error.message);
    }
    await this.refresh();
    for (const control of controls) control.disabled = false;
    (this.waiting.querySelector("button") ?? this.said).focus();
  }
}

/** How sure the filter was; appeals have no scores. */
function scores({ findings }) {
  const found = findings.filter(({ score }) => score > 0);
  if (!found.length) return "";
  const most = Math.max(...found.map(({ score }) => score));
  return ` · ${count(found.length, "finding")}, ${found.map(({ reason }) => reason).join(", ")}, at most ${Math.round(most * 100)} % sure`;
}
