// The community: announcements, topics that everybody reads and answers, questions with an accepted answer.

import { ask } from "./dialogs.js";
import { avatar, button, el, fill, icon, link } from "./elements.js";
import { maskedText } from "./masks.js";
import { Problem } from "./refusals.js";
import { count, dayOf, timeOfDay } from "./words.js";

const when = (at) => el("time", { datetime: new Date(at).toISOString() }, `${dayOf(at)}, ${timeOfDay(at)}`);

/** The list. `place`: {host, openTopic(topic)}. */
export class Community {
  constructor(session, place) {
    Object.assign(this, { session, place });
    this.news = el("section", { class: "announcements", "aria-label": "Announcements" });
    this.text = el("input", { type: "search", placeholder: "Search topics", "aria-label": "Search topics", on: { change: () => this.#list().catch(() => {}) } });
    this.topics = el("ul", { class: "rows" });
    this.element = el(
      "div",
      { class: "community scroll" },
      this.news,
      el("div", { class: "view-head" }, el("search", { class: "search" }, icon("search"), this.text), button("New topic…", () => this.#create(), { class: "primary" })),
      this.topics,
    );
  }

  async open() {
    await Promise.all([this.#announcements(), this.#list()]);
  }

  async #announcements() {
    const { announcements, read } = await this.session.ask({ type: "announcement.list", limit: 3 });
    fill(
      this.news,
      announcements.map(({ seq, at, title, body }) =>
        el(
          "article",
          { class: "announcement" },
          el("p", { class: "eyebrow" }, icon("bell"), "Announcement", seq > read && el("span", { class: "chip good" }, "New")),
          el("h4", {}, title),
          el("p", { class: "text" }, body),
          el("p", { class: "meta" }, when(at)),
        ),
      ),
    );
    if (announcements[0]?.seq > read) await this.session.ask({ type: "announcement.read", seq: announcements[0].seq });
  }

  async #list() {
    const text = this.text.value.trim();
    const { topics, names } = await this.session.ask(text ? { type: "topic.search", text } : { type: "topic.list" });
    fill(this.topics, topics.map((topic) => this.#row(topic, names)), !topics.length && el("li", { class: "empty" }, "No topic has all of these words."));
  }

  #row(topic, names) {
    const kind = topic.kind === "question" ? (topic.accepted ? "Answered" : "Question") : "Discussion";
    return el(
      "li",
      {},
      button(
        [
          avatar(topic.by, names[topic.by] ?? "?"),
          el("span", { class: "who" }, el("strong", {}, topic.title), el("span", {}, `${names[topic.by] ?? "The marketplace"} · ${count(topic.posts, "post")}`)),
          el("span", { class: "aside" }, el("span", { class: topic.accepted ? "chip good" : "chip" }, kind)),
        ],
        () => this.place.openTopic(topic.topic),
        { class: "row-button" },
      ),
    );
  }

  #create() {
    ask(
      this.place.host,
      {
        title: "A new topic",
        fields: [
          { name: "kind", label: "Kind", kind: "select", options: [["question", "Question"], ["discussion", "Discussion"]] },
          { name: "title", label: "Title", required: true, maxlength: "120" },
          { name: "body", label: "Text", kind: "area", required: true, maxlength: "5000" },
        ],
        submit: "Post",
      },
      async ({ kind, title, body }) => {
        const { topic } = await this.session.ask({ type: "topic.create", cid: this.session.newCid(), kind, title, body });
        this.place.openTopic(topic);
      },
    );
  }
}

/** One topic, live. `place`: {leave()}. */
export class Topic {
  #stop = new AbortController();

  constructor(session, place, topic) {
    Object.assign(this, { session, place, topic });
    this.title = el("h3", { tabindex: "-1" });
    this.posts = el("div", { class: "posts" });
    this.problem = new Problem();
    this.text = el("textarea", { rows: "2", required: true, maxlength: "5000", placeholder: "Write an answer", "aria-label": "Your answer" });
    this.form = el("form", { class: "answer", on: { submit: (event) => this.#post(event) } }, this.problem.element, this.text, el("button", { class: "primary" }, "Post"));
    const back = link([icon("back"), "All topics"], () => place.leave(), { class: "back" });
    this.element = el("div", { class: "community topic" }, el("div", { class: "scroll" }, back, this.title, this.posts), this.form);
    session.addEventListener("topic", ({ detail }) => detail.news.topic === topic && this.#read().catch(() => {}), { signal: this.#stop.signal });
    session.addEventListener("state", ({ detail }) => detail.name === "live" && this.open().catch(() => {}), { signal: this.#stop.signal });
  }

  close() {
    this.#stop.abort();
    this.session.wire.ask({ type: "topic.watch", topics: [] }).catch(() => {});
  }

  async open() {
    await this.session.ask({ type: "topic.watch", topics: [this.topic] });
    await this.#read();
    this.title.focus();
  }

  async #read() {
    const { topic, posts, names } = await this.session.ask({ type: "topic.read", topic: this.topic });
    fill(this.title, topic.title);
    const mayAccept = topic.kind === "question" && topic.by === this.session.user;
    fill(this.posts, posts.map((post) => this.#one(post, topic, names, mayAccept)));
  }

  #one(post, topic, names, mayAccept) {
    const isAccepted = post.seq === topic.accepted;
    const accept = () => this.#accept(post.seq).catch((error) => this.problem.show(error));
    const gone = { erased: "This post was erased.", hidden: "A moderator hid this post." }[post.gone];
    return el(
      "article",
      { class: isAccepted ? "post accepted" : "post" },
      el(
        "header",
        {},
        avatar(post.by, names[post.by] ?? "?"),
        el("div", { class: "who" }, el("strong", {}, names[post.by] ?? "The marketplace"), el("p", { class: "meta" }, when(post.at))),
        isAccepted && el("span", { class: "chip good" }, "Accepted answer"),
      ),
      el("p", { class: "text", dir: "auto" }, gone ?? maskedText(post.body, post.hidden)),
      mayAccept && post.n > 1 && !isAccepted && !gone && button("Accept this answer", accept, { class: "quiet" }),
    );
  }

  async #accept(target) {
    await this.session.ask({ type: "topic.accept", cid: this.session.newCid(), topic: this.topic, target });
    await this.#read();
  }

  async #post(event) {
    event.preventDefault();
    const body = this.text.value.trim();
    if (!body) return;
    this.problem.clear();
    try {
      await this.session.ask({ type: "topic.post", cid: this.session.newCid(), topic: this.topic, body });
      this.text.value = "";
      await this.#read();
    } catch (error) {
      this.problem.show(error);
    }
  }
}
