// What became of one's own text: why it is hidden, waits or was given back, and what its author can do about it.

import { ask } from "./dialogs.js";
import { whyHidden } from "./masks.js";
import { NOTICES } from "./words.js";

const OVER = { "held.rejected": "Not delivered.", "held.expired": "Not delivered." };

/** {sign, text, actions: [{label, run}]} of one's own item; null when there is nothing to say. */
export function whyOf(event, context) {
  if (event.held) return event.held.over ? whyGivenBack(event.held, context) : whyHeld(event.held, context);
  const policy = context.session.verdicts.get(event.cid);
  if (event.hidden?.length) return { sign: "lock", ...withAppeal(whyHidden(event.hidden, policy), event, context) };
  const isNews = policy?.notice && policy.notice !== context.head?.policy.notice; // else it stands above already
  return isNews && NOTICES[policy.notice] ? { sign: "shield", text: NOTICES[policy.notice], actions: [] } : null;
}

function whyHeld(held, context) {
  const reason = context.setup.messages[held.code] ?? "";
  const takeBack = () => context.session.held.withdraw(held).then((body) => context.composer.giveBack(body)).catch(context.refused);
  return {
    sign: "clock",
    text: `Waits for a moderator; ${context.peerName || "nobody else"} sees nothing of it. ${reason}`,
    actions: [{ label: "Take it back", run: takeBack }],
  };
}

function whyGivenBack(held, context) {
  const edit = () => {
    context.session.held.drop(held.cid);
    context.composer.giveBack(held.body);
    context.redraw();
  };
  const text = `${OVER[held.over] ?? ""} ${context.setup.messages[held.over] ?? ""}`.trim();
  return { sign: "shield", text, actions: [{ label: "Edit it", run: edit }] };
}

function withAppeal(text, event, context) {
  const appealed = context.session.held.appeals.get(event.cid);
  if (appealed) return { text: `${text} ${appealWords(appealed)}`, actions: [] };
  const may = event.type === "message.sent" && event.cid && context.setup.has_moderators;
  return { text, actions: may ? [{ label: "Ask a moderator…", run: () => appeal(context, event.cid) }] : [] };
}

/** How an appeal stands. */
export function appealWords({ decision, mayResend }) {
  if (!decision) return "A moderator looks at it.";
  if (decision === "upheld") return "A moderator looked at it: it stays as it is.";
  return mayResend ? "A moderator agreed with you: sent again, the same text passes, once." : "A moderator agreed with you: it is delivered.";
}

/** Ask the moderators to look at a text that was hidden in part or not sent. */
export function appeal(context, cid) {
  ask(
    context.host,
    {
      title: "Ask a moderator to look again",
      text: "They see what the filter found and what you say about it. The other side is not told.",
      fields: [{ name: "note", label: "Why it should pass (optional)", kind: "area", maxlength: "500" }],
      submit: "Ask",
    },
    async ({ note }) => {
      await context.session.held.appeal(context.thread, cid, note);
      context.say("The moderators have it.");
    },
  );
}
