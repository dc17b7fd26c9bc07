/** One row of the log. */

import type { Item } from "@greenroom/client";
import { html, nothing, type TemplateResult } from "lit";
import { isCard, lineOf } from "./events.js";
import { icon, type Icon } from "./icons.js";
import { isBubble, type Row } from "./rows.js";
import { links, pieces, textOf, visible } from "./text.js";
import type { View } from "./view.js";
import type { Key } from "./words.js";

/** A longer text is folded, so that one message cannot fill the screen. */
const FOLD_CHARS = 2_000;
const FOLDED_CHARS = 900;

const SIGNS: Record<string, Icon> = { queued: "clock", sending: "clock", sent: "check", delivered: "twice", read: "twice", held: "clock", bounced: "shield", failed: "shield" };

export function isShown(item: Item, view: View): boolean {
  return isBubble(item) || isCard(item) || !!lineOf(item, view.words, "") || !!textOf(item.body);
}

export function rowView(row: Row, view: View): TemplateResult {
  const { item } = row;
  const { words } = view;
  return html`<div class="row ${row.isFirst ? "first" : ""} ${row.isLast ? "last" : ""}" role="article" tabindex="-1" data-key=${item.key}>
    ${row.isDay ? html`<div class="day"><span>${words.day(item.at, view.now())}</span></div>` : nothing}
    ${row.isNew ? html`<div class="new"><span>${words.t("new")}</span></div>` : nothing}
    ${safely(() => contentOf(row, view))}
  </div>`;
}

/** A server may send anything; one row that cannot be drawn must not take the others with it. */
function safely(draw: () => unknown): unknown {
  try {
    return draw();
  } catch {
    return html`<p class="event">…</p>`;
  }
}

function contentOf(row: Row, view: View): unknown {
  const { item } = row;
  if (item.isErased) return html`<div class="line ${side(item)}"><p class="bubble gone">${view.words.t("erased")}</p></div>`;
  if (isBubble(item)) return bubble(row, view);
  if (isCard(item)) return view.parts.cards?.card(item, view) ?? html`<div class="card loading"></div>`;
  const line = lineOf(item, view.words, view.session.nameOf(item.by));
  const note = textOf(item.body);
  return html`${line ? html`<p class="event" dir="auto">${line}</p>` : nothing}
  ${note ? html`<div class="line ${side(item)}"><div class="bubble note" dir="auto"><div class="body">${body(item, view)}</div></div></div>` : nothing}`;
}

const side = (item: Item) => (item.isMine ? "mine" : "");

function bubble(row: Row, view: View): TemplateResult {
  const { item } = row;
  const { words } = view;
  const isLoose = !item.seq;
  return html`<div class="line ${side(item)} ${item.status ?? ""}">
      <div class="bubble" part="message">
        ${row.isFirst && !item.isMine && view.session.people.length > 2 ? html`<p class="by"><bdi>${view.session.nameOf(item.by)}</bdi></p>` : nothing}
        ${item.quote ? quoted(item.quote, view) : nothing}
        <div class="body" dir="auto">${body(item, view)}</div>
        <p class="meta">
          <time datetime=${stamp(item.at)} title=${words.full(item.at)}>${words.time(item.at)}</time>
          ${item.isEdited ? html`<span>${words.t("edited")}</span>` : nothing} ${item.isMine ? status(item, view) : nothing}
        </p>
      </div>
      ${isLoose ? nothing : html`<button class="options" tabindex="-1" aria-label=${words.t("actions")} @click=${() => view.sheet("message", item)}>${icon("more")}</button>`}
    </div>
    ${item.reactions.length ? html`<p class="reactions ${side(item)}">${item.reactions.map(({ emoji, users }) => html`<span>${visible(emoji)} ${users.length}</span>`)}</p>` : nothing}
    ${item.isMine && item.hidden.length ? html`<p class="why">${icon("lock")}<span>${hiddenWords(item, view)}</span>
      ${item.outgoing || !item.event ? nothing : html`<button class="link" @click=${() => view.sheet("appeal", item.event!.cid ?? "")}>${words.t("details")}</button>`}</p>` : nothing}
    ${item.status === "held" ? html`<p class="why">${icon("clock")}<span>${words.t("held_text")}</span>
      <button class="link" @click=${() => view.sheet("held", item)}>${words.t("details")}</button></p>` : nothing}`;
}

const stamp = (at: number) => (Math.abs(at) < 8.64e15 ? new Date(at).toISOString() : "");

function hiddenWords(item: Item, view: View): string {
  const kinds = [...new Set(item.hidden.map(({ kind }) => view.words.sentence(`kind.${kind}`)))].filter(Boolean);
  return view.words.t("hidden", { kinds: kinds.join(", ") });
}

function status(item: Item, view: View): unknown {
  const key = item.status === "failed" ? "bounced" : (item.status as Key | null);
  if (!key) return nothing;
  const isTold = item.status === "queued" || item.status === "held" || item.status === "bounced";
  return html`<span class="status ${item.status}">${icon(SIGNS[item.status!] ?? "check")}<span class=${isTold ? "" : "sr"}>${view.words.t(key)}</span></span>`;
}

function quoted(seq: number, view: View): TemplateResult {
  const found = view.snap?.items.find((item) => item.seq === seq);
  const text = found?.isErased ? view.words.t("erased") : visible(found?.body ?? "…").slice(0, 120);
  return html`<button class="quote" tabindex="-1" @click=${() => view.log.showSeq(seq)}>
    <bdi>${found ? view.session.nameOf(found.by) : ""}</bdi><span dir="auto">${text}</span>
  </button>`;
}

/** The text itself, with masks as chips and addresses of pages as links where links may be shared. */
export function body(item: Item, view: View): unknown {
  const text = visible(item.body);
  const isFolded = text.length > FOLD_CHARS && !view.unfolded.has(item.key);
  const shown = isFolded ? [...text.slice(0, FOLDED_CHARS)].slice(0, -1).join("") : text;
  const parts = pieces(shown, item.hidden).map(({ text: part, span }) =>
    span ? html`<span class="mask">${icon("lock")}${part.replace(/^\[|\]$/g, "")}</span>` : plainOrLinked(part, view),
  );
  return isFolded ? html`${parts}… <button class="link" @click=${() => view.unfold(item.key)}>${view.words.t("show_all")}</button>` : parts;
}

function plainOrLinked(text: string, view: View): unknown {
  if (view.snap?.head?.policy?.contact !== "allowed") return text;
  return links(text).map(({ text: part, href }) =>
    href ? html`<a href=${href} target="_blank" rel="noopener noreferrer nofollow ugc">${part}</a>` : part,
  );
}
