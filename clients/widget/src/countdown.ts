/** A text that says how long it is until then, and goes on saying it. */

import { nothing } from "lit";
import { AsyncDirective } from "lit/async-directive.js";
import { directive } from "lit/directive.js";

const MINUTE_MS = 60_000;

class Until extends AsyncDirective {
  #timer: ReturnType<typeof setInterval> | undefined;
  #say: () => string = () => "";

  override render(_at: number, say: () => string): unknown {
    this.#say = say;
    this.#begin();
    return say();
  }
  #begin(): void {
    this.#timer ??= setInterval(() => this.setValue(this.#say() || nothing), MINUTE_MS / 6);
  }
  protected override disconnected(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
  protected override reconnected(): void {
    this.#begin();
  }
}

export const until = directive(Until);
