// What the events of a thread say, and the names of what one chooses from.

import { reasonName } from "./words.js";

const SYSTEMS = {
  code_host: "Code repository",
  ads_analytics: "Ads or analytics",
  bookkeeping: "Bookkeeping",
  cloud_drive: "Cloud drive",
  e_sign: "E-signature",
  site_builder: "Website builder",
  other: "Another system",
};

const CATEGORIES = {
  spam: "Spam",
  scam: "Scam",
  off_platform: "Asked me to move elsewhere",
  harassment: "Harassment",
  discrimination: "Discrimination",
  fraud_payment: "Payment fraud",
  other: "Something else",
};

const CONTRACT = {
  started: "Contract started",
  paused: "Contract paused",
  resumed: "Contract resumed",
  ended: "Contract ended",
};

const CLOSED = {
  declined: "The invitation was declined",
  expired: "The invitation expired",
  withdrawn: "The invitation was withdrawn",
  proposal_declined: "The candidacy was declined",
  proposal_withdrawn: "The candidacy was withdrawn",
  job_closed: "The job was closed",
};

const OFFER = {
  declined: (name) => `${name} declined the offer`,
  withdrawn: (name) => `${name} withdrew the offer`,
  expired: () => "The offer expired",
};

const LEDGER = {
  grant: "Free of the month",
  purchase: "Bought",
  proposal: "Proposal",
  invitation: "Invitation accepted",
  refund: "Given back",
  correction: "Set right",
};

const named = (names, key) => names[key] ?? key.replaceAll("_", " ");
export const systemName = (system) => named(SYSTEMS, system);
export const categoryName = (category) => named(CATEGORIES, category);
export const ledgerName = (kind) => named(LEDGER, kind);

/** An amount with its currency, as people write it. */
export function money(amount, currency) {
  return new Intl.NumberFormat(undefined, { style: "currency", currency, maximumFractionDigits: 2 }).format(Number(amount)).replace(/[.,]00$/, "");
}

function policyWords({ contact, payment }) {
  if (contact === "blocked") return "Contact details stay hidden until a contract starts";
  return payment === "allowed"
    ? "Contact details may be shared and payment agreed elsewhere from here on"
    : "Contact details may be shared from here on; payments stay here";
}

function proposalWords({ change, by, reason }, name) {
  if (change === "withdrawn") return `${name(by)} withdrew from the candidacy`;
  return `${name(by)} declined the candidacy${reason && reason !== "other" ? `: ${reasonName(reason)}` : ""}`;
}

/** What a change in a thread says; null for events that show otherwise or not at all. `name` names a user. */
export function systemWords(event, name) {
  switch (event.type) {
    case "invitation.accepted":
      return `${name(event.by)} accepted the invitation`;
    case "invitation.declined":
      return `${name(event.by)} declined: ${reasonName(event.reason)}`;
    case "invitation.withdrawn":
      return `${name(event.by)} withdrew the invitation`;
    case "invitation.expired":
      return "The invitation expired";
    case "invitation.reminded":
      return "A reminder: the invitation still waits for an answer";
    case "interview.started":
      return "Interview started: both may write now";
    case "proposal.changed":
      return proposalWords(event, name);
    case "contract.changed":
      return CONTRACT[event.change] ?? null;
    case "offer.changed":
      return OFFER[event.change]?.(name(event.by)) ?? null;
    case "policy.changed":
      return policyWords(event);
    case "access.granted":
      return `${name(event.by)} agreed to the access grant`;
    case "access.refused":
      return `${name(event.by)} said no to the access grant`;
    case "access.ended":
      return event.why === "expired" ? "The access grant expired" : `${name(event.by)} ended the access grant`;
    case "relationship.declared":
      return `${name(event.by)} says that you two knew each other before`;
    case "thread.closed":
      return CLOSED[event.why] ?? "This conversation was closed";
    case "thread.reopened":
      return `${name(event.by)} opened the conversation again`;
    case "member.added":
      return `${name(event.by)} brought a team member in`;
    case "member.removed":
      return "A team member left";
    default:
      return null;
  }
}
