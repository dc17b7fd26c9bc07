// One item of a conversation as an element that is made once and updated in place, so that nothing is read out twice.

import { button, el, fill, hiddenText, icon, pieces } from "./elements.js";
import {
  NOTICES, count, dayOf, fullTime, kindName, reasonName, systemWords, timeLeft, timeOfDay,
} from "./words.js";

/** Text with its hidden parts as chips. */
export function maskedText(text, hidden) {
  return pieces(text, hidden).map(({ text: piece, span }) =>
    span ? el("span", { class: "mask" }, icon("lock"), piece.replace(/^\[|\]$/g, "")) : piece,
  );
}

/** Which parts of one's own text were hidden, and why. */
function whyHidden(hidden, policy) {
  const kinds = [...new Set(hidden.map(({ kind }) => kindName(kind)))].join(", ");
  const message = policy?.message || "Contact details can be shared once a contract starts.";
  return `${count(hidden.length, "part")} hidden (${kinds}). ${message}`;
}

/**
 * The view of one item. `context`: {me, session, head, isLast (of a group of one author), nameOf(user),
 * declineReasons, answer(command)}.
 */
export class ItemView {
  constructor() {
    this.element = el("div", { class: "item" });
    this.made = "";
  }

  update(item, context) {
    const { event, version } = item;
    const made = `${event.type}/${version}/${event.seq ?? 0}/${context.head?.policy.may_answer_invitation ?? ""}`;
    if (made !== this.made) this.make(event, context, made);
    this.element.classList.toggle("ends-group", context.isLast);
    if (this.status) this.showStatus(event, context);
    if (this.why) this.showWhy(event, context);
  }

  make(event, context, made) {
    const isSame = this.pendingBody !== undefined && this.pendingBody === event.body;
    this.made = made;
    this.pendingBody = event.pending ? event.body : undefined;
    if (isSame) return; // the same text, now with a place in the log
    this.status = this.why = null;
    if (event.type === "message.sent") this.makeMessage(event, context);
    else if (event.type === "item.erased") this.makeErased(event, context);
    else if (event.type === "invitation.sent") this.makeInvitation(event, context);
    else if (event.type === "policy.changed") this.makeNotice(event);
    else this.makeSystem(event, context);
  }

  makeMessage(event, context) {
    const isMine = event.by === context.me;
    this.status = el("span", { class: "status" });
    this.why = isMine ? el("p", { class: "why", hidden: true }) : null;
    this.element.className = `item message ${isMine ? "mine" : "theirs"}`;
    fill(
      this.element,
      hiddenText(`${context.nameOf(event.by)}: `),
      el("p", { class: "bubble", dir: "auto" }, maskedText(event.body, event.hidden)),
      this.why,
      el("p", { class: "meta" }, this.time(event.at), event.edited_seq && " · edited", this.status),
    );
  }

  makeErased(event, context) {
    const isMine = event.by === context.me;
    this.element.className = `item message ${isMine ? "mine" : "theirs"}`;
    fill(this.element, el("p", { class: "bubble erased" }, "This message was erased"));
  }

  makeNotice(event) {
    this.element.className = "item notice";
    const text = NOTICES[event.notice] ?? (event.contact === "allowed" ? NOTICES["notice.offplatform_risk"] : "");
    fill(this.element, icon("shield"), el("p", {}, text));
  }

  makeSystem(event, context) {
    const words = systemWords(event, context.nameOf);
    this.element.className = "item system";
    this.element.hidden = words === null;
    fill(this.element, words && el("p", {}, icon("check"), words, " ", this.time(event.at)));
    if (event.note) this.element.append(el("p", { class: "note", dir: "auto" }, maskedText(event.note, event.hidden)));
  }

  makeInvitation(event, context) {
    const isMine = event.by === context.me;
    this.why = isMine ? el("p", { class: "why", hidden: true }) : null;
    this.element.className = "item invitation";
    const mayAnswer = context.head?.policy.may_answer_invitation && context.head.state === "invited";
    fill(
      this.element,
      el("p", { class: "eyebrow" }, icon("briefcase"), "Invitation to interview"),
      el("h4", { dir: "auto" }, event.title),
      el("p", { class: "text", dir: "auto" }, maskedText(event.body, event.hidden)),
      this.why,
      el("p", { class: "meta" }, this.time(event.at), mayAnswer && ` · open for ${timeLeft(event.expires_at, context.session.now())}`),
      mayAnswer && this.answers(context),
    );
  }

  answers(context) {
    const reason = el(
      "select",
      { "aria-label": "Reason for declining" },
      context.declineReasons.map((reason) => el("option", { value: reason }, reasonName(reason))),
    );
    const problem = el("p", { class: "why", role: "alert", hidden: true });
    const answer = async (command) => {
      const controls = row.querySelectorAll("button, select");
      for (const control of controls) control.disabled = true;
      try {
        await context.answer(command);
      } catch (refusal) {
        for (const control of controls) control.disabled = false;
        problem.hidden = false;
        fill(problem, icon("shield"), refusal.message);
      }
    };
    const decline = el(
      "div",
      { class: "decline", hidden: true },
      reason,
      button("Send", () => answer({ type: "invitation.decline", reason: reason.value }), { class: "quiet" }),
    );
    const more = button("Decline…", () => {
      decline.hidden = !decline.hidden;
      more.setAttribute("aria-expanded", String(!decline.hidden));
      if (!decline.hidden) reason.focus();
    }, { class: "quiet", "aria-expanded": "false" });
    const accept = button("Accept", () => answer({ type: "invitation.accept" }), { class: "primary" });
    const row = el("div", { class: "answers" }, accept, more, decline, problem);
    return row;
  }

  showStatus(event, context) {
    if (event.by !== context.me) return;
    const peer = context.head?.participants.find(({ user }) => user !== context.me);
    let word = "Sent";
    if (event.pending) word = "Sending";
    else if (peer && event.n <= (peer.read ?? 0)) word = "Read";
    else if (peer && event.n <= (peer.delivered ?? 0)) word = "Delivered";
    if (this.status.dataset.word === word) return;
    this.status.dataset.word = word;
    const ticks = { Sending: ["clock"], Sent: ["check"] }[word] ?? ["check", "check"];
    fill(this.status, " · ", el("span", { class: "ticks" }, ticks.map(icon)), word);
  }

  showWhy(event, context) {
    const policy = context.session.verdicts.get(event.cid);
    const isNews = policy?.notice && policy.notice !== context.head?.policy.notice; // else it stands above already
    const text = event.hidden?.length ? whyHidden(event.hidden, policy) : isNews ? (NOTICES[policy.notice] ?? "") : "";
    if (this.why.textContent === text) return;
    this.why.hidden = !text;
    fill(this.why, text && [icon("lock"), text]);
  }

  time(at) {
    const isToday = dayOf(at) === dayOf(Date.now());
    const text = isToday ? timeOfDay(at) : `${dayOf(at)}, ${timeOfDay(at)}`;
    return el("time", { datetime: new Date(at).toISOString(), title: fullTime(at) }, text);
  }
}
