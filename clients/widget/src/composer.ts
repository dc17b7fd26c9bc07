/** What is being written in the open thread: draft, what the filter would do to it, what came back, sending. */

import { GreenroomError, type Item, type Outgoing, type PolicyView, type Thread } from "@greenroom/client";
import type { Drafts } from "./drafts.js";

const CHECK_AFTER_MS = 350;
export const LONGEST = 10_000;

export interface Feedback {
  kind: "redact" | "bounce" | "hold" | "was_bounced";
  /** The text that the spans belong to. */
  body: string;
  code: string;
  message: string;
  policy: PolicyView | null;
  /** Of the message that was refused: names it in an appeal. */
  cid: string;
  hint: string;
}

export class Composer {
  text = "";
  feedback: Feedback | null = null;
  quote: Item | null = null;
  /** The message that is being edited. */
  editing: Item | null = null;
  #thread: Thread | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly drafts: Drafts,
    private readonly changed: () => void,
  ) {}

  /** Goes over to a thread, with its draft. */
  use(thread: Thread | null): void {
    if (thread === this.#thread) return;
    clearTimeout(this.#timer);
    this.#thread = thread;
    this.feedback = this.quote = this.editing = null;
    this.text = thread ? this.drafts.get(thread.id) : "";
    if (this.text) this.#later();
  }

  type(text: string): void {
    this.text = text;
    if (!this.editing && this.#thread) this.drafts.set(this.#thread.id, text);
    if (text !== this.feedback?.body) this.feedback = null;
    this.#thread?.typing(!!text.trim());
    this.#later();
    this.changed();
  }

  #later(): void {
    clearTimeout(this.#timer);
    if (this.text.trim()) this.#timer = setTimeout(() => void this.#check(), CHECK_AFTER_MS);
  }

  async #check(): Promise<void> {
    const body = this.text;
    const thread = this.#thread;
    const policy = await thread?.check(body);
    if (!policy || this.text !== body || thread !== this.#thread) return;
    const { action } = policy;
    if (action === "redact" || action === "bounce" || action === "hold") this.feedback = feedbackOf(action, body, policy);
    else this.feedback = null;
    this.changed();
  }

  /** Sends what is written; gives the message, or null when there is nothing to send or it was an edit. */
  send(): Outgoing | null {
    const thread = this.#thread;
    const body = this.text.trim();
    if (!thread || !body) return null;
    if (this.editing) {
      void this.#edit(thread, this.editing, body);
      return null;
    }
    const options = this.quote?.seq ? { quote: this.quote.seq } : {};
    try {
      const outgoing = thread.send(body, options);
      this.#clear();
      return outgoing;
    } catch (error) {
      this.#refused(body, error);
      return null;
    }
  }

  async #edit(thread: Thread, item: Item, body: string): Promise<void> {
    this.#clear();
    if (body === item.body) return;
    try {
      await thread.edit(item.seq, body);
    } catch (error) {
      this.editing = item;
      this.#refused(body, error);
    }
  }

  /** A message came back: its text returns to the field, with what was wrong about it. */
  take(outgoing: Outgoing): void {
    const { body, cid, error } = outgoing;
    outgoing.discard();
    this.give(body);
    this.#refused(body, error, cid);
  }

  /** Puts a text back; what was written meanwhile stays behind it. */
  give(body: string): void {
    this.editing = null;
    this.text = this.text.trim() && this.text !== body ? `${body}\n${this.text}` : body;
    if (this.#thread) this.drafts.set(this.#thread.id, this.text);
    this.feedback = null;
    this.changed();
  }

  edit(item: Item): void {
    this.quote = this.feedback = null;
    this.editing = item;
    this.text = item.body;
    this.changed();
  }

  answer(item: Item): void {
    this.cancel();
    this.quote = item;
    this.changed();
  }

  /** Ends answering or editing; the draft comes back. */
  cancel(): void {
    this.quote = this.feedback = null;
    if (this.editing) this.text = this.#thread ? this.drafts.get(this.#thread.id) : "";
    this.editing = null;
    this.changed();
  }

  #clear(): void {
    clearTimeout(this.#timer);
    const wasEdit = this.editing;
    this.editing = this.quote = this.feedback = null;
    this.text = wasEdit && this.#thread ? this.drafts.get(this.#thread.id) : "";
    if (!wasEdit && this.#thread) this.drafts.set(this.#thread.id, "");
    this.changed();
  }

  #refused(body: string, error: unknown, cid = ""): void {
    clearTimeout(this.#timer);
    this.text ||= body;
    const { code = "", message = "", policy = null, hint = "" } = error instanceof GreenroomError ? error : {};
    this.feedback = { kind: "was_bounced", body, code, message, policy, cid, hint: policy?.hint || hint || "" };
    this.changed();
  }
}

const feedbackOf = (kind: Feedback["kind"], body: string, policy: PolicyView): Feedback => ({
  kind,
  body,
  policy,
  code: policy.code ?? "",
  message: policy.message ?? "",
  hint: policy.hint ?? "",
  cid: "",
});
