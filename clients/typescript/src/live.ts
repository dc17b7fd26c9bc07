/** Values that change: snapshots with subscribers. */

import { guarded, type Report } from "./emitter.js";

/** A snapshot that is made when it is asked for, and told about once per turn. */
export class LiveValue<T> {
  readonly #listeners = new Set<{ tell: (value: T) => void }>();
  readonly #make: () => T;
  #value: T | undefined;
  #isTold = true;

  constructor(
    make: () => T,
    private readonly report: Report,
  ) {
    this.#make = make;
  }

  get(): T {
    return (this.#value ??= this.#make());
  }

  subscribe(listener: (value: T) => void): () => void {
    const own = { tell: listener };
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  /** The snapshot is no longer true. */
  touch(): void {
    this.#value = undefined;
    if (!this.#isTold) return;
    this.#isTold = false;
    void Promise.resolve().then(() => {
      this.#isTold = true;
      for (const own of [...this.#listeners]) guarded(this.report, "subscriber", () => own.tell(this.get()));
    });
  }
}
