import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createClient } from "../src/index.js";
import type { Client, Thread } from "../src/types.js";
import { ScriptedHub, THREAD } from "./support/hub.js";
import type { Frame } from "./support/machine.js";

let hub: ScriptedHub;
let client: Client;

const after = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const message = (body: string, more: Frame = {}) => ({ type: "message.sent", body, ...more });
const lines = (thread: Thread) => thread.get().items.map((item) => item.body);

async function opened(): Promise<Thread> {
  const thread = client.thread(THREAD);
  await after(5);
  expect(thread.get().status).toBe("ready");
  return thread;
}

beforeEach(async () => {
  vi.useFakeTimers();
  vi.setSystemTime(1_760_000_000_000);
  hub = new ScriptedHub();
  client = createClient(hub.options({ onError: (error) => expect.fail(String(error)) }));
  void client.connect();
  await after(5);
});

afterEach(async () => {
  await client.close();
  expect(hub.refusals).toEqual([]);
  vi.useRealTimers();
});

describe("one's own message", () => {
  test("keeps its key from the optimistic row to the log, whichever of answer and event comes first", async () => {
    const thread = await opened();
    for (const isAnswerFirst of [true, false]) {
      const keys = new Set<string>();
      const stop = thread.subscribe(({ items }) => keys.add(items.at(-1)!.key));
      hub.answer("message.send", (command, socket) => {
        const reply = hub.reply(command, { ...socket, push: () => {} } as never)!;
        if (!isAnswerFirst) return reply;
        socket.push({ type: "message.send", id: command.id, ...reply });
        return null;
      });
      thread.send(`hello ${isAnswerFirst}`);
      expect(thread.get().items.at(-1)).toMatchObject({ seq: 0, status: "queued", isMine: true });
      await after(5);
      expect(thread.get().items.at(-1)).toMatchObject({ status: "sent", outgoing: null });
      expect(keys.size).toBe(1);
      stop();
    }
    expect(lines(thread)).toEqual(["hello true", "hello false"]);
  });

  test("is delivered and read as the others' marks grow, and never moves back", async () => {
    const thread = await opened();
    thread.send("hello");
    await after(5);
    const status = () => thread.get().items.at(-1)!.status;
    hub.push({ type: "receipt.moved", thread: THREAD, user: "u_maria", delivered: 1 });
    expect(status()).toBe("delivered");
    hub.push({ type: "receipt.moved", thread: THREAD, user: "u_maria", read: 1 });
    expect(status()).toBe("read");
    hub.push({ type: "receipt.moved", thread: THREAD, user: "u_maria", delivered: 1, read: 0 });
    expect(status()).toBe("read");
  });

  test("that bounced leaves the list, and waits for the composer until it is dismissed", async () => {
    const thread = await opened();
    hub.refuse("message.send", "policy.contact_phone", { policy: { action: "bounce" } });
    thread.send("0171 2345678");
    await after(5);
    expect(lines(thread)).toEqual([]);
    const [returned] = thread.get().returned;
    expect(returned).toMatchObject({ body: "0171 2345678", status: "bounced" });
    returned!.discard();
    expect(thread.get().returned).toEqual([]);
  });

  test("that is held is shown after the log, once, also from the list of another device", async () => {
    const held = { held: "h17_1", cid: "", body: "call me", at: 5, expires_at: 9, code: "policy.contact_phone" };
    hub.answer("held.list", () => ({ held: held.cid ? [held, { ...held, held: "h17_2", cid: "other", body: "from the phone" }] : [] }));
    hub.answer("message.send", ({ cid }) => {
      held.cid = cid;
      return { mid: "h17_1", seq: 0, n: 0, at: 1, state: "held", dup: false };
    });
    const thread = await opened();
    thread.send("call me");
    await after(5);
    hub.append({ type: "message.held", thread: THREAD, held: "h17_2", code: "", by: "", state: "self" }, "t17_self_u_ines");
    await after(5);
    hub.append(message("a later one"));
    expect(thread.get().items.map(({ body, status }) => [body, status])).toEqual([
      ["a later one", null],
      ["from the phone", "held"],
      ["call me", "held"],
    ]);
    hub.append(message("call me", { by: "u_ines", cid: held.cid, submitted_at: 5 }));
    expect(lines(thread)).toEqual(["a later one", "call me", "from the phone"]);
  });
});

