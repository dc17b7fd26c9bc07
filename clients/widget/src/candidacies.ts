/** Active Candidacies of either side. Loaded when they are first looked at. */

import type { CandidacyRow } from "@greenroom/client";
import { html, nothing, type TemplateResult } from "lit";
import { icon } from "./icons.js";
import { avatar, badge, chip, tabs } from "./inbox.js";
import type { Session } from "./session.js";
import { plain } from "./text.js";
import type { View } from "./view.js";

interface Found {
  rows: CandidacyRow[];
  cursor: string | null;
  /** Of the inbox when it was read: it is read again when that moved. */
  stamp: string;
}

const known = new WeakMap<Session, Found | "asked">();

/** What of the inbox these rows depend on. */
const stampOf = (session: Session) => session.inbox.get().items.map(({ row }) => `${row.thread}${row.mark}`).join();

function read(view: View, more?: Found): void {
  const { session } = view;
  const stamp = stampOf(session);
  if (!known.has(session)) known.set(session, "asked");
  session.client.verbs.candidacy.list({ limit: 30, cursor: more?.cursor ?? null }).then(
    ({ rows, cursor }) => {
      known.set(session, { rows: [...(more?.rows ?? []), ...rows], cursor, stamp });
      view.redraw();
    },
    (error: unknown) => view.fail(error),
  );
}

export function candidaciesView(view: View): TemplateResult {
  const { words, session } = view;
  const found = known.get(session);
  const isStale = found && found !== "asked" && found.stamp !== stampOf(session);
  if (!found || isStale) read(view);
  if (isStale) found.stamp = stampOf(session);
  const page = found && found !== "asked" ? found : null;
  return html`${tabs(view)}
    <div class="list">
      ${!page
        ? html`<div class="ghosts" aria-hidden="true">${[1, 2, 3].map(() => html`<div class="ghost"></div>`)}</div>`
        : page.rows.length
          ? html`<ul>${page.rows.map((row) => html`<li>${entry(row, view)}</li>`)}</ul>`
          : html`<div class="empty">${icon("case")}<h3>${words.t("candidacies")}</h3><p>${words.t("empty_candidacies")}</p></div>`}
      ${page?.cursor ? html`<button class="wide" @click=${() => read(view, page)}>${words.t("more_rows")}</button>` : nothing}
    </div>`;
}

function entry(row: CandidacyRow, view: View): TemplateResult {
  const { words } = view;
  const name = plain(row.peer_name || row.peer);
  const unread = Math.max(0, row.n - row.read);
  const turn = row.awaiting === "me" ? html`<span class="turn">${words.t("turn_me")}</span>` : row.awaiting === "them" ? html`<span class="turn them">${words.t("turn_them")}</span>` : nothing;
  return html`<button class="entry ${unread ? "unread" : ""}" @click=${() => view.openThread(row.thread)}>
    ${avatar(row.peer, name)}
    <span class="words">
      <span class="top"><bdi class="name">${plain(row.title) || name}</bdi><time datetime=${new Date(row.last_at).toISOString()}>${words.brief(row.last_at, view.now())}</time></span>
      <span class="bottom"><span class="preview"><bdi>${name}</bdi></span>${turn}${chip(row.state, view)}${badge(unread)}</span>
    </span>
  </button>`;
}
