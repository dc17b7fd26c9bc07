/** Keeps unsent messages in IndexedDB. */

import { memoryStorage } from "./storage.js";
import type { ClientStorage, Kept } from "./types.js";

const STORE = "places";

/** Waits for a request of IndexedDB. */
const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Takes a lock if it is free; gives the way to free it. */
const tryLock = (name: string): Promise<(() => void) | null> =>
  new Promise((resolve, reject) => {
    navigator.locks
      .request(name, { ifAvailable: true }, (lock) => (lock ? new Promise<void>((free) => resolve(free)) : resolve(null)))
      .catch(reject);
  });

/**
 * Keeps unsent messages in IndexedDB.
 *
 * Every client that is open at a time, in whatever tab, takes a place of its own, held by a Web Lock: two tabs are two
 * devices. What a closed tab left unsent is taken over by the next client that starts.
 *
 * @param name database to use; give each account its own where several people sign in on one device
 */
export function indexedDbStorage(name = "greenroom"): ClientStorage {
  let base: IDBDatabase | undefined;
  let place = 0;
  let free: (() => void) | null = null;
  const store = (mode: IDBTransactionMode) => base!.transaction(STORE, mode).objectStore(STORE);

  /** Moves what nobody holds any more to the one who starts. */
  async function adopt(kept: Kept | undefined): Promise<Kept | undefined> {
    for (const key of await done(store("readonly").getAllKeys())) {
      if (key === place) continue;
      const release = await tryLock(`${name}.${String(key)}`);
      if (!release) continue;
      const left: Kept = await done(store("readonly").get(key));
      if (left.queue.length) {
        kept ??= { ...left, queue: [] };
        if (kept.user === left.user) kept.queue.push(...left.queue);
        await done(store("readwrite").put(kept, place));
      }
      await done(store("readwrite").delete(key));
      release();
    }
    return kept;
  }

  return {
    async load() {
      const opening = indexedDB.open(name, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
      base = await done(opening);
      while (!(free = await tryLock(`${name}.${place}`))) place += 1;
      return adopt(await done<Kept | undefined>(store("readonly").get(place)));
    },
    async save(kept) {
      await done(store("readwrite").put(kept, place));
    },
    async close(wipe) {
      if (base && free && wipe) await done(store("readwrite").delete(place));
      base?.close();
      free?.();
    },
  };
}

/** IndexedDB where it and Web Locks are, else memory: without locks two tabs would take one place. */
export const defaultStorage = (): ClientStorage =>
  typeof indexedDB === "object" && typeof navigator === "object" && navigator.locks ? indexedDbStorage() : memoryStorage();
