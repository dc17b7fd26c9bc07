// One side of the page: a person with an own connection, their tabs, and what is open.

import { Candidacies } from "./candidacies.js";
import { Community, Topic } from "./community.js";
import { Connects } from "./connects.js";
import { Conversation } from "./conversation.js";
import { Conversations } from "./conversations.js";
import { Directory, ProfileView } from "./directory.js";
import { avatar, button, el, fill, hiddenText, icon } from "./elements.js";
import { unread } from "./inbox.js";
import { Jobs } from "./jobs.js";
import { OwnProfile } from "./own_profile.js";
import { speedBadge } from "./profiles.js";
import { sentence } from "./refusals.js";
import { Session } from "./session.js";
import { count } from "./words.js";

const CONNECTIONS = { live: "Connected", connecting: "Connecting", waiting: "Reconnecting", stopped: "Disconnected" };

const TABS = {
  client: { directory: "Freelancers", candidacies: "Candidacies", inbox: "Inbox", community: "Community" },
  freelancer: { jobs: "Jobs", candidacies: "Candidacies", inbox: "Inbox", profile: "Profile", community: "Community" },
};
const VIEWS = { directory: Directory, candidacies: Candidacies, inbox: Conversations, jobs: Jobs, profile: OwnProfile, connects: Connects, community: Community };
const TAB_OF = { connects: "profile", thread: "inbox", person: "directory", topic: "community" };
/** Which view a refusal's hint leads to, where nothing nearer took it. */
const VIEW_OF_HINT = { "candidacy.list": "candidacies", "connects.get": "connects", "directory.search": "directory", "job.list": "jobs", "topic.create": "community" };

export class Pane {
  #view = null;
  #tab = "";

  /**
   * @param {"client" | "freelancer"} role
   * @param {object} setup what `/demo/setup` says, and {people, url, getToken(user), onThread(session, thread), onPerson(session), onUnread(role, n), onModeration()}
   */
  constructor(role, setup) {
    Object.assign(this, { role, setup });
    this.face = el("span", {});
    this.about = el("p", { class: "about" });
    this.person = el(
      "select",
      { class: "person", "aria-label": role === "client" ? "Client" : "Freelancer", on: { change: () => this.play(this.person.value) } },
      setup.people.map(({ user, name }) => el("option", { value: user }, name)),
    );
    this.connection = el("p", { class: "connection", role: "status" });
    this.speed = el("div", { class: "own-speed" });
    this.balance = button("", () => this.#open("connects"), { class: "connects" });
    this.standing = el("div", { class: "standing", hidden: role === "client" }, this.speed, this.balance);
    this.tabs = el("nav", { class: "tabs", "aria-label": "Views" });
    this.body = el("div", { class: "pane-body" });
    this.element = el(
      "section",
      { class: `pane ${role}`, "aria-label": role === "client" ? "The client's side" : "The freelancer's side", on: { hint: (event) => this.#hint(event.detail.hint) } },
      el("header", { class: "pane-head" }, this.face, el("div", { class: "who" }, this.person, this.about), this.connection),
      this.standing,
      this.tabs,
      this.body,
    );
    this.place = {
      setup,
      role,
      host: this.element,
      leave: () => this.#open(TAB_OF[this.#tab] ?? this.#tab),
      openThread: (thread) => this.openThread(thread),
      openProfile: (freelancer, begin) => this.#open("person", new ProfileView(this.session, this.place, freelancer, begin)),
      openTopic: (topic) => this.#open("topic", new Topic(this.session, this.place, topic)),
    };
    this.play(setup.people[0].user);
  }

  /** Be somebody, on a new connection. */
  play(user) {
    this.person.value = user;
    this.session?.stop();
    this.#view?.close?.();
    const person = this.setup.people.find((each) => each.user === user);
    fill(this.face, avatar(person.user, person.name));
    fill(this.about, person.about);
    const session = new Session(person, this.setup.url, () => this.setup.getToken(user));
    this.session = session;
    session.addEventListener("state", ({ detail }) => this.#showConnection(detail));
    session.addEventListener("inbox", () => this.#showTabs());
    session.addEventListener("inbox", () => this.#showBalance());
    session.addEventListener("own", () => this.#showBalance());
    session.addEventListener("speed", ({ detail }) => this.#showSpeed(detail.speed));
    session.addEventListener("moderation", () => this.setup.onModeration());
    session.wire.start();
    fill(this.speed);
    this.#showBalance();
    this.setup.onPerson(this.role, session);
    this.#open(Object.keys(TABS[this.role])[0]);
    if (this.role === "freelancer") this.#readSpeed();
  }

  #open(tab, view = null) {
    this.#view?.close?.();
    this.#tab = tab;
    const opened = view ?? new VIEWS[tab](this.session, this.place);
    this.#view = opened;
    fill(this.body, opened.element);
    this.#showTabs();
    opened.open().catch((error) => this.#view === opened && fill(this.body, el("p", { class: "empty", role: "alert" }, sentence(error))));
  }

  /** The conversation that is open; null when another view is. */
  get conversation() {
    return this.#view instanceof Conversation ? this.#view : null;
  }

  openThread(thread) {
    this.setup.onThread(this.session, thread);
    this.#open("thread", new Conversation(this.session, thread, this.place));
  }

  #hint(hint) {
    const tab = VIEW_OF_HINT[hint];
    if (tab && (tab in TABS[this.role] || tab === "connects")) this.#open(tab);
  }

  #showTabs() {
    const waiting = [...this.session.inbox.rows.values()].reduce((sum, row) => sum + unread(row), 0);
    this.setup.onUnread(this.role, waiting);
    const here = TAB_OF[this.#tab] ?? this.#tab;
    const key = `${here}/${waiting}/${this.session.user}`;
    if (key === this.tabsKey) return;
    this.tabsKey = key;
    const focused = this.tabs.contains(document.activeElement) ? document.activeElement.dataset.tab : null;
    fill(
      this.tabs,
      Object.entries(TABS[this.role]).map(([tab, name]) => {
        const badge = tab === "inbox" && waiting > 0 && [el("span", { class: "badge", "aria-hidden": "true" }, waiting > 99 ? "99+" : waiting), hiddenText(`, ${count(waiting, "unread message")}`)];
        return el("button", { type: "button", "aria-current": tab === here ? "page" : undefined, data: { tab }, on: { click: () => this.#open(tab) } }, name, badge);
      }),
    );
    if (focused) this.tabs.querySelector(`[data-tab="${focused}"]`)?.focus();
  }

  #showConnection({ name, detail }) {
    const text = detail === "elsewhere" ? "Open in another window" : CONNECTIONS[name];
    this.connection.dataset.state = name;
    fill(
      this.connection,
      el("span", { class: "dot", "aria-hidden": "true" }),
      text,
      name === "stopped" && button("Connect", () => this.play(this.session.user), { class: "quiet" }),
    );
    if (name === "live" && this.role === "freelancer" && this.speed.hasChildNodes()) this.#readSpeed();
  }

  #showBalance() {
    const { connects } = this.session;
    this.balance.hidden = !connects;
    fill(this.balance, icon("coin"), connects ? `${connects.balance} Connects` : "");
  }

  async #readSpeed() {
    const { session } = this;
    const { profile } = await session.ask({ type: "profile.get", freelancer: session.user });
    if (session === this.session) this.#showSpeed(profile.speed);
  }

  #showSpeed(speed) {
    fill(this.speed, hiddenText("Your response speed: "), speedBadge(speed, true));
  }
}
