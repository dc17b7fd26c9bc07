/** All of the open thread: what is drawn of it, what is written in it. Loaded when a thread is first opened, or before. */

import type { Thread, ThreadSnapshot } from "@greenroom/client";
import { unsafeCSS } from "lit";
import { Composer } from "./composer.js";
import { Drafts } from "./drafts.js";
import { dress } from "./dress.js";
import { Log } from "./log.js";
import threadCss from "./styles/thread.css";
import { grow, threadView } from "./thread.js";
import type { View } from "./view.js";

const PAGE = 100;
const css = unsafeCSS(threadCss);

export class Conversation {
  readonly composer: Composer;
  readonly log: Log;
  /** Keys of long messages that are shown whole. */
  readonly unfolded = new Set<string>();
  readonly #drafts: Drafts;
  #thread: Thread | null = null;

  constructor(private readonly view: View) {
    dress(view.root, css);
    this.#drafts = new Drafts(() => view.session?.client.user ?? "");
    this.composer = new Composer(this.#drafts, () => view.redraw());
    this.log = new Log({
      requestUpdate: () => view.redraw(),
      wantsOlder: () => {
        if (view.snap?.hasOlder) view.session?.thread?.loadOlder(PAGE).catch(() => {});
      },
      hasSeen: ({ item }) => {
        if (!document.hidden && view.isShown && item.n) view.session?.thread?.markRead(item.n);
      },
    });
  }

  /** Goes over to a thread, or to none. */
  use(thread: Thread | null): void {
    if (thread === this.#thread) return;
    this.#thread = thread;
    this.unfolded.clear();
    this.log.reset();
    this.composer.use(thread);
  }

  /** Takes back what was not delivered; gives what is to be read out about it. */
  take(snap: ThreadSnapshot | null): string[] {
    const { words } = this.view;
    return (snap?.returned ?? []).map((outgoing) => {
      this.composer.take(outgoing);
      return `${words.t("was_bounced")} ${words.sentence(outgoing.error?.code ?? "", outgoing.error?.message)}`;
    });
  }

  draw(): unknown {
    return threadView(this.view);
  }

  updated(): void {
    grow(this.view.root);
    this.log.updated(this.view.root);
  }

  /** Forgets what this person wrote. */
  wipe(): void {
    this.#drafts.clear();
  }
}
