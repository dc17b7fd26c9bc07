/** What was being written, kept per thread and person; gone at logout. */

const PREFIX = "greenroom-draft/";
const LONGEST = 10_000;

export class Drafts {
  readonly #texts = new Map<string, string>();

  /** `user`: whose drafts these are; nothing is stored while nobody is known. */
  constructor(private readonly user: () => string) {}

  get(thread: string): string {
    const kept = this.#texts.get(thread);
    if (kept !== undefined) return kept;
    return this.#try((storage) => storage.getItem(this.#key(thread))) ?? "";
  }

  set(thread: string, text: string): void {
    this.#texts.set(thread, text);
    this.#try((storage) => {
      if (text) storage.setItem(this.#key(thread), text.slice(0, LONGEST));
      else storage.removeItem(this.#key(thread));
    });
  }

  clear(): void {
    this.#texts.clear();
    const mine = `${PREFIX}${this.user()}/`;
    this.#try((storage) => {
      for (const key of Object.keys(storage)) if (key.startsWith(mine)) storage.removeItem(key);
    });
  }

  #key(thread: string): string {
    return `${PREFIX}${this.user()}/${thread}`;
  }

  /** A page may forbid storage, or its room may be used up: drafts then last as long as the page. */
  #try<T>(use: (storage: Storage) => T): T | undefined {
    if (!this.user()) return undefined;
    try {
      return use(localStorage);
    } catch {
      return undefined;
    }
  }
}
