/** A conversation: header, log, policy line, composer. */

import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { LONGEST } from "./composer.js";
import { icon } from "./icons.js";
import { isCard } from "./events.js";
import { isShown, rowView } from "./item.js";
import { rowsOf } from "./rows.js";
import { pieces, plain, visible } from "./text.js";
import type { View } from "./view.js";
import type { Key } from "./words.js";

/** How fast the other one answers, never without how many answers that rests on. */
function speedLine(view: View): unknown {
  const { session, words } = view;
  const { peer } = session;
  const speed = peer && session.speedOf(peer.user, peer.role);
  if (!speed) return nothing;
  const sample = speed.reason
    ? words.t("answers_have", { have: words.number(speed.have), need: words.number(speed.need) })
    : words.t("answers", { n: words.number(speed.n) });
  const label = speed.reason ? words.t("new_here") : speed.label ? words.of("l.", speed.label) : "";
  return html`<p class="speed ${speed.badge ?? ""}" part="speed">${icon(speed.badge ? "bolt" : "clock")}<span>${label}${label ? " · " : ""}<span class="sample">${sample}</span></span></p>`;
}

export function threadView(view: View): TemplateResult {
  const { snap, session, words, log } = view;
  if (!snap || snap.status === "loading") return html`<div class="waiting ghosts" aria-busy="true" role="status" aria-label=${words.t("loading")}>${[1, 2, 3].map((n) => html`<div class="ghost g${n}"></div>`)}</div>`;
  if (snap.status === "gone") return html`<div class="empty">${icon("shield")}<p>${words.sentence(snap.code, words.t("gone"))}</p></div>`;
  const rows = rowsOf(snap.items, session.readN < 0 ? Infinity : session.readN, (item) => isShown(item, view));
  if (rows.some(({ item }) => isCard(item))) view.need("cards");
  const row = snap.row;
  const unread = row ? Math.max(0, row.n - row.read) : 0;
  const typing = snap.typing.map((user) => session.nameOf(user));
  return html`${speedLine(view)}
    <div class="middle">
      ${log.view(
        rows,
        words.t("log", { name: session.peer ? session.nameOf(session.peer.user) : "" }),
        (one) => rowView(one, view),
        typing.length ? html`<p class="typing"><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>${words.t("typing", { name: typing.join(", ") })}</p>` : nothing,
      )}
      ${log.isAtEnd ? nothing : html`<button class="jump" aria-label=${words.t("newest")} @click=${() => log.toEnd()}>${icon("down")}${unread ? html`<span class="badge">${unread > 99 ? "99+" : unread}</span>` : nothing}</button>`}
    </div>
    ${noticeView(view)} ${footView(view)}`;
}

/** A text that must be read before it goes away. */
function noticeView(view: View): unknown {
  const { snap, words, session } = view;
  const notice = snap?.head?.policy?.notice;
  if (!notice) return nothing;
  const ack = () => view.run(() => session.act("notice.ack", { notice }).then(() => session.thread?.refresh()));
  return html`<div class="notice" role="note">${icon("shield")}<p>${words.sentence(notice, "")}</p>
    <button class="quiet" @click=${ack}>${words.t("understood")}</button></div>`;
}

