// One side of the page: a person with an own connection, their tabs, and what is open.

import { Conversation } from "./conversation.js";
import { avatar, button, el, fill, hiddenText } from "./elements.js";
import { unread } from "./inbox.js";
import { Directory, OwnProfile, speedBadge } from "./people.js";
import { Session } from "./session.js";
import { count, shortTime, stateName } from "./words.js";

const CONNECTIONS = {
  live: "Connected",
  connecting: "Connecting",
  waiting: "Reconnecting",
  stopped: "Disconnected",
};
const SHOWN_ROWS = 50;

export class Pane {
  #view = null;
  #tab = "";

  /**
   * @param {"client" | "freelancer"} role
   * @param {object} setup {people, messages, decline_reasons, url, getToken(user), onThread(session, thread)}
   */
  constructor(role, setup) {
    this.role = role;
    this.setup = setup;
    this.face = el("span", {});
    this.about = el("p", { class: "about" });
    this.person = el(
      "select",
      { class: "person", "aria-label": role === "client" ? "Client" : "Freelancer", on: { change: () => this.#play(this.person.value) } },
      setup.people.map(({ user, name }) => el("option", { value: user }, name)),
    );
    this.connection = el("p", { class: "connection", role: "status" });
    this.speed = el("div", { class: "own-speed", hidden: true });
    this.tabs = el("nav", { class: "tabs", "aria-label": "Views" });
    this.body = el("div", { class: "pane-body" });
    this.element = el(
      "section",
      { class: `pane ${role}`, "aria-label": role === "client" ? "The client's side" : "The freelancer's side" },
      el("header", { class: "pane-head" }, this.face, el("div", { class: "who" }, this.person, this.about), this.connection),
      this.speed,
      this.tabs,
      this.body,
    );
    this.#play(setup.people[0].user);
  }

  /** Be somebody, on a new connection. */
  #play(user) {
    this.session?.stop();
    this.#view?.close?.();
    const person = this.setup.people.find((each) => each.user === user);
    fill(this.face, avatar(person.user, person.name));
    fill(this.about, person.about);
    const session = new Session(person, this.setup.url, () => this.setup.getToken(user));
    this.session = session;
    session.addEventListener("state", ({ detail }) => this.#showConnection(detail));
    session.addEventListener("inbox", () => this.#showTabs());
    session.addEventListener("inbox", () => this.#tab === "inbox" && this.#showRows());
    session.addEventListener("thread", () => this.#tab === "inbox" && this.#showRows());
    session.addEventListener("speed", ({ detail }) => this.#showSpeed(detail.speed));
    session.wire.start();
    this.#open(this.role === "client" ? "directory" : "inbox");
    if (this.role === "freelancer") this.#readSpeed();
  }

  #open(tab, view = null) {
    this.#view?.close?.();
    this.#tab = tab;
    this.#view = view ?? this.#make(tab);
    fill(this.body, this.#view.element);
    this.#showTabs();
    this.#view.open().catch((error) => this.#problem(error));
  }

  #problem(error) {
    fill(this.body, el("p", { class: "empty", role: "alert" }, error.message));
  }

  #make(tab) {
    if (tab === "directory") return new Directory(this.session, (thread) => this.openThread(thread));
    if (tab === "profile") return new OwnProfile(this.session);
    this.rows = el("ul", { class: "rows" });
    return { element: el("div", { class: "inbox scroll" }, this.rows), open: async () => this.#showRows() };
  }

  openThread(thread) {
    this.setup.onThread(this.session, thread);
    this.#open("thread", new Conversation(this.session, thread, this.setup, () => this.#open("inbox")));
  }

  #showTabs() {
    const waiting = [...this.session.inbox.rows.values()].reduce((sum, row) => sum + unread(row), 0);
    const names = this.role === "client"
      ? { directory: "Find freelancers", inbox: "Conversations" }
      : { inbox: "Conversations", profile: "My profile" };
    const key = `${this.#tab}/${waiting}/${this.session.user}`;
    if (key === this.tabsKey) return;
    this.tabsKey = key;
    const focused = this.tabs.contains(document.activeElement) ? document.activeElement.dataset.tab : null;
    fill(
      this.tabs,
      Object.entries(names).map(([tab, name]) => {
        const isHere = tab === this.#tab || (tab === "inbox" && this.#tab === "thread");
        const badge = tab === "inbox" && waiting > 0 && [el("span", { class: "badge", "aria-hidden": "true" }, waiting > 99 ? "99+" : waiting), hiddenText(`, ${count(waiting, "unread message")}`)];
        return el("button", { type: "button", "aria-current": isHere ? "page" : undefined, data: { tab }, on: { click: () => this.#open(tab) } }, name, badge);
      }),
    );
    if (focused) this.tabs.querySelector(`[data-tab="${focused}"]`)?.focus();
  }

  #showRows() {
    const rows = [...this.session.inbox.rows.values()].sort((a, b) => b.mark - a.mark).slice(0, SHOWN_ROWS);
    const focused = this.rows.contains(document.activeElement) ? document.activeElement.dataset.thread : null;
    fill(this.rows, rows.map((row) => this.#row(row)));
    if (!rows.length) fill(this.rows, el("li", { class: "empty" }, this.#emptyText()));
    if (focused) this.rows.querySelector(`[data-thread="${focused}"]`)?.focus();
  }

  #emptyText() {
    return this.role === "client"
      ? "No conversations yet. Find a freelancer and invite them to interview."
      : "No conversations yet. Invitations to interview will appear here.";
  }

  #row(row) {
    const head = this.session.heads.get(row.thread);
    if (!head) this.session.head(row.thread).catch(() => {});
    const peer = head?.participants.find(({ user }) => user !== this.session.user) ?? { user: "", name: "…" };
    const waiting = unread(row);
    return el(
      "li",
      {},
      button(
        [
          avatar(peer.user, peer.name, this.session.presence.get(peer.user)),
          el("span", { class: "who" }, el("strong", {}, peer.name), el("span", {}, head?.title ?? "")),
          el(
            "span",
            { class: "aside" },
            el("time", { datetime: new Date(row.last_at).toISOString() }, shortTime(row.last_at, this.session.now())),
            el("span", { class: "chip", data: { state: row.state } }, stateName(row.state)),
          ),
          waiting > 0 && [el("span", { class: "badge", "aria-hidden": "true" }, waiting), hiddenText(`, ${waiting} unread`)],
        ],
        () => this.openThread(row.thread),
        { class: waiting ? "row-button unread" : "row-button", "data-thread": row.thread },
      ),
    );
  }

  #showConnection({ name, detail }) {
    const text = detail === "elsewhere" ? "Open in another window" : CONNECTIONS[name];
    this.connection.dataset.state = name;
    fill(
      this.connection,
      el("span", { class: "dot", "aria-hidden": "true" }),
      text,
      name === "stopped" && button("Connect", () => this.#play(this.session.user), { class: "quiet" }),
    );
    if (name === "live" && this.role === "freelancer" && !this.speed.hidden) this.#readSpeed();
  }

  async #readSpeed() {
    const { session } = this;
    const { profile } = await session.ask({ type: "profile.get", freelancer: session.user });
    if (session === this.session) this.#showSpeed(profile.speed);
  }

  #showSpeed(speed) {
    this.speed.hidden = false;
    fill(this.speed, hiddenText("Your response speed: "), speedBadge(speed));
    if (this.#tab === "profile") this.#view.open();
  }
}
