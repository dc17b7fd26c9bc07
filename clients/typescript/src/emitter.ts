/** Listeners whose exceptions stay on their own side. */

export type Report = (error: unknown, where: string) => void;

/** Calls the application; whatever it throws is reported and goes no further. */
export function guarded(report: Report, where: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    try {
      report(error, where);
    } catch {
      // a reporter that throws has nobody to be reported to
    }
  }
}

export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>();

  constructor(readonly report: Report) {}

  on<K extends keyof Events>(name: K, listener: (event: Events[K]) => void): () => void {
    let listeners = this.#listeners.get(name);
    if (!listeners) this.#listeners.set(name, (listeners = new Set()));
    const own = (event: Events[K]) => listener(event); // the same function may be added twice
    listeners.add(own);
    return () => listeners.delete(own);
  }

  emit<K extends keyof Events>(name: K, event: Events[K]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])])
      guarded(this.report, `listener of ${String(name)}`, () => (listener as (event: Events[K]) => void)(event));
  }
}
