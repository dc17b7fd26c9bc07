/** The list of conversations. */

import type { AnyEvent, InboxItem } from "@greenroom/client";
import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { lineOf } from "./events.js";
import { icon } from "./icons.js";
import { peerOf } from "./session.js";
import { hue, initials, plain, visible } from "./text.js";
import type { View } from "./view.js";

export const avatar = (id: string, name: string): TemplateResult =>
  html`<span class="avatar hue${hue(id)}" aria-hidden="true">${initials(name)}</span>`;

export const chip = (state: string, view: View): TemplateResult =>
  html`<span class="chip ${state.replace(/[^a-z]/g, "")}">${plain(view.words.of("state.", state), 30)}</span>`;

/** Up to 99; more is "99+". */
export const badge = (n: number): TemplateResult | typeof nothing =>
  n > 0 ? html`<span class="badge" aria-hidden="true">${n > 99 ? "99+" : n}</span>` : nothing;

export function tabs(view: View): TemplateResult {
  const tab = (page: "inbox" | "candidacies", label: string) =>
    html`<button class="tab" aria-current=${view.page === page ? "page" : nothing} @click=${() => view.go(page)}>${label}</button>`;
  return html`<nav class="tabs" aria-label=${view.words.t("messages")}>
    ${tab("inbox", view.words.t("messages"))}${tab("candidacies", view.words.t("candidacies"))}
  </nav>`;
}

export function inboxView(view: View): TemplateResult {
  const { items, hasMore, isLoaded } = view.session.inbox.get();
  const { words } = view;
  return html`${tabs(view)}
    <div class="list" tabindex="-1">
      ${items.length
        ? html`<ul>${repeat(items, (item) => item.row.thread, (item) => html`<li>${entry(item, view)}</li>`)}</ul>`
        : isLoaded
          ? html`<slot name="empty"><div class="empty">${icon("chat")}<h3>${words.t("empty")}</h3><p>${words.t("empty_more")}</p></div></slot>`
          : html`<div class="ghosts" aria-hidden="true">${[1, 2, 3, 4].map(() => html`<div class="ghost"></div>`)}</div>`}
      ${hasMore ? html`<button class="wide" @click=${() => view.session.inbox.loadMore()}>${words.t("more_rows")}</button>` : nothing}
    </div>`;
}

function entry({ row, unread, head, last }: InboxItem, view: View): TemplateResult {
  const { words, session } = view;
  const peer = head && peerOf(head.participants, session.client.user, head.role);
  const name = plain(peer?.name || peer?.user || "…");
  const state = head?.state ?? row.state;
  return html`<button class="entry ${unread ? "unread" : ""}" data-thread=${row.thread} @click=${() => view.openThread(row.thread)}>
    ${avatar(peer?.user ?? row.thread, name)}
    <span class="words">
      <span class="top"><bdi class="name">${name}</bdi><time datetime=${new Date(row.last_at).toISOString()}>${words.brief(row.last_at, view.now())}</time></span>
      ${head?.title ? html`<span class="title"><bdi>${plain(head.title)}</bdi></span>` : nothing}
      <span class="bottom"><span class="preview" dir="auto">${last ? preview(last, view) : ""}</span>${chip(state, view)}${badge(unread)}</span>
      ${unread ? html`<span class="sr">${words.t("unread", { n: unread })}</span>` : nothing}
    </span>
  </button>`;
}

/** The newest item in one line. */
function preview(event: AnyEvent, view: View): string {
  const { words, session } = view;
  const { body, note, purpose } = event as { body?: string; note?: string; purpose?: string };
  const isMine = event.by === session.client.user;
  const text = plain(visible(body || note || purpose), 90);
  if (text) return isMine ? words.t("you", { text }) : text;
  if (event.type === "item.erased") return words.t("erased");
  if (event.type === "offer.changed" && event.change === "sent") return words.t("offer");
  if (event.type === "access.shared") return words.t("shared_email");
  const line = { type: event.type, event } as Parameters<typeof lineOf>[0];
  return lineOf(line, words, isMine ? session.client.user : "…");
}
