/** The items that ask for an answer: an invitation, a proposal, an offer, an access grant. Loaded when one is there. */

import type { Commands, Item, Span } from "@greenroom/client";
import { html, nothing, type TemplateResult } from "lit";
import { until } from "./countdown.js";
import { icon, type Icon } from "./icons.js";
import { isAddress, pieces, plain, textOf, visible } from "./text.js";
import type { View } from "./view.js";
import type { Key } from "./words.js";

interface Terms {
  note?: string;
  amount?: string;
  currency?: string;
  starts_at?: number;
  expires_at?: number;
}
/** The fields of all cards; a server may leave out what is optional. */
interface Loose {
  seq: number;
  by?: string;
  title?: string;
  body?: string;
  expires_at?: number;
  help_url?: string;
  hidden?: readonly Span[];
  terms?: Terms;
  holder?: string;
  system?: string;
  purpose?: string;
  request?: number;
  email?: string;
  notice?: string;
}

interface Answer {
  label: string;
  tone?: "primary" | "quiet";
  run: () => unknown;
}

export function card(item: Item, view: View): TemplateResult {
  const event = item.event as unknown as Loose;
  const draw = { "invitation.sent": invitation, "proposal.changed": proposal, "offer.changed": offer, "access.requested": access, "access.shared": shared }[item.type];
  return draw ? draw(item, event, view) : html``;
}

/** Only the newest of its kind can be answered. */
function isOpen(item: Item, view: View, state: string): boolean {
  const { snap } = view;
  return snap?.head?.state === state && !snap.items.some((other) => other.type === item.type && other.seq > item.seq);
}

function frame(view: View, sign: Icon, kind: Key, title: unknown, text: unknown, facts: unknown, answers: (Answer | false | undefined)[], item: Item, more: unknown = nothing) {
  const offered = answers.filter((one): one is Answer => !!one);
  return html`<section class="card" part="card" aria-label=${view.words.t(kind)}>
    <p class="eyebrow">${icon(sign)}${view.words.t(kind)}</p>
    ${title ? html`<h3 dir="auto">${title}</h3>` : nothing} ${text ? html`<p class="body" dir="auto">${text}</p>` : nothing}
    <p class="facts"><time datetime=${new Date(item.at).toISOString()}>${view.words.brief(item.at, view.now())}</time>${facts}</p>
    ${more}
    ${offered.length ? html`<div class="answers">${offered.map(({ label, tone = "quiet", run }) => html`<button class=${tone} @click=${run}>${label}</button>`)}</div>` : nothing}
  </section>`;
}

const masked = (text: unknown, hidden: readonly Span[] | undefined) =>
  pieces(visible(text), hidden).map(({ text: part, span }) => (span ? html`<span class="mask">${icon("lock")}${part.replace(/^\[|\]$/g, "")}</span>` : part));

const act = (view: View, type: keyof Commands, fields: object = {}) => () => view.run(() => view.session.act(type, fields));

function countdown(view: View, at: number | undefined): unknown {
  if (!at) return nothing;
  const left = at - view.now();
  const soon = left > 0 && left < 86_400_000;
  return html`<span class="left ${soon ? "soon" : ""}">${icon("clock")}${left <= 0 ? view.words.t("expired") : until(at, () => view.words.t("expires", { time: view.words.left(at - view.now()) }))}</span>`;
}

function invitation(item: Item, event: Loose, view: View): TemplateResult {
  const { words, session } = view;
  const open = isOpen(item, view, "invited");
  const may = (command: string) => open && session.may(command);
  const help = isAddress(event.help_url) ? html`<a href=${event.help_url} target="_blank" rel="noopener noreferrer">${words.t("before_interview")}</a>` : nothing;
  return frame(view, "case", "invitation", plain(event.title, 200), masked(item.body, event.hidden), [open ? countdown(view, event.expires_at) : nothing, help], [
    may("invitation.accept") && { label: words.t("accept"), tone: "primary", run: act(view, "invitation.accept") },
    may("invitation.decline") && { label: words.t("decline"), run: () => view.sheet("decline") },
    may("invitation.ignore") && { label: words.t("not_now"), run: () => void view.run(() => session.act("invitation.ignore")).then((done) => done && view.go("inbox")) },
    may("invitation.withdraw") && { label: words.t("withdraw"), run: act(view, "invitation.withdraw") },
  ], item);
}

