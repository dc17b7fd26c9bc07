// A freelancer's own profile: the badge and time away as switches, what others see, and every row behind the number.

import { el, fill } from "./elements.js";
import { card } from "./profiles.js";
import { Problem } from "./refusals.js";
import { dayOf, duration, outcomeName, owedName } from "./words.js";

const DAY_MS = 86_400_000;
const AWAY_DAYS = 7;

export class OwnProfile {
  #stop = new AbortController();

  constructor(session) {
    this.session = session;
    this.problem = new Problem();
    this.badge = this.#switch("Availability badge", (isOn) => this.#ask({ type: "availability.set", is_on: isOn }));
    this.away = this.#switch("Away", (isOn) => this.#ask({ type: "away.set", until: isOn ? Math.floor(session.now() + AWAY_DAYS * DAY_MS) : null }));
    this.badgeText = el("p", {});
    this.awayText = el("p", {});
    this.shown = el("div", {});
    this.rows = el("tbody", {});
    const line = (control, text) => el("div", { class: "setting" }, el("div", {}, el("strong", {}, control.getAttribute("aria-label")), text), control);
    this.element = el(
      "div",
      { class: "own-profile scroll" },
      el("div", { class: "settings" }, line(this.badge, this.badgeText), line(this.away, this.awayText), this.problem.element),
      el("h3", { class: "section" }, "What clients see"),
      this.shown,
      el("h3", { class: "section" }, "What the number rests on"),
      el("table", {}, el("thead", {}, el("tr", {}, ["From", "Date", "Time", "Outcome"].map((name) => el("th", { scope: "col" }, name)))), this.rows),
    );
    const again = () => this.open().catch(() => {});
    session.addEventListener("own", again, { signal: this.#stop.signal });
    session.addEventListener("speed", again, { signal: this.#stop.signal });
  }

  close() {
    this.#stop.abort();
  }

  async open() {
    const { session } = this;
    const [{ profile }, { rows }] = await Promise.all([
      session.ask({ type: "profile.get", freelancer: session.user }),
      session.ask({ type: "metrics.rows" }),
    ]);
    this.#set(this.badge, profile.available);
    this.#set(this.away, profile.away_until !== null);
    fill(this.badgeText, profile.available ? "On: clients see you highlighted in the search." : "Off. It is a paid feature; the switch works while it is paid for.");
    fill(this.awayText, profile.away_until === null ? "Off. While you are away, new invitations do not count." : `Until ${dayOf(profile.away_until)}; new invitations do not count.`);
    fill(this.shown, card(profile));
    fill(this.rows, rows.map((row) => this.#row(row)));
  }

  async #ask(command) {
    this.problem.clear();
    try {
      const reply = await this.session.ask(command);
      if (reply.unanswered) this.problem.show({ message: `The badge is on, but ${reply.unanswered} invitations wait for your answer.` });
    } catch (error) {
      this.problem.show(error);
    }
    await this.open();
  }

  #switch(name, change) {
    const toggle = () => change(control.getAttribute("aria-checked") !== "true");
    const control = el("button", { type: "button", class: "switch", role: "switch", "aria-checked": "false", "aria-label": name, on: { click: toggle } });
    return control;
  }

  #set(control, isOn) {
    control.setAttribute("aria-checked", String(isOn));
  }

  #row(row) {
    return el(
      "tr",
      {},
      el("td", {}, owedName(row.kind)),
      el("td", {}, el("time", { datetime: new Date(row.t0).toISOString() }, dayOf(row.t0))),
      el("td", {}, row.elapsed_s === null ? "–" : duration(row.elapsed_s)),
      el("td", {}, outcomeName(row.outcome)),
    );
  }
}
