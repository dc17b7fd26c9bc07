// What one can begin in a conversation besides writing: an offer, an access grant, an invitation, and the menu of the rest.

import { askForAccess } from "./access_cards.js";
import { declineCandidacy, withdrawCandidacy } from "./cards.js";
import { ask } from "./dialogs.js";
import { el } from "./elements.js";
import { isArchived } from "./inbox.js";
import { appeal } from "./why.js";
import { count } from "./words.js";
import { categoryName } from "./words_events.js";

const DAY_MS = 86_400_000;
const CURRENCIES = ["EUR", "USD", "GBP", "CHF"];

/** Buttons above the composer: [{label, run}], by what the server says is possible now. */
export function steps(context) {
  const may = (command) => !context.isBlocked && context.actions.includes(command);
  return [
    may("offer.send") && { label: "Make an offer…", run: () => makeOffer(context) },
    may("invitation.send") && { label: "Invite to interview…", run: () => inviteHere(context) },
    may("access.request") && { label: "Share access…", run: () => askForAccess(context) },
  ].filter(Boolean);
}

/** The entries of the conversation's menu. */
export function more(context) {
  const may = (command) => context.actions.includes(command);
  const row = context.session.inbox.rows.get(context.thread);
  const isMuted = row && row.muted_until > context.session.now();
  return [
    row && { label: isArchived(row) ? "Move back to the inbox" : "Archive", run: () => archive(context, !isArchived(row)) },
    row && { label: isMuted ? "Unmute" : "Mute for a day", run: () => mute(context, !isMuted) },
    may("proposal.decline") && { label: "End this candidacy…", run: () => declineCandidacy(context) },
    may("proposal.withdraw") && { label: "Withdraw from this job…", run: () => withdrawCandidacy(context) },
    may("relationship.declare") && { label: "We knew each other before…", run: () => declare(context) },
    { label: "Report…", run: () => report(context), tone: "danger" },
    context.isBlocked
      ? { label: `Unblock ${context.peerName}`, run: () => unblock(context) }
      : { label: `Block ${context.peerName}…`, run: () => block(context), tone: "danger" },
  ];
}

/** What a hint of a refusal means here; undefined when it means nothing in a conversation. */
export function carryOut(hint, context, { cid } = {}) {
  return {
    "access.request": () => askForAccess(context),
    "conversion_fee": () => explainPayment(context),
    "invitation.accept": () => context.act({ type: "invitation.accept" }),
    "invitation.send": () => inviteHere(context),
    "message.send": () => context.composer.focus(),
    "offer.withdraw": () => context.act({ type: "offer.withdraw" }),
    "peer.unblock": () => unblock(context),
    "relationship.declare": () => declare(context),
    "thread.archive": () => archive(context, true),
    "thread.reopen": () => context.act({ type: "thread.reopen" }),
    "verdict.appeal": () => appeal(context, cid),
  }[hint];
}

function makeOffer(context) {
  const dayAfter = new Date(context.session.now() + 2 * DAY_MS).toISOString().slice(0, 10);
  ask(
    context.host,
    {
      title: `Offer ${context.peerName} a contract`,
      text: "When it is accepted the contract starts, and contact details may be shared here.",
      fields: [
        { name: "amount", label: "Amount", isHalf: true, inputmode: "decimal", pattern: "[0-9]+([.][0-9]{1,2})?", placeholder: "1200", title: "A number such as 1200 or 1200.50" },
        { name: "currency", label: "Currency", isHalf: true, kind: "select", options: CURRENCIES.map((code) => [code, code]) },
        { name: "note", label: "Note", kind: "area", maxlength: "1000", placeholder: "What is included" },
        { name: "starts", label: "Starts anyway on (optional)", isHalf: true, kind: "date", min: dayAfter },
        { name: "days", label: "Open for", isHalf: true, kind: "select", options: [["7", "7 days"], ["3", "3 days"], ["1", "1 day"]] },
      ],
      submit: "Send offer",
    },
    ({ amount, currency, note, starts, days }) => {
      const terms = { note, expires_at: context.session.now() + Number(days) * DAY_MS };
      if (amount) Object.assign(terms, { amount, currency });
      if (starts) terms.starts_at = Date.parse(starts);
      return context.act({ type: "offer.send", terms });
    },
  );
}

