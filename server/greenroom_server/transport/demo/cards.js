// The items of a conversation that ask for an answer: an invitation, a proposal, an offer.

import { ask } from "./dialogs.js";
import { button, el, icon } from "./elements.js";
import { countdown } from "./countdown.js";
import { maskedText } from "./masks.js";
import { Problem } from "./refusals.js";
import { dayOf, reasonName } from "./words.js";
import { money } from "./words_events.js";

const choices = (reasons) => reasons.map((reason) => [reason, reasonName(reason)]);
const note = (label) => ({ name: "note", label, kind: "area", maxlength: "1000" });

/**
 * Buttons that act at once, with a place for what was refused. `offered`: [{label, tone, run}], falsy ones left out.
 * When the card is another one by then, the conversation says it.
 */
export function answers(offered, context) {
  const found = offered.filter(Boolean);
  if (!found.length) return null;
  const problem = new Problem();
  const row = el("div", { class: "answers" });
  const press = async (run) => {
    for (const control of row.querySelectorAll("button")) control.disabled = true;
    problem.clear();
    try {
      await run();
    } catch (error) {
      if (row.isConnected) problem.show(error);
      else context.refused(error);
    }
    for (const control of row.querySelectorAll("button")) control.disabled = false;
  };
  row.append(...found.map(({ label, tone = "quiet", run }) => button(label, () => press(run), { class: tone })));
  return [row, problem.element];
}

/** Only the newest of its kind can be answered. */
const isOpen = (context, state, seq, type, change) =>
  context.head?.state === state &&
  seq === Math.max(...context.items.filter(({ event }) => event.type === type && (!change || event.change === change)).map(({ event }) => event.seq));

export function invitationCard(event, context) {
  const open = isOpen(context, "invited", event.seq, "invitation.sent");
  const may = (action) => open && context.actions.includes(action);
  return el(
    "div",
    { class: "card-body" },
    el("p", { class: "eyebrow" }, icon("briefcase"), "Invitation to interview"),
    el("h4", { dir: "auto" }, event.title),
    el("p", { class: "text", dir: "auto" }, maskedText(event.body, event.hidden)),
    el("p", { class: "meta" }, context.time(event.at), open && [" · ", countdown(event.expires_at, context.session)]),
    event.help_url && el("a", { href: event.help_url, rel: "noreferrer" }, "Before an interview"),
    answers([
      may("invitation.accept") && { label: "Accept", tone: "primary", run: () => context.act({ type: "invitation.accept" }) },
      may("invitation.decline") && { label: "Decline…", run: () => declineInvitation(context) },
      may("invitation.ignore") && { label: "Not now", run: () => context.ignore() },
      may("invitation.withdraw") && { label: "Withdraw invitation", run: () => context.act({ type: "invitation.withdraw" }) },
    ], context),
  );
}

function declineInvitation(context) {
  ask(
    context.host,
    {
      title: "Decline the invitation",
      text: "It counts as an answer. The client sees the reason and your note.",
      fields: [
        { name: "reason", label: "Reason for declining", kind: "select", options: choices(context.setup.decline_reasons) },
        note("Note, if you like"),
      ],
      submit: "Decline",
    },
    ({ reason, note: said }) => context.act({ type: "invitation.decline", reason, note: said }),
  );
}

export function proposalCard(event, context) {
  const open = isOpen(context, "proposed", event.seq, "proposal.changed", "submitted");
  const may = (action) => open && context.actions.includes(action);
  return el(
    "div",
    { class: "card-body" },
    el("p", { class: "eyebrow" }, icon("flag"), "Proposal"),
    el("h4", { dir: "auto" }, context.head?.title ?? ""),
    el("p", { class: "text", dir: "auto" }, maskedText(event.body, event.hidden)),
    el("p", { class: "meta" }, context.time(event.at), may("proposal.decline") && " · write to start the interview"),
    answers([
      may("proposal.decline") && { label: "Decline…", run: () => declineCandidacy(context) },
      may("proposal.withdraw") && { label: "Withdraw proposal…", run: () => withdrawCandidacy(context) },
    ], context),
  );
}

export function declineCandidacy(context) {
  ask(
    context.host,
    {
      title: "End this candidacy",
      fields: [
        { name: "reason", label: "Reason", kind: "select", options: choices(context.setup.proposal_decline_reasons) },
        note("Note, if you like"),
      ],
      submit: "Decline",
      tone: "danger",
    },
    ({ reason, note: said }) => context.act({ type: "proposal.decline", reason, note: said }),
  );
}

export function withdrawCandidacy(context) {
  ask(
    context.host,
    { title: "Withdraw from this candidacy", text: "The conversation closes. Connects do not come back.", submit: "Withdraw", tone: "danger" },
    () => context.act({ type: "proposal.withdraw" }),
  );
}

export function offerCard(event, context) {
  const { terms } = event;
  const open = isOpen(context, "offer", event.seq, "offer.changed", "sent");
  const may = (action) => open && context.actions.includes(action);
  return el(
    "div",
    { class: "card-body" },
    el("p", { class: "eyebrow" }, icon("star"), "Offer of a contract"),
    el("h4", {}, terms.amount ? money(terms.amount, terms.currency) : "Terms as discussed"),
    terms.note && el("p", { class: "text", dir: "auto" }, maskedText(terms.note, event.hidden)),
    el(
      "p",
      { class: "meta" },
      context.time(event.at),
      terms.starts_at > 0 && ` · starts on ${dayOf(terms.starts_at)} unless declined`,
      open && [" · ", countdown(context.head.expires_at || terms.expires_at, context.session)],
    ),
    answers([
      may("offer.accept") && { label: "Accept and start", tone: "primary", run: () => context.act({ type: "offer.accept" }) },
      may("offer.decline") && { label: "Decline…", run: () => declineOffer(context) },
      may("offer.withdraw") && { label: "Withdraw offer", run: () => context.act({ type: "offer.withdraw" }) },
    ], context),
  );
}

function declineOffer(context) {
  ask(
    context.host,
    { title: "Decline the offer", text: "The interview goes on.", fields: [note("What would have to change?")], submit: "Decline offer" },
    ({ note: said }) => context.act({ type: "offer.decline", note: said }),
  );
}