function footView(view: View): unknown {
  const { snap, words, composer } = view;
  const policy = snap?.head?.policy;
  if (!policy) return html`<div class="foot"></div>`;
  if (!policy.may_write) {
    const step = view.instead(policy.instead ?? "");
    return html`<div class="foot"><p class="policy" id="policy">${icon("clock")}<span>${words.sentence(policy.why_not)}</span></p>
      ${step ? html`<button class="quiet" @click=${step.run}>${step.label}</button>` : nothing}</div>`;
  }
  const isOpen = policy.contact === "allowed";
  const rule: Key = !isOpen ? "may_not" : policy.payment === "allowed" ? "may_all" : "may";
  const left = LONGEST - [...composer.text].length;
  const context = composer.editing ?? composer.quote;
  return html`<div class="foot" part="composer">
    ${feedbackView(view)}
    ${context
      ? html`<div class="context">${icon("reply")}<p dir="auto"><b>${composer.editing ? words.t("edit") : words.t("replying", { name: view.session.nameOf(context.by) })}</b> ${visible(context.body).slice(0, 140)}</p>
          <button class="round small" aria-label=${words.t("cancel")} @click=${() => composer.cancel()}>${icon("close")}</button></div>`
      : nothing}
    <div class="field">
      <div class="marked">
        <div class="marks" aria-hidden="true" dir="auto">${marksOf(view)}</div>
        <textarea
          rows="1"
          dir=${composer.text ? "auto" : nothing}
          placeholder=${words.t("write")}
          aria-label=${words.t("write")}
          aria-describedby="policy feedback"
          aria-invalid=${composer.feedback?.kind.endsWith("bounced") || composer.feedback?.kind === "bounce" ? "true" : nothing}
          enterkeyhint="send"
          .value=${live(composer.text)}
          @input=${(event: Event) => composer.type((event.target as HTMLTextAreaElement).value)}
          @scroll=${(event: Event) => follow(event.target as HTMLElement)}
          @blur=${() => view.session?.thread?.typing(false)}
          @keydown=${(event: KeyboardEvent) => key(event, view)}
        ></textarea>
      </div>
      <button class="send" aria-label=${composer.editing ? words.t("save") : words.t("send")} ?disabled=${!composer.text.trim() || left < 0} @click=${() => view.send()}>${icon(composer.editing ? "check" : "send")}</button>
    </div>
    ${left < 500 ? html`<p class="count ${left < 0 ? "over" : ""}">${words.t("chars", { n: words.number(left) })}</p>` : nothing}
    <p class="policy ${isOpen ? "open" : ""}" id="policy">${icon(isOpen ? "unlock" : "lock")}<span>${words.t(rule)}</span></p>
  </div>`;
}

const LEADS = { redact: "will_redact", bounce: "will_bounce", hold: "will_hold", was_bounced: "was_bounced" } as const;

/** What the filter says about the text in the field. */
function feedbackView(view: View): TemplateResult {
  const { feedback } = view.composer;
  const { words } = view;
  if (!feedback) return html`<div id="feedback" role="status"></div>`;
  const { kind, body, code, message, policy, hint } = feedback;
  const found = pieces(body, policy?.spans).filter(({ span }) => span);
  const step = view.instead(hint);
  const isRefused = kind === "was_bounced" || kind === "bounce";
  return html`<div id="feedback" role="status"><div class="feedback ${isRefused ? "refused" : "warned"}">${icon(kind === "hold" ? "clock" : kind === "redact" ? "lock" : "shield")}
    <div><p><b>${words.t(LEADS[kind])}</b> ${found.slice(0, 5).map(({ text, span }) => html`<span class="found" title=${words.sentence(`kind.${span!.kind}`)}><bdi>${plain(text, 40)}</bdi></span> `)}
      ${words.sentence(code, message)}</p>
      <p class="steps">${step && (isRefused || hint === "access.request") ? html`<button class="link" @click=${step.run}>${step.label}</button>` : nothing}
        ${kind === "was_bounced" ? html`<button class="link" @click=${() => view.sheet("bounce", feedback)}>${words.t("details")}</button>` : nothing}</p></div></div></div>`;
}

/** The text once more behind the field, with nothing to see of it but the marks. */
function marksOf(view: View): unknown {
  const { feedback, text } = view.composer;
  if (!feedback?.policy?.spans?.length || !text.startsWith(feedback.body)) return nothing;
  const isRefused = feedback.kind === "was_bounced" || feedback.kind === "bounce";
  return html`${pieces(feedback.body, feedback.policy.spans).map(({ text: part, span }) =>
    span ? html`<mark class=${isRefused ? "refused" : "warned"}>${part}</mark>` : part,
  )}${text.slice(feedback.body.length)}`;
}

const follow = (field: HTMLElement) => {
  (field.previousElementSibling as HTMLElement).scrollTop = field.scrollTop;
};

function key(event: KeyboardEvent, view: View): void {
  const { composer } = view;
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    view.send();
  } else if (event.key === "Escape" && (composer.editing || composer.quote)) {
    event.stopPropagation();
    composer.cancel();
  } else if (event.key === "ArrowUp" && !composer.text) {
    const mine = view.snap?.items.filter((item) => item.isMine && item.seq && item.type === "message.sent" && !item.isErased);
    const last = mine?.[mine.length - 1];
    if (last) composer.edit(last);
  }
}

/** As high as its text, up to a limit of the style sheet; called after each drawing. */
export function grow(root: ParentNode): void {
  const field = root.querySelector<HTMLTextAreaElement>("textarea");
  if (!field) return;
  field.style.height = "0";
  field.style.height = `${field.scrollHeight}px`;
  follow(field);
}
