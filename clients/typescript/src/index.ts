/** Client for Greenroom. `createClient` is the way in; API.md lists the rest. */

export { makeCid, readCid } from "./cid.js";
export { createClient } from "./client.js";
export { ClosedError, GreenroomError, UnauthorizedError } from "./errors.js";
export { defaultStorage, indexedDbStorage } from "./idb.js";
export type * from "./protocol.js";
export { isArchived, mergeRows, unreadOf } from "./rows.js";
export { browserSignals } from "./signals.js";
export { memoryStorage } from "./storage.js";
export type * from "./types.js";
