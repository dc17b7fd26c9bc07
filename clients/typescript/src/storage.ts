/** Where unsent messages are kept without anything better. */

import type { ClientStorage } from "./types.js";

/** Keeps nothing beyond the page or process. */
export const memoryStorage = (): ClientStorage => ({ load: async () => undefined, save: async () => {} });
