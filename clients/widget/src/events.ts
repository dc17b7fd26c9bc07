/** What the changes in a thread say, as one line each. */

import type { Item } from "@greenroom/client";
import type { Key, Words } from "./words.js";

/** The fields that are looked at; a server may send kinds that are not known here. */
interface Loose {
  type: string;
  change?: string;
  reason?: string;
  why?: string;
  contact?: string;
  payment?: string;
  terms?: unknown;
}

const CONTRACT: Record<string, Key> = { started: "e.started", paused: "e.paused", resumed: "e.resumed", ended: "e.ended" };
const CARDS = new Set(["invitation.sent", "access.requested", "access.shared"]);

/** Whether an item is drawn as a card that may ask for an answer. */
export function isCard({ type, event }: Item): boolean {
  const { change, terms } = (event ?? {}) as Loose;
  return CARDS.has(type) || (type === "proposal.changed" && change === "submitted") || (type === "offer.changed" && change === "sent" && !!terms);
}

/** The line of an item that is neither message nor card; empty for what nobody needs to see. */
export function lineOf(item: Item, words: Words, name: string): string {
  const event = (item.event ?? { type: item.type }) as Loose;
  const say = (key: Key) => words.t(key, { name });
  const withReason = (key: Key) => {
    const { reason } = event;
    return reason && reason !== "other" ? `${say(key)}: ${words.of("r.", reason)}` : say(key);
  };
  switch (event.type) {
    case "invitation.accepted":
      return say("e.accepted");
    case "invitation.declined":
      return withReason("e.declined");
    case "invitation.withdrawn":
      return say("e.withdrew");
    case "invitation.expired":
      return say("e.invitation_expired");
    case "invitation.reminded":
      return say("e.reminded");
    case "interview.started":
      return say("e.interview");
    case "proposal.changed":
      return event.change === "withdrawn" ? say("e.withdrew") : withReason("e.declined");
    case "contract.changed":
      return CONTRACT[event.change ?? ""] ? say(CONTRACT[event.change!]!) : "";
    case "offer.changed":
      if (event.change === "expired") return say("e.offer_expired");
      return say(event.change === "withdrawn" ? "e.withdrew" : "e.declined");
    case "policy.changed":
      return say(event.contact === "blocked" ? "may_not" : event.payment === "allowed" ? "may_all" : "may");
    case "access.granted":
      return say("e.agreed");
    case "access.refused":
      return say("e.refused");
    case "access.ended":
      return say("e.access_ended");
    case "relationship.declared":
      return say("e.known");
    case "thread.closed":
      return say("e.closed");
    case "thread.reopened":
      return say("e.reopened");
    case "member.added":
      return say("e.joined");
    case "member.removed":
      return say("e.left");
    default:
      return "";
  }
}
