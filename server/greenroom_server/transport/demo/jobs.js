// Open jobs as a freelancer sees them: who the client is, what a proposal costs, and the proposal itself.

import { button, el, field, fill, icon } from "./elements.js";
import { IN_REVIEW, Problem } from "./refusals.js";
import { count, speedWords } from "./words.js";

export class Jobs {
  #stop = new AbortController();

  /** `place`: {setup, openThread(thread)}. */
  constructor(session, place) {
    Object.assign(this, { session, place });
    this.cards = el("div", { class: "cards" });
    this.element = el("div", { class: "directory scroll" }, this.cards);
    session.addEventListener("own", ({ detail }) => detail.event.type === "connects.changed" && this.open().catch(() => {}), { signal: this.#stop.signal });
  }

  close() {
    this.#stop.abort();
  }

  async open() {
    if (this.cards.querySelector("form")) return;
    const { session, place } = this;
    const jobs = await Promise.all(place.setup.jobs.map(async (job) => (await session.ask({ type: "job.get", job })).job));
    const clients = new Map();
    await Promise.all([...new Set(jobs.map(({ client }) => client))].map(async (client) => {
      clients.set(client, (await session.ask({ type: "client.get", client })).client);
    }));
    fill(this.cards, jobs.map((job) => this.#card(job, clients.get(job.client))));
  }

  #card(job, client) {
    const speed = speedWords(client.speed);
    const about = [count(client.open_jobs, "open job"), client.contracts > 0 && count(client.contracts, "contract"), speed.isKnown ? speed.title.toLowerCase() : "new client"];
    const form = el("div", {});
    const act = el("div", { class: "buttons" });
    const propose = () => this.#propose(job, form, act);
    if (job.thread) fill(act, button("Open conversation", () => this.place.openThread(job.thread), { class: "quiet" }));
    else if (job.is_open) fill(act, button("Propose…", propose, { class: "primary", "aria-label": `Propose for ${job.title}` }));
    return el(
      "article",
      { class: "card job", "aria-label": job.title },
      el(
        "header",
        {},
        el("div", { class: "who" }, el("h3", {}, job.title), el("p", {}, `${job.client_name} · ${about.filter(Boolean).join(" · ")}`)),
        !job.is_open && el("span", { class: "chip" }, "Closed"),
      ),
      el("footer", {}, el("p", { class: "cost" }, icon("coin"), `${job.cost} Connects for a proposal`), act),
      form,
    );
  }

  #propose(job, place, act) {
    const text = el("textarea", { rows: "4", maxlength: "10000", required: true, placeholder: "What you understood, and how you would begin" });
    const problem = new Problem();
    const send = el("button", { class: "primary" }, "Send proposal");
    const balance = this.session.connects?.balance;
    const submit = async (event) => {
      event.preventDefault();
      send.disabled = true;
      problem.clear();
      try {
        const reply = await this.session.ask({ type: "proposal.submit", cid: this.session.newCid(), job: job.job, body: text.value.trim() });
        if (reply.state === "held") return problem.show(IN_REVIEW);
        this.place.openThread(reply.thread);
      } catch (refusal) {
        problem.show(refusal);
        send.disabled = false;
      }
    };
    const stop = () => {
      fill(place);
      act.hidden = false;
      act.querySelector("button").focus();
    };
    const form = el(
      "form",
      { class: "begin", on: { submit } },
      field("Your proposal", text),
      problem.element,
      el("div", { class: "row" }, send, button("Cancel", stop, { class: "quiet" }), balance !== undefined && el("p", { class: "cost" }, `${balance} → ${Math.max(0, balance - job.cost)} Connects`)),
    );
    act.hidden = true;
    fill(place, form);
    text.focus();
  }
}
