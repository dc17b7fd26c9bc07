/** The core as an entry of its own: for bots, and for applications that render by themselves. */

import { createHost } from "./host.js";
import type { ClientOptions, CoreClient } from "./types.js";

export { ClosedError, GreenroomError, UnauthorizedError } from "./errors.js";
export type * from "./protocol.js";
export type * from "./types.js";

/** Makes a client without live threads and inboxes; unsent messages stay in memory unless `storage` is given. */
export const createClient = (options: ClientOptions): CoreClient => createHost(options).client;