function proposal(item: Item, event: Loose, view: View): TemplateResult {
  const { words, session } = view;
  const open = isOpen(item, view, "proposed");
  const mayDecline = open && session.may("proposal.decline");
  return frame(view, "flag", "proposal", plain(view.snap?.head?.title, 200), masked(item.body, event.hidden), mayDecline ? html`<span>${words.t("proposal_hint")}</span>` : nothing, [
    mayDecline && { label: words.t("decline"), run: () => view.sheet("endCandidacy") },
    open && session.may("proposal.withdraw") && { label: words.t("withdraw"), run: () => view.sheet("withdrawCandidacy") },
  ], item);
}

function offer(item: Item, event: Loose, view: View): TemplateResult {
  const { words, session, snap } = view;
  const terms = event.terms ?? {};
  const open = isOpen(item, view, "offer");
  const may = (command: string) => open && session.may(command);
  const sum = terms.amount ? words.money(plain(terms.amount, 30), plain(terms.currency, 8)) : words.t("as_discussed");
  const facts = [
    terms.starts_at ? html`<span>${words.t("offer_starts", { date: words.date(terms.starts_at) })}</span>` : nothing,
    open ? countdown(view, snap?.head?.expires_at || terms.expires_at) : nothing,
  ];
  return frame(view, "star", "offer", html`<span class="sum">${sum}</span>`, masked(terms.note, event.hidden), facts, [
    may("offer.accept") && { label: words.t("offer_accept"), tone: "primary", run: act(view, "offer.accept") },
    may("offer.decline") && { label: words.t("decline"), run: () => view.sheet("declineOffer") },
    may("offer.withdraw") && { label: words.t("withdraw"), run: act(view, "offer.withdraw") },
  ], item);
}

function access(item: Item, event: Loose, view: View): TemplateResult {
  const { words, session, snap } = view;
  const grant = snap?.head?.grants?.find(({ request }) => request === item.seq);
  const state = grant?.state ?? "";
  const me = session.client.user;
  const isHolder = event.holder === me;
  const mayAnswer = state === "requested" && !item.isMine;
  const isLive = state === "requested" || state === "granted" || state === "shared";
  const wish = words.t(event.holder === item.by ? "wants_share" : "asks_email", { name: session.nameOf(item.by) });
  const step = (type: keyof Commands) => act(view, type, { request: item.seq });
  const facts = isLive && state !== "shared" ? countdown(view, grant?.expires_at) : state ? html`<span>${words.of("g.", state)}</span>` : nothing;
  const more = html`<p class="wish">${wish}</p>${state === "granted" && isHolder ? shareForm(item, view) : nothing}`;
  return frame(view, "key", "access", html`${words.of("s.", plain(event.system, 40))}: ${masked(event.purpose, event.hidden)}`, "", facts, [
    mayAnswer && !isHolder && { label: words.t("agree"), tone: "primary", run: step("access.confirm") },
    (mayAnswer || (state === "granted" && isHolder && !item.isMine)) && { label: words.t("refuse"), run: step("access.refuse") },
    isLive && !mayAnswer && (item.isMine || state === "shared") && { label: words.t("end"), run: step("access.revoke") },
  ], item, more);
}

function shareForm(item: Item, view: View): TemplateResult {
  const { words, session } = view;
  const share = (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.target as HTMLFormElement).elements[0] as HTMLInputElement;
    void view.run(() => session.act("access.share", { request: item.seq, email: field.value.trim() }));
  };
  return html`<form class="share" @submit=${share}>
    <input type="email" required maxlength="254" autocomplete="email" dir="ltr" placeholder="name@example.com" aria-label=${words.t("your_email")} />
    <button class="primary">${words.t("share")}</button>
  </form>`;
}

function shared(item: Item, event: Loose, view: View): TemplateResult {
  const { words } = view;
  const copy = () =>
    void navigator.clipboard?.writeText(textOf(event.email)).then(
      () => view.say(words.t("copied")),
      () => {},
    );
  const more = html`<div class="share"><input readonly dir="ltr" .value=${plain(event.email, 254)} aria-label=${words.t("shared_email")} @focus=${(on: Event) => (on.target as HTMLInputElement).select()} />
    <button class="quiet" @click=${copy}>${words.t("copy")}</button></div>
    <p class="wish">${words.sentence(event.notice ?? "")}</p>`;
  return frame(view, "key", "shared_email", words.of("s.", plain(event.system, 40)), "", nothing, [], item, more);
}
