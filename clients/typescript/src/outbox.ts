/**
 * The outbox: messages that were not acked yet, in order per thread. No I/O, no clock.
 *
 * A thread is a lane. Its first message is under way or waits for a time; the others wait behind it, so that no refusal,
 * retry or reconnection can change their order. Across threads messages travel side by side. What has no answer when a
 * connection ends goes again with the same cid, and the server answers a repetition with its first result.
 * Source: protocol/spec/ordering.md.
 */

import type { ErrorReply } from "./protocol.js";
import { DEFAULT_RETRY_MS } from "./session.js";
import type { QueuedMessage } from "./types.js";

/** Most messages under way at once, over all threads. */
const UNDER_WAY = 32;

/** `retry`: waits and goes again; `restamp`: was never accepted and needs another cid; the others are final. */
export type Refusal = "retry" | "restamp" | "bounced" | "failed";

interface Lane {
  messages: QueuedMessage[];
  isUnderWay: boolean;
  notBefore: number;
  wasSentBefore: boolean;
  lastCid: string | undefined;
}

export class Outbox {
  /** Whether the messages changed since they were last stored. */
  isDirty = false;
  /** When it was last asked what is ready. */
  looked = 0;
  readonly #lanes = new Map<string, Lane>();

  get messages(): QueuedMessage[] {
    return [...this.#lanes.values()].flatMap((lane) => lane.messages);
  }

  add(message: QueuedMessage): void {
    let lane = this.#lanes.get(message.thread);
    if (!lane) {
      lane = { messages: [], isUnderWay: false, notBefore: 0, wasSentBefore: false, lastCid: undefined };
      this.#lanes.set(message.thread, lane);
    }
    lane.messages.push(message);
    this.isDirty = true;
  }

  /** Gives the messages that are to be sent now, each with the cid accepted before it in its thread. */
  take(now: number): [QueuedMessage, string | undefined][] {
    this.looked = now;
    const taken: [QueuedMessage, string | undefined][] = [];
    const lanes = [...this.#lanes.values()];
    let room = UNDER_WAY - lanes.filter((lane) => lane.isUnderWay).length;
    for (const lane of lanes) {
      const message = lane.messages[0];
      if (!message || lane.isUnderWay || lane.notBefore > now || --room < 0) continue;
      lane.isUnderWay = true;
      lane.wasSentBefore = !!message.wasSent;
      if (!message.wasSent) message.wasSent = this.isDirty = true;
      taken.push([message, lane.lastCid]);
    }
    return taken;
  }

  /** The message is on disk or with a moderator; the next one of its thread may go. */
  accepted(message: QueuedMessage): void {
    const lane = this.#lanes.get(message.thread);
    if (lane) lane.lastCid = message.cid;
    this.remove(message);
  }

  /** Says what becomes of a refused message; if it goes again, the others of its thread wait. */
  refused(message: QueuedMessage, error: ErrorReply, now: number): Refusal {
    const lane = this.#lanes.get(message.thread);
    if (!lane || lane.messages[0] !== message) return "failed";
    lane.isUnderWay = false;
    if (error.policy?.action === "bounce" || (error.retry === "never" && error.code.startsWith("policy."))) {
      this.remove(message);
      return "bounced";
    }
    if (error.retry === "never") {
      if (error.code === "cid.outside_window" && !lane.wasSentBefore) {
        this.#wasNotSaved(lane);
        return "restamp";
      }
      this.remove(message);
      return "failed";
    }
    // these two leave open whether it was saved
    if (error.code !== "uncertain" && error.code !== "internal") this.#wasNotSaved(lane);
    // after a resume or with another token: until the connection changes
    lane.notBefore = error.retry === "later" ? now + (error.retry_after_ms || DEFAULT_RETRY_MS) : Infinity;
    // one is under way at a time: what is missing there is not ours to send
    if (error.code === "outbox.gap") lane.lastCid = undefined;
    return "retry";
  }

  /** Takes a message out unless it is under way; says whether it was there to take. */
  discard(message: QueuedMessage): boolean {
    const lane = this.#lanes.get(message.thread);
    if (!lane?.messages.includes(message) || (lane.isUnderWay && lane.messages[0] === message)) return false;
    this.remove(message);
    return true;
  }

  remove(message: QueuedMessage): void {
    const lane = this.#lanes.get(message.thread);
    if (!lane) return;
    if (lane.messages[0] === message) {
      lane.isUnderWay = false;
      lane.notBefore = 0;
    }
    lane.messages = lane.messages.filter((other) => other !== message);
    this.isDirty = true;
  }

  /** A connection began or ended: what has no answer goes again, and nothing waits for the last one. */
  connectionChanged(): void {
    for (const lane of this.#lanes.values()) {
      lane.isUnderWay = false;
      if (lane.notBefore === Infinity) lane.notBefore = 0;
    }
  }

  /** Says when `take` has more to give because of time. */
  due(): number {
    const times = [...this.#lanes.values()].map((lane) => lane.notBefore);
    return Math.min(...times.filter((time) => time > this.looked), Infinity);
  }

  #wasNotSaved(lane: Lane): void {
    const message = lane.messages[0];
    if (message) message.wasSent = lane.wasSentBefore;
    this.isDirty = true;
  }
}
