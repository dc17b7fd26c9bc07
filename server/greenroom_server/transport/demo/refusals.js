// What was refused: the server's sentence, the numbers that belong to it, and what to do instead as a button.

import { button, el, fill, icon } from "./elements.js";
import { dayOf, timeLeft } from "./words.js";

/** What a hint's button says. Hints that nothing here carries out have none; their sentence stands alone. */
const HINTS = {
  "access.request": "Share it for access to a system…",
  "candidacy.list": "Active Candidacies",
  "connects.get": "My Connects",
  "conversion_fee": "What it would take…",
  "directory.search": "Find somebody else",
  "invitation.accept": "Accept the invitation",
  "invitation.send": "Invite to interview…",
  "job.list": "Show the jobs",
  "message.send": "Write a message",
  "offer.withdraw": "Withdraw the offer",
  "peer.unblock": "Unblock",
  "relationship.declare": "We knew each other before…",
  "thread.archive": "Archive the conversation",
  "thread.reopen": "Open it again",
  "topic.create": "Open a new topic",
  "verdict.appeal": "Ask a moderator…",
};

/** Shown in place of a refusal: what would open a conversation waits for a moderator. */
export const IN_REVIEW = { message: "This will be reviewed before it is delivered." };

const SOON_MS = 5_000;

/** What a person reads of a refusal. */
export function sentence(error) {
  const said = error.message || "There is no connection at the moment; please try again.";
  const { data } = error;
  if (error.code === "connects.insufficient" && data) {
    return `${said} It takes ${data.need}, you have ${data.have}. Free ones come back on ${dayOf(data.next_refill_at)}.`;
  }
  if (error.retry === "later" && error.retryAfterMs > SOON_MS) return `${said} Try again in ${timeLeft(error.retryAfterMs, 0)}.`;
  return said;
}

/** A button for what to do instead; null when nothing here does it. It tells whoever is around it with `hint` {hint, ...about}. */
export function hintButton(hint, about = {}) {
  if (!HINTS[hint]) return null;
  const tell = (event) => event.currentTarget.dispatchEvent(new CustomEvent("hint", { bubbles: true, detail: { ...about, hint } }));
  return button(HINTS[hint], tell, { class: "quiet" });
}

/** A place for a refusal beside the control that was refused. */
export class Problem {
  element = el("div", { class: "feedback", role: "alert", data: { kind: "refused" }, hidden: true });

  show(error) {
    this.element.hidden = false;
    fill(this.element, icon("shield"), el("div", {}, el("p", {}, sentence(error)), hintButton(error.hint ?? "")));
  }

  clear() {
    this.element.hidden = true;
    fill(this.element);
  }
}
