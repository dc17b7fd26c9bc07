/** `<green-room>`: the element, its attributes, methods and events, and the frame that everything is drawn in. */

import type { AnyEvent, TokenSource } from "@greenroom/client";
import { html, LitElement, nothing, type PropertyValues, type TemplateResult, unsafeCSS } from "lit";
import { Announcer, Title } from "./announcer.js";
import type { Conversation } from "./conversation.js";
import { threadHead } from "./head.js";
import { icon } from "./icons.js";
import { badge, inboxView } from "./inbox.js";
import { Session, tokensOf } from "./session.js";
import frameCss from "./styles/frame.css";
import listCss from "./styles/list.css";
import { plain, textOf } from "./text.js";
import { instead } from "./steps.js";
import type { Page, Parts, SheetKind, View } from "./view.js";
import { Words } from "./words.js";

const SAID_MS = 6_000;
/** Where the hub is, when the page does not say: where this file came from. */
const HOME = new URL(import.meta.url);

export class GreenRoom extends LitElement implements View {
  static override properties = {
    url: {},
    tokenEndpoint: { attribute: "token-endpoint" },
    getToken: { attribute: false },
    locale: {},
    theme: { reflect: true },
    mode: { reflect: true },
    thread: {},
    autostart: {},
    isOpen: { type: Boolean, attribute: "open", reflect: true },
  };
  static override styles = [frameCss, listCss].map((text) => unsafeCSS(text));

  declare url: string;
  declare tokenEndpoint: string;
  declare getToken: TokenSource | undefined;
  declare locale: string;
  declare theme: "auto" | "light" | "dark";
  declare mode: "launcher" | "inbox" | "thread";
  declare thread: string;
  declare autostart: string;
  declare isOpen: boolean;

  words!: Words;
  session!: Session;
  readonly parts: Parts = {};
  /** The open thread, once its part is there. */
  talk: Conversation | null = null;
  page: Page = "inbox";
  toast = "";
  openSheet: { kind: SheetKind; about: unknown } | null = null;
  readonly #announcer = new Announcer((n) => this.words.t("unread", { n }), () => this.requestUpdate());
  readonly #title = new Title();
  #unread = -1;
  #focusAfter = "";
  #started: object | null = null;
  #back: HTMLElement | null = null;

  constructor() {
    super();
    this.url = this.tokenEndpoint = this.locale = this.thread = this.autostart = "";
    this.theme = "auto";
    this.mode = "launcher";
    this.isOpen = false;
  }

  get root(): ParentNode {
    return this.renderRoot as unknown as ParentNode;
  }
  get snap() {
    return this.session?.snap ?? null;
  }
  get canClose(): boolean {
    return this.mode === "launcher";
  }
  get log() {
    return this.talk!.log;
  }
  get composer() {
    return this.talk!.composer;
  }
  get unfolded() {
    return this.talk!.unfolded;
  }
  get isShown(): boolean {
    return this.isOpen || !this.canClose;
  }
  now(): number {
    return this.session?.client.now() ?? Date.now();
  }
  redraw(): void {
    this.requestUpdate();
  }

  // -- for the page

