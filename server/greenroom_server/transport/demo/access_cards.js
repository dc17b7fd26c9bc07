// Access grants: the one way in which an e-mail address is shared before a contract. Ask, agree, share.

import { answers } from "./cards.js";
import { ask } from "./dialogs.js";
import { button, el, freshId, hiddenText, icon } from "./elements.js";
import { countdown } from "./countdown.js";
import { maskedText } from "./masks.js";
import { KEEP_HERE } from "./words.js";
import { systemName } from "./words_events.js";

const OVER = { refused: "Refused", expired: "Expired", revoked: "Ended", shared: "Shared below" };
const LIVE = new Set(["requested", "granted", "shared"]);

/** Ask to share one's address, or for the other side's. */
export function askForAccess(context) {
  ask(
    context.host,
    {
      title: "An e-mail address for access",
      text: "Before a contract an address may be shared for one thing: to let somebody into a system, so that the work can be scoped.",
      fields: [
        { name: "holder", label: "Whose address", kind: "select", options: [["me", "I share mine"], ["peer", "I ask for theirs"]] },
        { name: "system", label: "Access to", kind: "select", options: context.setup.access_systems.map((key) => [key, systemName(key)]) },
        { name: "purpose", label: "What for", required: true, maxlength: "500", placeholder: "Read access to the design repository" },
      ],
      submit: "Ask",
    },
    ({ holder, system, purpose }) => context.act({ type: "access.request", holder, system, purpose }),
  );
}

export function accessCard(event, context) {
  const grant = context.head?.grants?.find(({ request }) => request === event.seq);
  const state = grant?.state ?? "";
  const isHolder = event.holder === context.me;
  const isAsker = event.by === context.me;
  const asker = context.nameOf(event.by);
  const other = isAsker ? context.peerName : "you";
  const does = (verb) => (isAsker ? verb : `${verb}s`);
  const wish = event.holder === event.by ? `${asker} ${isAsker ? "want" : "wants"} to share an e-mail address` : `${asker} ${does("ask")} ${other} for an e-mail address`;
  const step = (type) => context.act({ type, request: event.seq });
  const mayAnswer = state === "requested" && !isAsker;
  return el(
    "div",
    { class: "card-body" },
    el("p", { class: "eyebrow" }, icon("key"), "Access grant"),
    el("h4", {}, `${systemName(event.system)}: `, el("span", { dir: "auto" }, maskedText(event.purpose, event.hidden))),
    el("p", { class: "text" }, `${wish}.`),
    el("p", { class: "meta" }, context.time(event.at), LIVE.has(state) && [" · ", countdown(grant.expires_at, context.session)], OVER[state] && ` · ${OVER[state]}`),
    state === "granted" && isHolder && shareForm(event, context),
    answers([
      mayAnswer && { label: "Agree", tone: "primary", run: () => step("access.confirm") },
      (mayAnswer || (state === "granted" && isHolder && !isAsker)) && { label: "Refuse", run: () => step("access.refuse") },
      LIVE.has(state) && !mayAnswer && (isAsker || state === "shared") && { label: "End it", run: () => step("access.revoke") },
    ], context),
  );
}

function shareForm(event, context) {
  const id = freshId("address");
  const input = el("input", { id, type: "email", required: true, maxlength: "254", placeholder: "name@example.com", autocomplete: "email" });
  const share = answers([
    { label: "Share", tone: "primary", run: async () => input.reportValidity() && context.act({ type: "access.share", request: event.seq, email: input.value.trim() }) },
  ], context);
  return el("div", { class: "share" }, el("label", { class: "visually-hidden", for: id }, "Your e-mail address"), input, share);
}

/** The address in a field that can be copied, with the notice that belongs to it. */
export function sharedCard(event, context) {
  const address = el("input", { readonly: true, value: event.email, "aria-label": "Shared e-mail address" });
  const said = el("span", { role: "status" });
  const copy = async () => {
    address.select();
    await navigator.clipboard.writeText(event.email).catch(() => {});
    said.textContent = "Copied";
  };
  return el(
    "div",
    { class: "card-body" },
    el("p", { class: "eyebrow" }, icon("key"), `E-mail address for ${systemName(event.system).toLowerCase()}`),
    el("div", { class: "copy" }, hiddenText(`${context.nameOf(event.by)} shared `), address, button("Copy", copy, { class: "quiet" })),
    el("p", { class: "meta" }, context.time(event.at), " · ", KEEP_HERE, " ", said),
  );
}
