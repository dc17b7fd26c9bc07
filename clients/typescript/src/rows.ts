/**
 * A device's copy of its inbox: the rows, and the position up to which nothing is missing.
 *
 * `mark` moves only when every mark below it was seen. A push that jumps ahead is merged at once (a row only grows, so
 * the order does not matter) but leaves a hole; the rows after `mark` are then read again, in pages, and each page moves
 * the position. Epoch and mark are always taken together. Source: protocol/spec/ordering.md.
 */

import type { InboxChanged, Row } from "./protocol.js";

/** Says which of two rows with the same key is ahead: by each number or text in turn. */
function isAhead(left: (number | string)[], right: (number | string)[]): boolean {
  const place = left.findIndex((value, i) => value !== right[i]);
  return place >= 0 && left[place]! > right[place]!;
}

const settingsOf = (row: Row): [number, number] => [row.muted_until ?? 0, row.archived_n ?? -1];
const headOf = (row: Row) => [row.seq, row.last_at, row.state];

/** Merges two rows of one thread; gives `old` itself when nothing grew. */
export function mergeRows(old: Row | undefined, fresh: Row): Row {
  if (!old || fresh.epoch > old.epoch) return fresh;
  if (fresh.epoch < old.epoch) return old;
  const ahead = isAhead(headOf(fresh), headOf(old)) ? fresh : old;
  const later = isAhead([fresh.mark, ...settingsOf(fresh)], [old.mark, ...settingsOf(old)]) ? fresh : old;
  const n = Math.max(old.n, fresh.n);
  const read = Math.max(old.read, fresh.read);
  if (ahead === old && later === old && n === old.n && read === old.read) return old;
  const [muted_until, archived_n] = settingsOf(later);
  return { ...ahead, mark: later.mark, n, read, muted_until, archived_n };
}

export function rowOf(push: InboxChanged): Row {
  const { type: _, from: __, events: ___, ...row } = push;
  return row;
}

export const unreadOf = (row: Row): number => Math.max(0, row.n - row.read);

/** Whether its user put this thread away and no item has come since. */
export const isArchived = (row: Row): boolean => (row.archived_n ?? -1) >= row.n;

export class InboxTail {
  readonly rows = new Map<string, Row>();
  /** 0 until the server named one. */
  epoch = 0;
  mark = 0;
  /** Further pages follow the last one. */
  hasMore = false;
  readonly #ahead = new Set<number>();

  /** Whether rows after `mark` must be read. */
  get isBehind(): boolean {
    return this.hasMore || this.#ahead.size > 0;
  }

  push(push: InboxChanged): Row | null {
    if (push.mark > this.mark) this.#ahead.add(push.mark);
    this.#closeUp();
    return this.merge(rowOf(push));
  }

  /** Takes the position after a page; a snapshot forgets the rows and the position that one had. */
  page(epoch: number, mark: number, more: boolean, isSnapshot: boolean): void {
    if (isSnapshot) this.rows.clear();
    this.mark = isSnapshot || epoch !== this.epoch ? mark : Math.max(this.mark, mark);
    this.epoch = epoch;
    this.hasMore = more;
    this.#closeUp();
  }

  /** Merges a row; gives it when it grew. */
  merge(fresh: Row): Row | null {
    const old = this.rows.get(fresh.thread);
    const merged = mergeRows(old, fresh);
    if (merged === old) return null;
    this.rows.set(fresh.thread, merged);
    return merged;
  }

  /** Forgets what only this connection's order told; the position stands. */
  disconnected(): void {
    this.#ahead.clear();
    this.hasMore = false;
  }

  #closeUp(): void {
    while (this.#ahead.delete(this.mark + 1)) this.mark += 1;
    for (const mark of this.#ahead) if (mark <= this.mark) this.#ahead.delete(mark);
  }
}
