/**
 * What the client throws.
 *
 * - GreenroomError: the server refused a command; what the world looks like is said by its `code`
 *   - ClosedError: the client is closed; nothing more will be sent
 * - UnauthorizedError: thrown by the application's `getToken`
 */

import type { ErrorReply, PolicyView } from "./protocol.js";

/** A command was refused. Nothing was done unless the code is `uncertain`. */
export class GreenroomError extends Error {
  override name = "GreenroomError";
  readonly retry: ErrorReply["retry"];
  readonly retryAfterMs: number | null;
  /** The command that does what was wanted, or null. */
  readonly hint: string | null;
  /** What a filter found in the text, when it was the filter that refused. */
  readonly policy: PolicyView | null;
  /** Numbers that belong to the code, to fill its sentence with. */
  readonly data: Readonly<Record<string, number>> | null;

  /**
   * @param code key of the protocol's code table, or `client.*`
   * @param message English sentence for the person; other languages are looked up by `code`
   */
  constructor(
    readonly code: string,
    message = "",
    { retry = "never", retry_after_ms = null, hint = null, policy = null, data = null }: Partial<ErrorReply> = {},
  ) {
    super(message || code);
    this.retry = retry;
    this.retryAfterMs = retry_after_ms;
    this.hint = hint;
    this.policy = policy;
    this.data = data;
  }
}

/** The client is closed: by the application, or for good by the server (`closeCode`). */
export class ClosedError extends GreenroomError {
  override name = "ClosedError";

  constructor(
    readonly reason: string,
    readonly closeCode: number | null = null,
  ) {
    super("client.closed", reason);
  }
}

/** Throw it from `getToken` when the person is no longer signed in: the client closes for good. */
export class UnauthorizedError extends Error {
  override name = "UnauthorizedError";
}
