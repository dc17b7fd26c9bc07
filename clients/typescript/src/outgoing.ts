/** A message on its way, as the application sees it. */

import type { ClosedError, GreenroomError } from "./errors.js";
import type { PolicyView } from "./protocol.js";
import type { Outgoing, OutgoingStatus, QueuedMessage } from "./types.js";

export class OutgoingMessage implements Outgoing {
  status: OutgoingStatus = "queued";
  seq = 0;
  policy: PolicyView | null = null;
  held = "";
  error: GreenroomError | null = null;
  /** It may have reached the server. */
  mayBeSaved = false;
  /** Called when a bounced or failed one is dismissed. */
  dismiss: () => void = () => {};
  readonly #settled: Promise<Outgoing>;
  #resolve!: (handle: Outgoing) => void;
  #reject!: (error: ClosedError) => void;

  constructor(
    readonly message: QueuedMessage,
    private readonly takeBack: () => boolean,
  ) {
    this.#settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#settled.catch(() => {}); // nobody has to wait
  }

  get thread(): string {
    return this.message.thread;
  }
  get cid(): string {
    return this.message.cid;
  }
  get body(): string {
    return this.message.body;
  }
  get at(): number {
    return this.message.at;
  }
  get quote(): number {
    return this.message.quote ?? 0;
  }

  settle(error?: ClosedError): void {
    if (error) this.#reject(error);
    else this.#resolve(this);
  }

  settled(): Promise<Outgoing> {
    return this.#settled;
  }

  discard(): boolean {
    if (this.status === "queued") return this.takeBack();
    this.dismiss();
    return false;
  }
}
