/** The upper edge of an open thread: who it is with, and how it stands. */

import { html, nothing, type TemplateResult } from "lit";
import { icon } from "./icons.js";
import { avatar, chip } from "./inbox.js";
import { plain } from "./text.js";
import type { View } from "./view.js";

export function threadHead(view: View): TemplateResult {
  const { session, snap, words } = view;
  const { peer } = session;
  const name = plain(peer?.name || peer?.user || "");
  const presence = peer && session.client.presence.get(peer.user);
  return html`<div class="who">
      ${name ? html`<span class="face ${presence ?? ""}">${avatar(peer!.user, name)}</span>` : nothing}
      <div class="names">
        <h2 id="title"><bdi>${name}</bdi>${snap?.head ? chip(snap.head.state, view) : nothing}</h2>
        <p class="sub">${snap?.head?.title ? html`<bdi>${plain(snap.head.title)}</bdi>` : nothing}</p>
      </div>
    </div>
    <slot name="header-actions"></slot>
    ${snap?.head ? html`<button class="round" aria-label=${words.t("menu")} @click=${() => view.sheet("menu")}>${icon("more")}</button>` : nothing}`;
}
