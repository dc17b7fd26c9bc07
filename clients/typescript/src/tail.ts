/**
 * One thread's log as a device applies it: in the order of seq, each event once, no hole jumped over.
 *
 * `seq` is the last event that was applied, `known` the highest that was heard of, from a row, a push or a page. Events
 * that came too early wait. A page says that it is complete up to `to`, and that also settles the numbers that never
 * come. A log that begins a new epoch has lost its end: the events applied last are read again, those that still stand
 * there are recognised and not given twice. Source: protocol/spec/ordering.md.
 */

import type { AnyEvent } from "./protocol.js";

/** Most events that wait for an earlier one; more are dropped and read again. */
const AHEAD = 300;
/** Events that are recognised after a loss of history. */
const RECENT = 64;

const identity = (event: AnyEvent) => `${event.seq}@${event.at}`;

export class ThreadTail {
  epoch = 0;
  seq: number | null;
  known = 0;
  /** It is not known how far the log reaches: read on, even if nothing is known to be missing. */
  isUnsure = false;
  isReading = false;
  #start: number | null;
  #ahead = new Map<number, AnyEvent>();
  #recent: AnyEvent[] = [];
  #before = new Set<string>();

  /** Follows a thread from the event after `seq`; null takes those after the next one heard of. */
  constructor(
    readonly thread: string,
    seq: number | null,
  ) {
    this.seq = this.#start = seq;
  }

  /** The seq after which the log must be read; null when nothing is missing. */
  get missingAfter(): number | null {
    return this.isUnsure || (this.seq ?? 0) < this.known ? this.seq : null;
  }

  /** Notes that the log reaches `seq`; says whether it began a new epoch, so that what was shown may be wrong. */
  reach(epoch: number, seq: number, start: number): boolean {
    if (epoch < this.epoch) return false;
    const isRestart = this.epoch > 0 && epoch > this.epoch;
    if (isRestart) this.#rewind(seq);
    this.epoch = epoch;
    this.seq ??= this.#start = start;
    this.known = Math.max(this.known, seq);
    return isRestart;
  }

  /** Takes events in any order; gives those whose turn has come. Call `reach` first. */
  push(epoch: number, events: readonly AnyEvent[]): AnyEvent[] {
    if (epoch !== this.epoch || this.seq === null) return [];
    for (const event of events) if (event.seq > this.seq && this.#ahead.size < AHEAD) this.#ahead.set(event.seq, event);
    return this.#due([]);
  }

  /** Takes a page that is complete between `after` and `to`; gives what is new. Call `reach` first. */
  page(epoch: number, after: number, to: number, events: readonly AnyEvent[], more: boolean): AnyEvent[] {
    if (epoch !== this.epoch || this.seq === null || after > this.seq) return [];
    this.isUnsure = more;
    const given: AnyEvent[] = [];
    for (const event of [...events].sort((a, b) => a.seq - b.seq)) if (event.seq > this.seq) this.#apply(event, given);
    this.seq = Math.max(this.seq, to);
    for (const seq of this.#ahead.keys()) if (seq <= this.seq) this.#ahead.delete(seq);
    return this.#due(given);
  }

  #due(given: AnyEvent[]): AnyEvent[] {
    for (let event; (event = this.#ahead.get(this.seq! + 1)); ) {
      this.#ahead.delete(event.seq);
      this.#apply(event, given);
    }
    this.known = Math.max(this.known, this.seq!);
    return given;
  }

  #apply(event: AnyEvent, given: AnyEvent[]): void {
    this.seq = event.seq;
    if (this.#recent.push(event) > RECENT) this.#recent.shift();
    if (!this.#before.has(identity(event))) given.push(event);
  }

  /** Goes back as far as every event can be recognised, and not beyond the log's new end. */
  #rewind(head: number): void {
    const back = this.#recent.length === RECENT ? this.#recent[0]!.seq - 1 : this.#start;
    this.seq = this.#start = back === null ? head : Math.min(back, head);
    this.known = 0;
    for (const event of this.#recent) this.#before.add(identity(event));
    this.#recent = [];
    this.#ahead.clear();
  }
}
