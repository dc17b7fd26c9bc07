// Active Candidacies of either side: for which job, with whom, how far, unread, and who must act.

import { avatar, button, el, fill, hiddenText } from "./elements.js";
import { shortTime, stateName } from "./words.js";

const AGAIN_AFTER_MS = 150;
const STATES = { active: undefined, all: ["invited", "accepted", "proposed", "candidacy", "offer", "contract", "paused", "ended", "closed"] };

export class Candidacies {
  #stop = new AbortController();
  #timer = 0;

  /** `place`: {role, openThread(thread)}. */
  constructor(session, place) {
    Object.assign(this, { session, place });
    this.rows = el("ul", { class: "rows" });
    const options = [["active", "Active"], ["all", "All"]].map(([value, label]) => el("option", { value }, label));
    this.which = el("select", { "aria-label": "Which candidacies", on: { change: () => this.open().catch(() => {}) } }, options);
    this.element = el("div", { class: "candidacies scroll" }, el("div", { class: "view-head" }, el("h3", {}, "Active Candidacies"), this.which), this.rows);
    session.addEventListener("inbox", () => this.#again(), { signal: this.#stop.signal });
  }

  close() {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  async open() {
    const { rows } = await this.session.ask({ type: "candidacy.list", limit: 50, states: STATES[this.which.value] });
    const focused = this.rows.contains(document.activeElement) ? document.activeElement.dataset.thread : null;
    fill(this.rows, rows.map((row) => this.#row(row)), !rows.length && el("li", { class: "empty" }, this.#empty()));
    if (focused) this.rows.querySelector(`[data-thread="${focused}"]`)?.focus();
  }

  #again() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.open().catch(() => {}), AGAIN_AFTER_MS);
  }

  #empty() {
    return this.place.role === "client"
      ? "Nobody yet. Who accepts an invitation or proposes for a job stands here."
      : "Nothing yet. Propose for a job, or accept an invitation.";
  }

  #row(row) {
    const waiting = Math.max(0, row.n - row.read);
    const turn = { me: "Your turn", them: `${row.peer_name.split(" ")[0]}’s turn`, nobody: "" }[row.awaiting];
    return el(
      "li",
      {},
      button(
        [
          avatar(row.peer, row.peer_name),
          el("span", { class: "who" }, el("strong", {}, row.title || "No job yet"), el("span", {}, row.peer_name)),
          el(
            "span",
            { class: "aside" },
            el(
              "span",
              { class: "turns" },
              turn && el("span", { class: "turn", data: { awaiting: row.awaiting } }, turn),
              el("span", { class: "chip", data: { state: row.state } }, stateName(row.state)),
            ),
            el("time", { datetime: new Date(row.last_at).toISOString() }, shortTime(row.last_at, this.session.now())),
          ),
          waiting > 0 && [el("span", { class: "badge", "aria-hidden": "true" }, waiting), hiddenText(`, ${waiting} unread`)],
        ],
        () => this.place.openThread(row.thread),
        { class: waiting ? "row-button unread" : "row-button", "data-thread": row.thread },
      ),
    );
  }
}
