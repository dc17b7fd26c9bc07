/** Which rows of a long list are in the document: by measured heights, and guesses for what was never seen. */

const GUESS = 64;
/** Rows above and below what is visible. */
const MARGIN_PX = 900;
const MOST = 120;

export interface Window {
  from: number;
  to: number;
  /** Heights of what is left out above and below. */
  above: number;
  below: number;
}

export class Heights {
  readonly #known = new Map<string, number>();
  #keys: readonly string[] = [];
  #tops: number[] = [0];
  #sum = 0;
  #isStale = true;

  /** The rows there are, in order. */
  set keys(keys: readonly string[]) {
    this.#keys = keys;
    this.#isStale = true;
  }

  /** Notes how high a row is; says whether that is news. */
  measure(key: string, height: number): boolean {
    const old = this.#known.get(key);
    if (old !== undefined && Math.abs(old - height) < 0.5) return false;
    this.#sum += height - (old ?? 0);
    this.#known.set(key, height);
    return (this.#isStale = true);
  }

  /** Forgets all heights: the width has changed. */
  clear(): void {
    this.#known.clear();
    this.#sum = 0;
    this.#isStale = true;
  }

  top(i: number): number {
    return this.#all[Math.max(0, Math.min(i, this.#keys.length))]!;
  }

  get total(): number {
    return this.#all[this.#keys.length]!;
  }

  /** Index of the row at a height. */
  at(y: number): number {
    const tops = this.#all;
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (tops[mid + 1]! <= y) low = mid + 1;
      else high = mid;
    }
    return low;
  }

  /** What to draw so that `top` to `top + height` is covered. */
  window(top: number, height: number): Window {
    const from = this.at(Math.max(0, top - MARGIN_PX));
    const to = Math.min(this.#keys.length, from + MOST, this.at(top + height + MARGIN_PX) + 1);
    return { from, to, above: this.top(from), below: this.total - this.top(to) };
  }

  get #all(): number[] {
    if (!this.#isStale) return this.#tops;
    const guess = this.#known.size ? this.#sum / this.#known.size : GUESS;
    const tops = [0];
    let sum = 0;
    for (const key of this.#keys) tops.push((sum += this.#known.get(key) ?? guess));
    this.#isStale = false;
    return (this.#tops = tops);
  }
}