  open(): void {
    this.isOpen = true;
    this.#focusAfter = "enter";
    this.#tell("open");
  }
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#focusAfter = ".launcher";
    this.#tell("close");
  }
  toggle(): void {
    if (this.isOpen) this.close();
    else this.open();
  }
  show(): void {
    this.hidden = false;
  }
  hide(): void {
    this.hidden = true;
  }
  openThread(id: string): void {
    if (!this.isOpen && this.canClose) this.open();
    this.thread = id;
    this.#focusAfter = "enter";
  }
  /** Ends the connection and leaves nothing of this person: neither drafts nor unsent messages. */
  async logout(): Promise<void> {
    this.talk?.wipe();
    const { session } = this;
    this.#end();
    this.getToken = undefined;
    this.tokenEndpoint = "";
    await session?.end(true);
  }

  // -- life

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("visibilitychange", this.#looked);
    if (this.hasUpdated) this.requestUpdate();
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.#looked);
    const { session } = this;
    this.#end();
    void session?.end(false);
  }
  #looked = (): void => {
    if (!document.hidden) this.#title.show(0);
    this.requestUpdate();
  };

  #end(): void {
    this.talk?.use(null);
    this.#started = null;
    this.session = undefined!;
    this.page = "inbox";
    this.thread = "";
    this.openSheet = null;
    this.#unread = -1;
    this.#title.show(0);
    this.requestUpdate();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("locale") || !this.words) void this.#speak();
    const { getToken, tokenEndpoint } = this;
    const source = getToken ?? (tokenEndpoint ? tokensOf(new URL(tokenEndpoint, document.baseURI).href) : undefined);
    const may = this.isConnected && source && (this.autostart !== "false" || this.isShown);
    if (may && !this.#started) {
      this.#started = source as object;
      const url = this.url || `${HOME.protocol === "https:" ? "wss" : "ws"}://${HOME.host}/ws`;
      this.session = new Session(url, source, { changed: () => this.requestUpdate(), told: (name, detail) => this.#told(name, detail) });
    }
    if (!this.session) return;
    const shown = this.session.thread?.id ?? "";
    if (this.thread && shown !== this.thread && this.isShown) this.#enter(this.thread);
    else if (!this.thread && shown) this.#leave();
    if (this.page === "thread") this.need("conversation");
    this.talk?.use(this.session.thread);
    for (const text of this.talk?.take(this.snap) ?? []) this.#announcer.hear(text);
  }

  async #speak(): Promise<void> {
    const tag = this.locale || document.documentElement.lang || navigator.language || "en";
    const words = await Words.read(tag);
    this.words = words;
    this.requestUpdate();
    await words.more().catch(() => {});
    this.requestUpdate();
  }

  #enter(id: string): void {
    this.session.open(id);
    this.page = "thread";
    this.openSheet = null;
    this.#tell("thread", { thread: id });
  }
  #leave(): void {
    this.session.leave();
    this.page = "inbox";
  }

  #told(name: string, detail: unknown): void {
    if (name === "event") return this.#happened(detail as { thread: string; event: AnyEvent });
    if (name === "error") console.warn("greenroom", detail);
    this.#tell(name, detail);
    this.requestUpdate();
  }
  #happened({ thread, event }: { thread: string; event: AnyEvent }): void {
    if (!event.n || event.by === this.session.client.user) return;
    this.#tell("message", { thread, event });
    const isHere = thread === this.session.thread?.id && this.isShown;
    const name = isHere ? this.session.nameOf(event.by ?? "") : "";
    if (isHere) this.#announcer.hear(`${name}: ${plain((event as { body?: string }).body, 200)}`);
    if (document.hidden) this.need("sheets");
    if (document.hidden) this.parts.sheets?.notifyOf(thread, event, this);
  }

  #tell(name: string, detail: unknown = {}): void {
    this.dispatchEvent(new CustomEvent(`green-room:${name}`, { detail, bubbles: true, composed: true }));
  }

  // -- what the parts call

  need(part: keyof Parts): void {
    if (this.parts[part]) return;
    const load = { cards: () => import("./cards.js"), sheets: () => import("./sheets.js"), candidacies: () => import("./candidacies.js"), conversation: () => import("./conversation.js") }[part];
    void load().then(
      (loaded) => {
        Object.assign(this.parts, { [part]: loaded });
        if (this.parts.conversation) this.talk ??= new this.parts.conversation.Conversation(this);
        this.requestUpdate();
      },
      () => this.say(this.words.t("failed")),
    );
  }
  unfold(key: string): void {
    this.unfolded.add(key);
    this.requestUpdate();
  }
  sheet(kind: SheetKind, about: unknown = null): void {
    this.need("sheets");
    if (!this.openSheet) this.#back = this.shadowRoot!.activeElement as HTMLElement | null;
    this.openSheet = { kind, about };
    this.#focusAfter = "sheet";
    this.requestUpdate();
  }
  closeSheet(): void {
    if (!this.openSheet) return;
    this.openSheet = null;
    this.#focusAfter = "back";
    this.requestUpdate();
  }
  go(page: Page): void {
    this.thread = "";
    if (page === "candidacies") this.need("candidacies");
    this.page = page;
    this.#focusAfter = page === "inbox" || page === "candidacies" ? ".tab[aria-current]" : "";
    this.requestUpdate();
  }
  send(): void {
    if (this.composer.send()) this.log.toEnd();
    this.focusComposer();
  }
  focusComposer(): void {
    this.#focusAfter = "textarea";
    this.requestUpdate();
  }
  say(text: string): void {
    this.toast = text;
    this.requestUpdate();
    setTimeout(() => {
      if (this.toast !== text) return;
      this.toast = "";
      this.requestUpdate();
    }, SAID_MS);
  }
  fail(error: unknown): void {
    const { code = "", message = "" } = (error ?? {}) as { code?: string; message?: string };
    this.say(this.words.sentence(code, code ? message : this.words.t("failed")));
  }
  async run(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }
  instead(hint: string) {
    return instead(hint, this);
  }
  get mayAskToNotify(): boolean {
    return typeof Notification === "function" && Notification.permission === "default";
  }
  notify(): void {
    void Notification.requestPermission().then((answer) => {
      if (answer === "denied") this.say(this.words.t("notify_blocked"));
      this.requestUpdate();
    });
  }

  // -- the frame

  protected override render(): unknown {
    const { words } = this;
    if (!words) return nothing;
    const unread = this.session?.inbox.get().unread ?? 0;
    const name = `${words.t("messages")}${unread ? `, ${words.t("unread", { n: unread })}` : ""}`;
    return html`<div class="frame" dir=${words.dir} lang=${words.lang}>
      ${this.canClose
        ? html`<button class="launcher" part="launcher" aria-expanded=${this.isOpen} aria-controls="panel" aria-label=${name} @click=${() => this.toggle()}>
            ${icon(this.isOpen ? "close" : "chat")}${this.isOpen ? nothing : badge(unread)}</button>`
        : nothing}
      ${this.isShown ? this.#panel() : html`<div id="panel" hidden></div>`}
      <div class="sr" role="status" aria-live="polite">${this.#announcer.text}</div>
    </div>`;
  }

  #panel(): TemplateResult {
    const { words, session, page } = this;
    const label = words.t("messages");
    const isThread = page === "thread";
    const sheet = this.openSheet && this.parts.sheets?.sheetView(this.openSheet.kind, this.openSheet.about, this);
    return html`<section id="panel" class="panel" aria-label=${label} @keydown=${this.#key}>
      <div class="main" ?inert=${!!sheet}>
        <header class="head" part="header">
          ${isThread && this.mode !== "thread" ? html`<button class="round" aria-label=${words.t("back")} @click=${() => this.go("inbox")}>${icon("back")}</button>` : nothing}
          ${isThread && session ? threadHead(this) : html`<h2 class="home">${label}</h2><slot name="header-actions"></slot>`}
          ${this.canClose ? html`<button class="round" aria-label=${words.t("close")} @click=${() => this.close()}>${icon("close")}</button>` : nothing}
        </header>
        ${session ? this.#bar() : nothing}
        ${!session ? html`<div class="empty">${icon("lock")}<p>${words.t("signed_out")}</p></div>`
          : isThread ? (this.talk?.draw() ?? nothing)
          : page === "candidacies" ? (this.parts.candidacies?.candidaciesView(this) ?? nothing)
          : inboxView(this)}
      </div>
      ${this.toast ? html`<div class="toast" role="status">${this.toast}</div>` : nothing}
      ${sheet || nothing}
    </section>`;
  }

  #bar(): unknown {
    const { words, session } = this;
    const { bar } = session;
    if (!bar) return nothing;
    const text = bar === "closed" ? (textOf(session.client.closedBy?.reason) && words.t("signed_out")) : words.t(bar);
    const mayRetry = bar !== "closed" && session.patience === 2;
    return html`<div class="bar ${bar}" role="status" part="connection">${bar === "closed" ? icon("lock") : html`<span class="spin" aria-hidden="true"></span>`}<span>${text}</span>
      ${mayRetry ? html`<button class="link" @click=${() => session.client.retryNow()}>${words.t("retry")}</button>` : nothing}</div>`;
  }

  #key = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    if (this.openSheet) this.closeSheet();
    else if (this.page === "thread" && this.mode !== "thread") this.go("inbox");
    else if (this.canClose) this.close();
    event.stopPropagation();
  };

  protected override updated(): void {
    if (this.page === "thread") this.talk?.updated();
    const unread = this.session?.inbox.get().unread ?? 0;
    if (this.session && unread !== this.#unread) {
      this.#unread = unread;
      this.#tell("unread", { unread });
    }
    this.#title.show(unread);
    this.#focus();
  }

  #focus(): void {
    const wanted = this.#focusAfter;
    if (!wanted) return;
    const find = (path: string) => this.root.querySelector<HTMLElement>(path);
    let found: HTMLElement | null = null;
    if (wanted === "sheet") found = find(".sheet [autofocus]") ?? find(".sheet button, .sheet input, .sheet textarea, .sheet select");
    else if (wanted === "back") found = this.#back?.isConnected ? this.#back : find("textarea");
    else if (wanted === "enter") found = this.thread ? (this.snap?.head ? (find("textarea") ?? find(".log")) : null) : (find(".entry") ?? find(".tab"));
    else found = find(wanted);
    if (!found) return;
    this.#focusAfter = "";
    found.focus({ preventScroll: true });
  }
}

if (!customElements.get("green-room")) customElements.define("green-room", GreenRoom);
