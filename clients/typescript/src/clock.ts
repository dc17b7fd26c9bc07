/**
 * What time brings to a connection: silence, the token's end, a drain, acknowledgements that are owed.
 *
 * All times are monotonic ms of the caller; the server's clock is kept as a difference to them.
 */

/** `delivered_interval_s` of the protocol's limits. */
const DELIVERED_MS = 5_000;
/** Part of a token's life after which another is asked for. */
const REFRESH_AT = 0.8;

export class Clock {
  /** Server's UTC ms minus own ms; null before the first connection. */
  offsetMs: number | null = null;
  /** When the token is too old to open another connection. */
  staleMs = Infinity;
  refreshMs = Infinity;
  leaveMs = Infinity;
  /** The connection is dead when nothing was heard until then. */
  deadMs = Infinity;
  #silenceMs = 0;
  #ackedMark: number | null = 0;
  #ackedMs = -Infinity;

  /** A connection begins: the answer to `connect` is awaited. */
  begin(now: number, silenceMs: number): void {
    this.#ackedMark = 0;
    this.expect(now, silenceMs);
  }

  /** The connection is over: nothing is due. */
  end(): void {
    this.refreshMs = this.leaveMs = this.deadMs = Infinity;
  }

  /** From now on the connection is dead after so much silence. */
  expect(now: number, silenceMs: number): void {
    this.#silenceMs = silenceMs;
    this.heard(now);
  }

  heard(now: number): void {
    this.deadMs = now + this.#silenceMs;
  }

  tokenEnds(expiresAt: number, now: number): void {
    this.staleMs = this.refreshMs = now + Math.max(0, expiresAt - (now + (this.offsetMs ?? 0))) * REFRESH_AT;
  }

  /** The server asks for a sign of life: an acknowledgement is owed at once. */
  beat(): void {
    this.#ackedMark = null;
    this.#ackedMs = -Infinity;
  }

  /** Says when `mark` is to be acknowledged. */
  ackDue(mark: number): number {
    return mark === this.#ackedMark ? Infinity : this.#ackedMs + DELIVERED_MS;
  }

  acked(mark: number, now: number): void {
    this.#ackedMark = mark;
    this.#ackedMs = now;
  }
}
