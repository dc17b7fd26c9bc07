// Freelancers as clients see them, the search, and the invitation; and how a freelancer sees the own number.

import { avatar, button, el, fill, icon } from "./elements.js";
import { count, dayOf, duration, outcomeName, owedName, speedWords } from "./words.js";

const SEARCH_AFTER_MS = 200;

const badge = (words) => words.badge && el("span", { class: "chip good" }, words.badge);

/** Response speed with what it rests on; a newcomer is new, not slow. */
export function speedBadge(speed, isBrief = false) {
  const words = speedWords(speed);
  const progress = words.isKnown
    ? null
    : el("div", { class: "progress", "aria-hidden": "true" }, Array.from({ length: speed.need }, (_, index) => el("i", { data: { done: String(index < speed.have) } })));
  return el(
    "div",
    { class: "speed", data: { known: String(words.isKnown) } },
    icon("clock"),
    el("div", {}, el("strong", {}, words.title), el("span", {}, isBrief ? words.brief : words.detail), progress),
    !isBrief && badge(words),
  );
}

const rate = ({ hourly_rate: amount, currency }) =>
  amount === null
    ? ""
    : new Intl.NumberFormat(undefined, { style: "currency", currency, maximumFractionDigits: 0 }).format(amount);

function card(profile, level, ...actions) {
  return el(
    "article",
    { class: "card" },
    el(
      "header",
      {},
      avatar(profile.freelancer, profile.name),
      el("div", { class: "who" }, el(level, {}, profile.name), el("p", {}, profile.headline)),
      el("div", { class: "rate" }, el("p", {}, el("strong", {}, rate(profile)), " / h"), badge(speedWords(profile.speed))),
    ),
    el("ul", { class: "skills", "aria-label": "Skills" }, profile.skills.map((skill) => el("li", {}, skill))),
    el("footer", {}, speedBadge(profile.speed, true), actions),
  );
}

/** The client's search; `onInvited(thread)` opens what came of it. */
export class Directory {
  #timer = 0;
  #round = 0;

  constructor(session, onInvited) {
    Object.assign(this, { session, onInvited });
    this.field = el("input", {
      type: "search",
      placeholder: "Search by skill or name",
      "aria-label": "Search freelancers",
      on: { input: () => this.#later() },
    });
    this.found = el("div", { class: "cards" });
    this.count = el("p", { class: "visually-hidden", role: "status" });
    this.element = el("div", { class: "directory scroll" }, el("div", { class: "search" }, icon("search"), this.field), this.count, this.found);
  }

  async open() {
    fill(this.element, el("div", { class: "search" }, icon("search"), this.field), this.count, this.found);
    await this.#search();
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#search(), SEARCH_AFTER_MS);
  }

  async #search() {
    const round = ++this.#round;
    const { profiles } = await this.session.ask({ type: "directory.search", text: this.field.value.trim() });
    if (round !== this.#round) return;
    fill(this.count, `${count(profiles.length, "freelancer")} found`);
    fill(
      this.found,
      profiles.map((profile) =>
        card(profile, "h3", button("Invite to interview", () => this.#invite(profile), { class: "primary", "aria-label": `Invite ${profile.name} to interview` })),
      ),
      !profiles.length && el("p", { class: "empty" }, "Nobody matches all of these words."),
    );
  }

  async #invite(profile) {
    const { jobs } = await this.session.ask({ type: "job.list" });
    const open = jobs.filter(({ is_open: isOpen }) => isOpen);
    const job = el("select", { id: "invite-job" }, open.map((each) => el("option", { value: each.job }, each.title)));
    const first = profile.name.split(" ")[0];
    const text = el("textarea", { id: "invite-text", rows: "4", maxlength: "10000", required: true });
    text.value = `Hi ${first}, your profile fits what we are looking for. Would you like to talk about it?`;
    const problem = el("p", { class: "feedback", role: "alert", data: { kind: "refused" }, hidden: true });
    const send = el("button", { class: "primary" }, "Send invitation");
    const submit = async (event) => {
      event.preventDefault();
      send.disabled = true;
      try {
        const command = { type: "invitation.send", cid: this.session.newCid(), job: job.value, freelancer: profile.freelancer, body: text.value.trim() };
        this.onInvited((await this.session.ask(command)).thread);
      } catch (refusal) {
        problem.hidden = false;
        fill(problem, icon("shield"), el("span", {}, refusal.message));
        send.disabled = false;
      }
    };
    const form = el(
      "form",
      { class: "invite", on: { submit } },
      el("label", { for: "invite-job" }, "Job"),
      job,
      el("label", { for: "invite-text" }, "Message"),
      text,
      problem,
      el("div", { class: "row" }, send, button("Cancel", () => this.open(), { class: "quiet" })),
    );
    fill(this.element, card(profile, "h3"), form);
    this.element.scrollTop = 0;
    text.focus();
  }
}

/** A freelancer's own profile: what others see, and every row behind the number. */
export class OwnProfile {
  constructor(session) {
    this.session = session;
    this.element = el("div", { class: "own-profile scroll" });
  }

  async open() {
    const { session } = this;
    const [{ profile }, { rows }] = await Promise.all([
      session.ask({ type: "profile.get", freelancer: session.user }),
      session.ask({ type: "metrics.rows" }),
    ]);
    const line = (row) =>
      el(
        "tr",
        {},
        el("td", {}, owedName(row.kind)),
        el("td", {}, el("time", { datetime: new Date(row.t0).toISOString() }, dayOf(row.t0))),
        el("td", {}, row.elapsed_s === null ? "–" : duration(row.elapsed_s)),
        el("td", {}, outcomeName(row.outcome)),
      );
    fill(
      this.element,
      card(profile, "h3"),
      el("h3", { class: "section" }, "What the number rests on"),
      el(
        "table",
        {},
        el("thead", {}, el("tr", {}, ["From", "Date", "Time", "Outcome"].map((name) => el("th", { scope: "col" }, name)))),
        el("tbody", {}, rows.map(line)),
      ),
    );
  }
}
