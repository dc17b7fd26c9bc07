// A freelancer's Connects: the balance, when the free ones come back, and every entry of the ledger.

import { el, fill } from "./elements.js";
import { count, dayOf, timeOfDay } from "./words.js";
import { ledgerName } from "./words_events.js";

export class Connects {
  #stop = new AbortController();

  constructor(session) {
    this.session = session;
    this.balance = el("p", { class: "balance" });
    this.refill = el("p", { class: "muted" });
    this.rows = el("tbody", {});
    this.table = el("table", {}, el("thead", {}, el("tr", {}, ["What", "When", "Amount", "Balance"].map((name) => el("th", { scope: "col" }, name)))), this.rows);
    this.element = el("div", { class: "own-profile scroll" }, el("h3", {}, "Connects"), this.balance, this.refill, el("h3", { class: "section" }, "Ledger"), this.table);
    session.addEventListener("own", () => this.open().catch(() => {}), { signal: this.#stop.signal });
  }

  close() {
    this.#stop.abort();
  }

  async open() {
    const { connects, entries } = await this.session.ask({ type: "connects.get", limit: 50 });
    fill(this.balance, String(connects.balance));
    fill(this.refill, `Filled up to ${connects.monthly_free} free ones on ${dayOf(connects.next_refill_at)}. A proposal costs Connects, an answer to an invitation does not.`);
    fill(this.rows, entries.map((entry) => this.#row(entry)), !entries.length && el("tr", {}, el("td", { colspan: "4" }, `Nothing yet: ${count(connects.balance, "free one")} to begin with.`)));
  }

  #row({ kind, amount, balance, at }) {
    return el(
      "tr",
      {},
      el("td", {}, ledgerName(kind)),
      el("td", {}, el("time", { datetime: new Date(at).toISOString() }, `${dayOf(at)}, ${timeOfDay(at)}`)),
      el("td", {}, amount > 0 ? `+${amount}` : `−${-amount}`),
      el("td", {}, String(balance)),
    );
  }
}