describe("the log", () => {
  test("is read in pages, the newest first, and older ones on demand", async () => {
    for (let i = 1; i <= 120; i++) hub.append(message(`${i}`), THREAD, false);
    const thread = await opened();
    expect(lines(thread)).toHaveLength(50);
    expect(await thread.loadOlder()).toBe(true);
    const both = Promise.all([thread.loadOlder(), thread.loadOlder()]);
    expect(await both).toEqual([false, false]);
    expect(lines(thread)).toEqual(Array.from({ length: 120 }, (_, i) => `${i + 1}`));
    expect(await thread.loadOlder()).toBe(false);
    expect(hub.of("thread.history").map((command) => command.before)).toEqual([undefined, 71, 21]);
  });

  test("shows edits, redactions, erasures and reactions at their targets, whatever their order", async () => {
    for (const body of ["one", "two", "three"]) hub.append(message(body));
    const thread = await opened();
    hub.append({ type: "message.edited", target: 1, body: "one, edited" });
    hub.append({ type: "message.redacted", target: 2, body: "two, masked", hidden: [{ start: 0, end: 3 }], by: "" });
    hub.append({ type: "message.reacted", target: 1, emoji: "👍", by: "u_maria" });
    hub.append({ type: "message.reacted", target: 1, emoji: "👍", by: "u_ines" });
    hub.append({ type: "message.reacted", target: 1, emoji: "👍", by: "u_maria", on: false });
    hub.append({ type: "message.erased", target: 3 });
    hub.append({ type: "message.edited", target: 3, body: "too late" });
    hub.append({ type: "message.edited", target: 77, body: "not here" });
    expect(thread.get().items).toMatchObject([
      { body: "one, edited", isEdited: true, reactions: [{ emoji: "👍", users: ["u_ines"] }] },
      { body: "two, masked", isEdited: false, hidden: [{ start: 0, end: 3 }] },
      { body: "", isErased: true, event: null },
    ]);
  });

  test("an item that did not change keeps its identity", async () => {
    hub.append(message("one"));
    hub.append(message("two"));
    const thread = await opened();
    const [first] = thread.get().items;
    expect(thread.get()).toBe(thread.get());
    hub.append({ type: "message.edited", target: 2, body: "2" });
    hub.append(message("three"));
    expect(thread.get().items[0]).toBe(first);
  });

  test("what an old page says is amended by what came while it was read", async () => {
    for (let i = 1; i <= 60; i++) hub.append(message(`${i}`), THREAD, false);
    const thread = await opened();
    let reply: (() => void) | undefined;
    hub.answer("thread.history", (command, socket) => {
      const page = hub.reply(command, socket)!;
      reply = () => socket.push({ type: "thread.history", id: command.id, ...page });
      return null;
    });
    const older = thread.loadOlder();
    hub.append({ type: "message.edited", target: 5, body: "five" });
    reply!();
    await older;
    expect(lines(thread)[4]).toBe("five");
  });
});

describe("beside the log", () => {
  test("typing is over after six seconds, with a message, or when told so", async () => {
    const thread = await opened();
    const typing = (is_typing: boolean) => hub.push({ type: "typing.changed", thread: THREAD, user: "u_maria", is_typing });
    typing(true);
    expect(thread.get().typing).toEqual(["u_maria"]);
    await after(6_100);
    expect(thread.get().typing).toEqual([]);
    typing(true);
    hub.append(message("done"));
    expect(thread.get().typing).toEqual([]);
    typing(true);
    typing(false);
    expect(thread.get().typing).toEqual([]);
  });

  test("one's own typing is told every three seconds at most, and its end once", async () => {
    const thread = await opened();
    for (let i = 0; i < 40; i++) {
      thread.typing();
      await after(100);
    }
    thread.typing(false);
    thread.typing(false);
    expect(hub.of("typing.set").map((command) => command.is_typing)).toEqual([true, true, false]);
  });

  test("read marks move at once, one question at a time, never back", async () => {
    const thread = await opened();
    hub.answer("thread.read", () => null);
    for (let i = 1; i <= 5; i++) {
      hub.append(message(`${i}`));
      thread.markRead(i);
    }
    thread.markRead(2);
    expect(client.rows.get(THREAD)).toMatchObject({ n: 5, read: 5 });
    await after(5);
    expect(hub.of("thread.read").map((command) => command.n)).toEqual([1]);
    hub.socket.push({ type: "thread.read", id: hub.of("thread.read")[0].id, n: 1 });
    await after(5);
    expect(hub.of("thread.read").map((command) => command.n)).toEqual([1, 5]);
  });

  test("the head is read again when a state or a policy changes, not with every message", async () => {
    hub.append(message("first"));
    const thread = await opened();
    const heads = () => hub.of("thread.get").length;
    const before = heads();
    hub.append(message("hello"));
    await after(5);
    expect(heads()).toBe(before);
    hub.append({ type: "policy.changed", contact: "allowed", payment: "blocked", state: "contract" });
    await after(5);
    expect(heads()).toBe(before + 1);
    expect(thread.get().head?.state).toBe("contract");
  });

  test("subscribers are told once per turn, and not after they have left", async () => {
    hub.append(message("first"));
    const thread = await opened();
    let calls = 0;
    const stop = thread.subscribe(() => (calls += 1));
    for (let i = 0; i < 20; i++) hub.append(message(`${i}`));
    await after(1);
    expect(calls).toBe(1);
    stop();
    hub.append(message("more"));
    await after(1);
    expect(calls).toBe(1);
  });

  test("two who open a thread share it; the last one to close ends it", async () => {
    const thread = await opened();
    expect(client.thread(THREAD)).toBe(thread);
    thread.close();
    hub.append(message("still followed"));
    expect(lines(thread)).toEqual(["still followed"]);
    thread.close();
    hub.append(message("not any more"));
    expect(lines(thread)).toEqual(["still followed"]);
  });
});

