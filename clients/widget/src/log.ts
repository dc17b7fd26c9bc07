/** The scrolling log of a thread: few rows in the document, the place that one reads stays where it is. */

import { html, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Row } from "./rows.js";
import { Heights, type Window } from "./virtual.js";

/** Nearer than this to the end counts as being there. */
const END_PX = 48;
/** Nearer than this to the beginning, older messages are read. */
const OLDER_PX = 800;

export interface LogHost {
  requestUpdate(): void;
  /** The person is near the beginning. */
  wantsOlder(): void;
  /** Everything up to this row is, or was, on screen. */
  hasSeen(row: Row): void;
}

export class Log {
  rows: readonly Row[] = [];
  isAtEnd = true;
  readonly #heights = new Heights();
  #window: Window = { from: 0, to: 0, above: 0, below: 0 };
  #scroller: HTMLElement | null = null;
  /** The row at the upper edge, and how much of it is above the edge. */
  #anchor: { key: string; offset: number } | null = null;
  #index = new Map<string, number>();
  #active = -1;
  readonly #resized: ResizeObserver;
  #width = 0;
  #lastTop = 0;

  constructor(private readonly host: LogHost) {
    this.#resized = new ResizeObserver(([entry]) => {
      if (this.#width && entry!.contentRect.width !== this.#width) this.#heights.clear();
      this.#width = entry!.contentRect.width;
      host.requestUpdate();
    });
  }

  /** Begins anew: another thread. */
  reset(): void {
    this.rows = [];
    this.isAtEnd = true;
    this.#anchor = null;
    this.#active = -1;
    this.#heights.clear();
  }

  view(rows: readonly Row[], label: string, draw: (row: Row) => unknown, end: unknown): TemplateResult {
    this.rows = rows;
    const keys = rows.map((row) => row.item.key);
    this.#heights.keys = keys;
    this.#index = new Map(keys.map((key, i) => [key, i]));
    const height = this.#scroller?.clientHeight || 600;
    this.#window = this.#heights.window(this.#top(height), height);
    const { from, to } = this.#window;
    return html`<div
      class="log"
      role="log"
      aria-live="off"
      aria-label=${label}
      tabindex="0"
      @scroll=${this.#scrolled}
      @keydown=${this.#key}
    >
      <div class="space"></div>
      ${repeat(
        rows.slice(from, to),
        (row) => row.item.key,
        (row) => draw(row),
      )}
      <div class="space"></div>
      ${end}
    </div>`;
  }

  /** Where the upper edge belongs. */
  #top(height: number): number {
    if (this.isAtEnd || !this.#anchor) return Math.max(0, this.#heights.total - height);
    const i = this.#index.get(this.#anchor.key);
    return i === undefined ? (this.#scroller?.scrollTop ?? 0) : this.#heights.top(i) + this.#anchor.offset;
  }

  /** After each drawing: measures what is there, and puts the edge back to its place. */
  updated(root: ParentNode): void {
    const scroller = root.querySelector<HTMLElement>(".log");
    if (scroller !== this.#scroller) {
      this.#resized.disconnect();
      if (scroller) this.#resized.observe(scroller);
      this.#scroller = scroller;
    }
    if (!scroller) return;
    let isNews = false;
    for (const row of scroller.querySelectorAll<HTMLElement>(":scope > [data-key]"))
      if (this.#heights.measure(row.dataset.key!, row.getBoundingClientRect().height)) isNews = true;
    const { from, to } = this.#window;
    const [above, below] = scroller.querySelectorAll<HTMLElement>(":scope > .space");
    above!.style.height = `${this.#heights.top(from)}px`;
    below!.style.height = `${this.#heights.total - this.#heights.top(to)}px`;
    const top = this.isAtEnd ? scroller.scrollHeight - scroller.clientHeight : this.#top(scroller.clientHeight);
    if (Math.abs(scroller.scrollTop - top) > 1) scroller.scrollTop = top;
    this.#lastTop = scroller.scrollTop;
    if (isNews && !this.#isCovered(scroller)) this.host.requestUpdate();
    this.#see(scroller);
  }

  #isCovered({ scrollTop, clientHeight }: HTMLElement): boolean {
    const { from, to } = this.#window;
    const isUp = from === 0 || this.#heights.top(from) <= scrollTop - 200;
    return isUp && (to >= this.rows.length || this.#heights.top(to) >= scrollTop + clientHeight + 200);
  }

  #scrolled = (): void => {
    const scroller = this.#scroller!;
    const { scrollTop, scrollHeight, clientHeight } = scroller;
    const wasAtEnd = this.isAtEnd;
    // what is told late, after the list grew, is no move of the person's
    if (scrollHeight - scrollTop - clientHeight < END_PX) this.isAtEnd = true;
    else if (scrollTop < this.#lastTop - 1 || !wasAtEnd) this.isAtEnd = false;
    this.#lastTop = scrollTop;
    const i = this.#heights.at(scrollTop);
    const row = this.rows[i];
    this.#anchor = row ? { key: row.item.key, offset: scrollTop - this.#heights.top(i) } : null;
    if (scrollTop < OLDER_PX) this.host.wantsOlder();
    if (wasAtEnd !== this.isAtEnd || !this.#isCovered(scroller)) this.host.requestUpdate();
    this.#see(scroller);
  };

  #see({ scrollTop, clientHeight }: HTMLElement): void {
    if (scrollTop < OLDER_PX) this.host.wantsOlder();
    const last = this.rows[Math.min(this.rows.length - 1, this.#heights.at(scrollTop + clientHeight - 8))];
    if (last && clientHeight) this.host.hasSeen(this.isAtEnd ? this.rows[this.rows.length - 1]! : last);
  }

  toEnd(): void {
    this.isAtEnd = true;
    this.host.requestUpdate();
  }

  /** Brings a row into view and gives it the focus. */
  async show(i: number): Promise<void> {
    const scroller = this.#scroller;
    const row = this.rows[i];
    if (!scroller || !row) return;
    this.#active = i;
    const find = () => scroller.querySelector<HTMLElement>(`:scope > [data-key="${CSS.escape(row.item.key)}"]`);
    if (!find()) {
      this.isAtEnd = false;
      this.#anchor = { key: row.item.key, offset: -scroller.clientHeight / 3 };
      this.host.requestUpdate();
      await new Promise(requestAnimationFrame);
    }
    const found = find();
    found?.focus({ preventScroll: true });
    found?.scrollIntoView({ block: "nearest" });
  }

  /** Brings the message at a place of the thread into view, if it was read. */
  showSeq(seq: number): void {
    void this.show(this.rows.findIndex((row) => row.item.seq === seq));
  }

  #key = (event: KeyboardEvent): void => {
    const scroller = this.#scroller!;
    const inside = event.target as HTMLElement;
    const row = inside.closest<HTMLElement>("[data-key]");
    if (event.key === "Escape" && row) {
      (inside === row ? scroller : row).focus();
      event.stopPropagation();
      return;
    }
    if (inside !== scroller && inside !== row) return;
    const last = this.rows.length - 1;
    const at = row ? (this.#index.get(row.dataset.key!) ?? last) : this.#active < 0 ? last + 1 : this.#active;
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: last }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      void this.show(Math.max(0, Math.min(last, to)));
    } else if (event.key === "Enter" && row && inside === row) {
      row.querySelector<HTMLElement>("button, a, input")?.focus();
      event.preventDefault();
    }
  };
}
