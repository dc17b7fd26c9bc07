// The inbox: conversations, the latest change first, and below them what was put away.

import { avatar, button, el, fill, hiddenText, icon } from "./elements.js";
import { isArchived, unread } from "./inbox.js";
import { shortTime, stateName } from "./words.js";

const SHOWN_ROWS = 50;

export class Conversations {
  #stop = new AbortController();

  /** `place`: {role, openThread(thread)}. */
  constructor(session, place) {
    Object.assign(this, { session, place });
    this.rows = el("ul", { class: "rows" });
    this.archived = el("ul", { class: "rows" });
    this.summary = el("summary", {});
    this.away = el("details", { class: "archived", hidden: true }, this.summary, this.archived);
    this.element = el("div", { class: "scroll" }, this.rows, this.away);
    for (const type of ["inbox", "thread"]) session.addEventListener(type, () => this.#show(), { signal: this.#stop.signal });
  }

  close() {
    this.#stop.abort();
  }

  async open() {
    this.#show();
  }

  #show() {
    const rows = [...this.session.inbox.rows.values()].filter(({ state }) => state !== "self").sort((a, b) => b.mark - a.mark);
    const archived = rows.filter(isArchived);
    const shown = rows.filter((row) => !isArchived(row)).slice(0, SHOWN_ROWS);
    const focused = this.element.contains(document.activeElement) ? document.activeElement.dataset.thread : null;
    fill(this.rows, shown.map((row) => this.#row(row)), !shown.length && el("li", { class: "empty" }, this.#empty()));
    this.away.hidden = !archived.length;
    fill(this.summary, `Archived (${archived.length})`);
    fill(this.archived, archived.map((row) => this.#row(row)));
    if (focused) this.element.querySelector(`[data-thread="${focused}"]`)?.focus();
  }

  #empty() {
    return this.place.role === "client"
      ? "No conversations yet. Find a freelancer, write to them or invite them to interview."
      : "No conversations yet. Invitations appear here; or propose for a job.";
  }

  #row(row) {
    const { session } = this;
    const head = session.heads.get(row.thread);
    if (!head) session.head(row.thread).catch(() => {});
    const peer = head?.participants.find(({ user }) => user !== session.user) ?? { user: "", name: "…" };
    const waiting = unread(row);
    const isMuted = row.muted_until > session.now();
    return el(
      "li",
      {},
      button(
        [
          avatar(peer.user, peer.name, session.presence.get(peer.user)),
          el("span", { class: "who" }, el("strong", {}, peer.name), el("span", {}, head?.title || "No job yet")),
          el(
            "span",
            { class: "aside" },
            el("time", { datetime: new Date(row.last_at).toISOString() }, shortTime(row.last_at, session.now())),
            el("span", { class: "turns" }, isMuted && el("span", { class: "muted-sign" }, icon("bell"), "muted"), el("span", { class: "chip", data: { state: row.state } }, stateName(row.state))),
          ),
          waiting > 0 && [el("span", { class: "badge", "aria-hidden": "true" }, waiting), hiddenText(`, ${waiting} unread`)],
        ],
        () => this.place.openThread(row.thread),
        { class: waiting ? "row-button unread" : "row-button", "data-thread": row.thread },
      ),
    );
  }
}