describe("the inbox", () => {
  test("is in order of the last change, with heads and newest items, without one's own log", async () => {
    hub.append(message("in a"), "t17_a");
    hub.append(message("in b"), "t17_b");
    hub.append({ type: "connects.changed", change: "spent", amount: 4, balance: 6, state: "self" }, "t17_self_u_ines");
    const inbox = client.inbox();
    inbox.get();
    await after(5);
    const seen = () => inbox.get().items.map(({ row, last, unread }) => [row.thread, (last as Frame)?.body, unread]);
    expect(seen()).toEqual([
      ["t17_b", "in b", 1],
      ["t17_a", "in a", 1],
    ]);
    expect(inbox.get().items[0]?.head?.role).toBe("freelancer");
    hub.append(message("again in a"), "t17_a");
    expect(seen()[0]).toEqual(["t17_a", "again in a", 2]);
    expect(inbox.get()).toMatchObject({ isLoaded: true, hasMore: false, unread: 3 });
    expect(hub.of("thread.history")).toHaveLength(2);
    hub.append({ type: "message.edited", target: 1, body: "b, edited" }, "t17_b");
    inbox.get();
    await after(5);
    expect(seen()[0]?.[0]).toBe("t17_b");
    inbox.close();
  });

  test("grows by a page, filters, and leaves archived and muted threads out of unread", async () => {
    for (let i = 0; i < 7; i++) hub.append(message(`${i}`), `t17_${i}`);
    const put = (thread: string, more: Frame) => {
      const row = { ...hub.rows.get(thread)!, mark: ++hub.mark, ...more };
      hub.push({ type: "inbox.changed", ...row, from: row.seq, events: [] });
    };
    put("t17_0", { archived_n: 1 });
    put("t17_1", { muted_until: Date.now() + 60_000 });
    const inbox = client.inbox({ limit: 4, details: false });
    expect(inbox.get()).toMatchObject({ hasMore: true, unread: 5 });
    inbox.loadMore();
    expect(inbox.get().items).toHaveLength(6);
    const archived = client.inbox({ filter: (row) => (row.archived_n ?? -1) >= row.n, details: false });
    expect(archived.get().items.map((item) => item.row.thread)).toEqual(["t17_0"]);
    expect(hub.of("thread.get")).toEqual([]);
  });
});

test("watched people are asked for again on each connection", async () => {
  await client.watch(["u_maria"]);
  expect(client.presence.get("u_maria")).toBe("active");
  hub.push({ type: "presence.changed", user: "u_maria", state: "offline" });
  expect(client.presence.get("u_maria")).toBe("offline");
  hub.socket.break(1006);
  await after(1_000);
  expect(hub.of("presence.watch")).toHaveLength(2);
  expect(client.presence.get("u_maria")).toBe("active");
});

test("a head that changed while it was read is read again", async () => {
  const thread = await opened();
  let reads = 0;
  let late = () => {};
  hub.answer("thread.get", (command, socket) => {
    reads += 1;
    const reply = hub.reply(command, { ...socket, push: () => {} } as never)!;
    if (reads > 1) return reply;
    late = () => socket.push({ type: "thread.get", id: command.id, ...reply });
    return null;
  });
  thread.refresh();
  await after(5);
  hub.append({ type: "policy.changed", contact: "allowed", payment: "blocked", state: "contract" });
  await after(5);
  expect(reads).toBe(1);
  late();
  await after(5);
  expect(reads).toBe(2);
  expect(thread.get().head?.state).toBe("contract");
});
