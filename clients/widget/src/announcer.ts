/** What is read out, and what the page's title says of unread messages. */

const EVERY_MS = 1_000;

/** Gathers what happens, and says it at most once a second. */
export class Announcer {
  text = "";
  #heard: string[] = [];

  constructor(
    private readonly many: (n: number) => string,
    private readonly changed: () => void,
  ) {}

  hear(text: string): void {
    if (this.#heard.push(text) > 1) return;
    setTimeout(() => {
      const { length } = this.#heard;
      this.text = length > 2 ? this.many(length) : this.#heard.join(". ");
      this.#heard = [];
      this.changed();
    }, EVERY_MS);
  }
}

/** Puts a number before the title while nobody looks, and the title back afterwards. */
export class Title {
  #own = "";

  show(unread: number): void {
    if (unread > 0 && document.hidden) {
      this.#own ||= document.title;
      document.title = `(${unread > 99 ? "99+" : unread}) ${this.#own}`;
    } else if (this.#own) {
      document.title = this.#own;
      this.#own = "";
    }
  }
}
