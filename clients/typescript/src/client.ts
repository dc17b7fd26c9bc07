/** The whole client: the core with live threads and inboxes, keeping unsent messages where the browser can. */

import { createHost } from "./host.js";
import { Details, LiveInbox } from "./inbox.js";
import { defaultStorage } from "./idb.js";
import { browserSignals } from "./signals.js";
import { LiveThread } from "./thread.js";
import type { Client, ClientOptions, InboxOptions } from "./types.js";

/** Makes a client; nothing is sent before `connect`. Everything may be called before it is connected. */
export function createClient(options: ClientOptions): Client {
  const { storage = defaultStorage(), signals = browserSignals } = options;
  const host = createHost({ ...options, storage, signals });
  const threads = new Map<string, LiveThread>();
  const inboxes = new Set<LiveInbox>();
  const details = new Details(host, () => {
    for (const inbox of inboxes) inbox.touch();
  });
  return Object.assign(host.client, {
    thread(id: string) {
      let thread = threads.get(id);
      if (!thread) threads.set(id, (thread = new LiveThread(id, host, () => threads.delete(id))));
      thread.holders += 1;
      return thread;
    },
    inbox(inboxOptions: InboxOptions = {}) {
      const inbox = new LiveInbox(host, details, inboxOptions, () => inboxes.delete(inbox));
      inboxes.add(inbox);
      return inbox;
    },
  });
}
