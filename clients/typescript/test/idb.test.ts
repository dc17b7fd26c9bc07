import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { defaultStorage, indexedDbStorage } from "../src/idb.js";
import type { QueuedMessage } from "../src/types.js";

/** Web Locks of one origin, as far as they are used. */
class Locks {
  readonly held = new Set<string>();

  async request<T>(name: string, _: unknown, work: (lock: object | null) => T | Promise<T>): Promise<T> {
    if (this.held.has(name)) return work(null);
    this.held.add(name);
    try {
      return await work({});
    } finally {
      this.held.delete(name);
    }
  }
}

let locks: Locks;
let name: string;
let number = 0;

const message = (body: string): QueuedMessage => ({ thread: "t17_a", cid: body, body, at: 1 });
const kept = (device: string, ...bodies: string[]) => ({ device, user: "u_ines", queue: bodies.map(message) });

beforeEach(() => {
  locks = new Locks();
  name = `greenroom ${(number += 1)}`;
  vi.stubGlobal("navigator", { locks });
});
afterEach(() => vi.unstubAllGlobals());

test("the next one finds what the last one kept", async () => {
  const first = indexedDbStorage(name);
  expect(await first.load()).toBeUndefined();
  await first.save(kept("a", "one", "two"));
  await first.close?.(false);
  const second = indexedDbStorage(name);
  expect(await second.load()).toEqual(kept("a", "one", "two"));
});

test("two that are open at a time are two devices, and neither touches the other's messages", async () => {
  const [first, second] = [indexedDbStorage(name), indexedDbStorage(name)];
  await first.load();
  await first.save(kept("a", "of the first"));
  expect(await second.load()).toBeUndefined();
  await second.save(kept("b", "of the second"));
  await first.close?.(false);
  expect(await indexedDbStorage(name).load()).toEqual(kept("a", "of the first"));
});

test("what a closed tab left is taken over once, behind one's own", async () => {
  const [first, second] = [indexedDbStorage(name), indexedDbStorage(name)];
  await first.load();
  await second.load();
  await first.save(kept("a", "one"));
  await second.save(kept("b", "two"));
  for (const tab of [first, second]) await tab.close?.(false);
  const third = indexedDbStorage(name);
  expect(await third.load()).toEqual(kept("a", "one", "two"));
  const fourth = indexedDbStorage(name);
  expect(await fourth.load()).toBeUndefined();
});

test("logout leaves nothing", async () => {
  const first = indexedDbStorage(name);
  await first.load();
  await first.save(kept("a", "one"));
  await first.close?.(true);
  expect(await indexedDbStorage(name).load()).toBeUndefined();
});

test("without locks nothing is kept, since two tabs would take one place", async () => {
  vi.stubGlobal("navigator", {});
  const storage = defaultStorage();
  await storage.save(kept("a", "one"));
  expect(await storage.load()).toBeUndefined();
});
