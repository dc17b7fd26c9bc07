// The client's search, a freelancer's profile, and the two ways to begin: a message, or an invitation to a job.

import { button, el, field, fill, icon } from "./elements.js";
import { card, details } from "./profiles.js";
import { IN_REVIEW, Problem } from "./refusals.js";
import { count } from "./words.js";

const SEARCH_AFTER_MS = 200;

/** Finds freelancers. `place`: {setup, openProfile(freelancer, begin)}. */
export class Directory {
  #timer = 0;
  #round = 0;

  constructor(session, place) {
    Object.assign(this, { session, place });
    this.text = el("input", { type: "search", placeholder: "Search by name, skill or words", "aria-label": "Search freelancers", on: { input: () => this.#later() } });
    this.skill = el(
      "select",
      { "aria-label": "Skill", on: { change: () => this.#search() } },
      el("option", { value: "" }, "Any skill"),
      place.setup.skills.map((skill) => el("option", { value: skill }, skill)),
    );
    this.available = el("input", { type: "checkbox", on: { change: () => this.#search() } });
    this.count = el("p", { class: "found-count", role: "status" });
    this.found = el("div", { class: "cards" });
    this.element = el(
      "div",
      { class: "directory scroll" },
      el(
        "search",
        {},
        el("div", { class: "search" }, icon("search"), this.text),
        el("div", { class: "filters" }, this.skill, el("label", { class: "check toggle" }, this.available, "Available now"), this.count),
      ),
      this.found,
    );
  }

  open() {
    return this.#search();
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#search(), SEARCH_AFTER_MS);
  }

  async #search() {
    const round = ++this.#round;
    const skills = this.skill.value ? [this.skill.value] : [];
    const { profiles } = await this.session.ask({ type: "directory.search", text: this.text.value.trim(), skills, available: this.available.checked });
    if (round !== this.#round) return;
    profiles.sort((a, b) => Number(b.available) - Number(a.available));
    fill(this.count, count(profiles.length, "freelancer"));
    fill(this.found, profiles.map((profile) => this.#card(profile)), !profiles.length && el("p", { class: "empty" }, "Nobody matches all of this."));
  }

  #card(profile) {
    const { freelancer, name } = profile;
    const open = (begin) => this.place.openProfile(freelancer, begin);
    const actions = [
      button("Message", () => open("message"), { class: "quiet", "aria-label": `Message ${name}` }),
      button("Invite", () => open("invite"), { class: "primary", "aria-label": `Invite ${name} to interview` }),
    ];
    return card(profile, { onOpen: () => open(""), actions });
  }
}

/** A profile, with a form to begin. `place`: {leave(), openThread(thread)}; `begin`: message, invite, or empty. */
export class ProfileView {
  constructor(session, place, freelancer, begin = "") {
    Object.assign(this, { session, place, freelancer, begin });
    this.element = el("div", { class: "directory scroll" });
  }

  async open() {
    const { session, freelancer } = this;
    const [{ profile }, { jobs }] = await Promise.all([session.ask({ type: "profile.get", freelancer }), session.ask({ type: "job.list" })]);
    this.form = el("div", {});
    const open = jobs.filter((job) => job.is_open);
    const show = (what) => this.#begin(what, profile, open);
    const actions = [button("Message", () => show("message"), { class: "quiet" }), button("Invite", () => show("invite"), { class: "primary" })];
    fill(
      this.element,
      button([icon("back"), "All freelancers"], () => this.place.leave(), { class: "back" }),
      card(profile, { actions: this.begin ? [] : actions }),
      this.form,
      details(profile),
    );
    if (this.begin) show(this.begin);
    else this.element.querySelector(".back").focus();
  }

  #begin(what, profile, jobs) {
    const isInvitation = what === "invite";
    const first = profile.name.split(" ")[0];
    const options = jobs.map(({ job, title }) => el("option", { value: job }, title));
    const job = el("select", {}, !isInvitation && el("option", { value: "" }, "No job yet"), options);
    const text = el("textarea", { rows: "4", maxlength: "10000", required: true });
    text.value = isInvitation
      ? `Hi ${first}, your profile fits what we are looking for. Would you like to talk about it?`
      : `Hi ${first}, I saw your profile. `;
    const problem = new Problem();
    const send = el("button", { class: "primary" }, isInvitation ? "Send invitation" : "Send message");
    const submit = async (event) => {
      event.preventDefault();
      send.disabled = true;
      problem.clear();
      try {
        const common = { cid: this.session.newCid(), freelancer: profile.freelancer, body: text.value.trim() };
        const command = isInvitation
          ? { type: "invitation.send", job: job.value, ...common }
          : { type: "thread.open", job: job.value || undefined, origin: this.begin ? "search" : "profile", ...common };
        const reply = await this.session.ask(command);
        if (reply.state === "held") return problem.show(IN_REVIEW);
        this.place.openThread(reply.thread);
      } catch (refusal) {
        problem.show(refusal);
        send.disabled = false;
      }
    };
    const form = el(
      "form",
      { class: "begin", on: { submit } },
      el("h3", {}, isInvitation ? `Invite ${first} to interview` : `Write to ${first}`),
      field(isInvitation ? "Job" : "About", job),
      field("Message", text),
      problem.element,
      el("div", { class: "row" }, send, button("Cancel", () => this.place.leave(), { class: "quiet" })),
    );
    fill(this.form, form);
    text.focus();
    text.setSelectionRange(text.value.length, text.value.length);
  }
}