async function inviteHere(context) {
  const { jobs } = await context.session.ask({ type: "job.list" });
  const open = jobs.filter((job) => job.is_open);
  const own = context.head.job ? open.filter(({ job }) => job === context.head.job) : open;
  ask(
    context.host,
    {
      title: `Invite ${context.peerName} to interview`,
      fields: [
        { name: "job", label: "Job", kind: "select", options: (own.length ? own : open).map(({ job, title }) => [job, title]) },
        { name: "body", label: "Message", kind: "area", required: true, value: "Would you like to talk about this job?" },
      ],
      submit: "Send invitation",
    },
    async ({ job, body }) => {
      const reply = await context.session.ask({ type: "invitation.send", cid: context.session.newCid(), job, freelancer: context.peer, body });
      if (reply.state !== "held") context.openThread(reply.thread);
    },
  );
}

function declare(context) {
  ask(
    context.host,
    {
      title: "You knew each other before",
      text: "The marketplace checks it and decides; until then nothing changes. Both of you see what you write.",
      fields: [{ name: "note", label: "What can be checked", kind: "area", required: true, placeholder: "We worked together in 2023 on …" }],
      submit: "Tell the marketplace",
    },
    ({ note }) => context.act({ type: "relationship.declare", note }),
  );
}

function explainPayment(context) {
  const { pay } = context.head.policy;
  const age = pay.days_until_exempt ?? null;
  const ways = [
    `the conversion fee is paid to the marketplace (now: ${{ none: "not paid", paid: "paid", exempt: "waived" }[pay.conversion]})`,
    "the marketplace knows that you two met elsewhere",
    age === null ? "your first contract is old enough; there is none yet" : `your first contract is old enough, in ${count(age, "day")}`,
  ];
  const more = [
    el("ul", { class: "ways" }, ways.map((way) => el("li", {}, way))),
    pay.pay_url && el("a", { href: pay.pay_url, rel: "noreferrer" }, "Pay the fee"),
    el("p", { class: "text" }, "On this page, the marketplace's menu below says that the fee is paid."),
  ];
  ask(context.host, { title: "Payment outside is possible once one of these holds", more }, () => {});
}

async function archive(context, on) {
  await context.session.ask({ type: "thread.archive", thread: context.thread, on });
  if (on) context.leave();
}

const mute = (context, on) =>
  context.session.ask({ type: "thread.mute", thread: context.thread, until: on ? Math.floor(context.session.now() + DAY_MS) : 0 });

function report(context) {
  ask(
    context.host,
    {
      title: `Report ${context.peerName}`,
      text: "Goes to the marketplace's moderators. The other side is not told.",
      fields: [
        { name: "category", label: "What is wrong", kind: "select", options: context.setup.report_categories.map((key) => [key, categoryName(key)]) },
        { name: "note", label: "What happened", kind: "area", maxlength: "1000" },
        { name: "block", label: `Block ${context.peerName}, too`, kind: "check" },
      ],
      submit: "Report",
      tone: "danger",
    },
    async ({ category, note, block: also }) => {
      await context.act({ type: "report.create", category, note, block: also });
      context.say(`Reported. ${also ? `${context.peerName} is blocked.` : "Thank you; the moderators look at it."}`);
    },
  );
}

function block(context) {
  ask(
    context.host,
    {
      title: `Block ${context.peerName}?`,
      text: "Nothing of theirs gets in any more, in every conversation. They are not told. You can unblock at any time.",
      fields: [{ name: "reason", label: "A note to yourself (optional)", maxlength: "200" }],
      submit: "Block",
      tone: "danger",
    },
    ({ reason }) => context.act({ type: "peer.block", user: context.peer, reason }),
  );
}

const unblock = (context) => context.act({ type: "peer.unblock", user: context.peer });
