// One item of a conversation as an element that is made once and updated in place, so that nothing is read out twice.

import { accessCard, sharedCard } from "./access_cards.js";
import { invitationCard, offerCard, proposalCard } from "./cards.js";
import { button, el, fill, hiddenText, icon } from "./elements.js";
import { maskedText } from "./masks.js";
import { whyOf } from "./why.js";
import { dayOf, fullTime, timeOfDay } from "./words.js";
import { systemWords } from "./words_events.js";

const EMOJI = ["👍", "❤️", "🎉"];
const QUOTED_CHARS = 120;

const CARDS = {
  "invitation.sent": invitationCard,
  "proposal.changed": (event, context) => event.change === "submitted" && proposalCard(event, context),
  "offer.changed": (event, context) => event.change === "sent" && event.terms && offerCard(event, context),
  "access.requested": accessCard,
  "access.shared": sharedCard,
};

/**
 * The view of one item. `context`: {me, session, setup, head, actions, items, host, isLast (of a group of one author),
 * nameOf(user), peerName, act(command), ignore(), quote(event), time(at)}.
 */
export class ItemView {
  constructor() {
    this.element = el("div", { class: "item" });
    this.made = "";
  }

  update(item, context) {
    const { event, version } = item;
    this.event = event;
    const isCard = event.type in CARDS;
    const made = `${event.type}/${version}/${event.seq ?? 0}/${isCard ? context.cardKey : ""}/${event.quote ? context.quoted(event.quote)?.version : ""}`;
    if (made !== this.made) this.make(event, context, made);
    this.element.classList.toggle("ends-group", context.isLast);
    this.element.classList.toggle("waits", Boolean(event.held));
    if (this.status) this.showStatus(event, context);
    if (this.why) this.showWhy(event, context);
  }

  make(event, context, made) {
    const isSame = this.pendingBody !== undefined && this.pendingBody === event.body;
    this.made = made;
    this.pendingBody = event.pending || event.held ? event.body : undefined;
    if (isSame) return; // the same text, now with a place in the log
    this.status = this.why = null;
    if (event.type === "message.sent") return this.makeMessage(event, context);
    if (event.type === "item.erased") return this.makeErased(event, context);
    const card = CARDS[event.type]?.(event, context);
    return card ? this.makeCard(card, event, context) : this.makeSystem(event, context);
  }

  makeMessage(event, context) {
    const isMine = event.by === context.me;
    this.status = el("span", { class: "status" });
    this.why = isMine ? el("p", { class: "why", hidden: true }) : null;
    this.element.className = `item message ${isMine ? "mine" : "theirs"}`;
    fill(
      this.element,
      hiddenText(`${context.nameOf(event.by)}: `),
      el(
        "div",
        { class: "line" },
        el("div", { class: "bubble" }, event.quote > 0 && this.quoted(event.quote, context), el("p", { dir: "auto" }, maskedText(event.body, event.hidden))),
        this.tools(context),
      ),
      this.reactions(event, context),
      this.why,
      el("p", { class: "meta" }, context.time(event.at), event.edited_seq > 0 && " · edited", this.status),
    );
  }

  /** What one can do with a message; there for the pointer and for the keyboard. */
  tools(context) {
    const react = (emoji) => this.react(emoji, true, context);
    return el(
      "div",
      { class: "tools" },
      button(icon("reply"), () => context.quote(this.event), { class: "icon-button", "aria-label": "Answer to this message" }),
      EMOJI.map((emoji) => button(emoji, () => react(emoji), { class: "icon-button", "aria-label": `React with ${emoji}` })),
    );
  }

  react(emoji, on, context) {
    const command = { type: "message.react", thread: context.thread, target: this.event.seq, emoji, on };
    if (command.target) context.session.ask(command).catch((error) => context.refused(error));
  }

  reactions(event, context) {
    if (!event.reactions?.length) return null;
    const one = ({ emoji, users }) => {
      const isMine = users.includes(context.me);
      const names = users.map(context.nameOf).join(", ");
      return button(`${emoji} ${users.length}`, () => this.react(emoji, !isMine, context), { class: "reaction", "aria-pressed": String(isMine), title: names });
    };
    return el("div", { class: "reactions" }, event.reactions.map(one));
  }

  quoted(seq, context) {
    const { event } = context.quoted(seq) ?? {};
    const text = event?.body ? [...event.body].slice(0, QUOTED_CHARS).join("") : "A message that is not shown here";
    const hidden = (event?.hidden ?? []).filter(({ end }) => end <= QUOTED_CHARS);
    const lead = event && hiddenText(`Answer to ${context.nameOf(event.by)}: `);
    return el("blockquote", { class: "quoted", dir: "auto" }, lead, maskedText(text, hidden));
  }

  makeErased(event, context) {
    this.element.className = `item message ${event.by === context.me ? "mine" : "theirs"}`;
    fill(this.element, el("p", { class: "bubble erased" }, "This message was erased"));
  }

  makeCard(card, event, context) {
    this.why = event.by === context.me ? el("p", { class: "why", hidden: true }) : null;
    this.element.className = "item ask";
    fill(this.element, card, this.why);
  }

  makeSystem(event, context) {
    const words = systemWords(event, context.nameOf);
    this.element.className = "item system";
    this.element.hidden = words === null;
    const sign = event.type === "policy.changed" ? (event.contact === "allowed" ? "unlock" : "lock") : "check";
    const said = event.note || (event.type === "proposal.changed" ? event.body : "");
    fill(
      this.element,
      words && el("p", {}, icon(sign), words, " ", context.time(event.at)),
      said && el("p", { class: "note", dir: "auto" }, maskedText(said, event.hidden)),
    );
  }

  showStatus(event, context) {
    if (event.by !== context.me) return;
    const peer = context.head?.participants.find(({ user }) => user !== context.me);
    let word = "Sent";
    if (event.pending) word = "Sending";
    else if (event.held) word = event.held.over ? "Not delivered" : "In review";
    else if (peer && event.n <= (peer.read ?? 0)) word = "Read";
    else if (peer && event.n <= (peer.delivered ?? 0)) word = "Delivered";
    if (this.status.dataset.word === word) return;
    this.status.dataset.word = word;
    const ticks = { Sending: ["clock"], Sent: ["check"], "In review": ["clock"], "Not delivered": ["shield"] }[word] ?? ["check", "check"];
    fill(this.status, " · ", el("span", { class: "ticks" }, ticks.map(icon)), word);
  }

  showWhy(event, context) {
    const said = whyOf(event, context);
    const key = said ? [said.text, ...said.actions.map(({ label }) => label)].join("/") : "";
    if (key === (this.why.dataset.key ?? "")) return;
    this.why.dataset.key = key;
    this.why.hidden = !said;
    const actions = (said?.actions ?? []).map(({ label, run }) => [" ", button(label, run, { class: "link" })]);
    fill(this.why, said && [icon(said.sign), el("span", {}, said.text, actions)]);
  }
}

export function timeOf(at) {
  const isToday = dayOf(at) === dayOf(Date.now());
  const text = isToday ? timeOfDay(at) : `${dayOf(at)}, ${timeOfDay(at)}`;
  return el("time", { datetime: new Date(at).toISOString(), title: fullTime(at) }, text);
}
