import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createClient } from "../src/index.js";
import type { AnyEvent } from "../src/protocol.js";
import type { Client, Thread } from "../src/types.js";
import { ScriptedHub, THREAD } from "./support/hub.js";
import type { Frame } from "./support/machine.js";

let hub: ScriptedHub;
let client: Client;
let thread: Thread;
let seen: number[];

const after = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const message = (body: string) => ({ type: "message.sent", body });
const told = () => thread.get().items.map((item) => item.body);

beforeEach(async () => {
  vi.useFakeTimers();
  vi.setSystemTime(1_760_000_000_000);
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  hub = new ScriptedHub();
  seen = [];
  hub.append(message("one"));
  client = createClient(hub.options({ onError: (error) => expect.fail(String(error)) }));
  client.on("event", ({ event }) => seen.push(event.seq));
  void client.connect();
  await after(5);
  thread = client.thread(THREAD);
  await after(5);
});

afterEach(async () => {
  await client.close();
  expect(hub.refusals).toEqual([]);
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The push that `append` would have sent. */
function pushOf(event: AnyEvent, more: Frame = {}): Frame {
  return { type: "inbox.changed", ...hub.rows.get(THREAD), from: event.seq - 1, seq: event.seq, events: [event], ...more };
}

describe("holes", () => {
  test("pushes out of order close by themselves, without a question", async () => {
    const pushes = ["two", "three", "four"].map((body) => pushOf(hub.append(message(body), THREAD, false)));
    hub.push(pushes[2]);
    expect(told()).toEqual(["one"]);
    await after(50);
    hub.push(pushes[1]);
    hub.push(pushes[0]);
    hub.push(pushes[1]);
    await after(5_000);
    expect(told()).toEqual(["one", "two", "three", "four"]);
    expect(seen).toEqual([2, 3, 4]);
    expect(hub.of("inbox.changes")).toEqual([]);
    expect(hub.of("thread.history")).toHaveLength(1);
  });

  test("a lost push is read again, by mark and by seq, on the living connection", async () => {
    hub.append(message("two"), THREAD, false);
    hub.append(message("three"));
    expect(seen).toEqual([]);
    await after(90);
    expect(hub.of("inbox.changes")).toEqual([]);
    await after(20);
    expect(hub.of("inbox.changes")).toMatchObject([{ epoch: hub.epoch, mark: 1 }]);
    expect(hub.of("thread.history").at(-1)).toMatchObject({ after: 1 });
    expect(told()).toEqual(["one", "two", "three"]);
    expect(seen).toEqual([2, 3]);
    expect(hub.sockets).toHaveLength(1);
  });

  test("a hole that a reading does not close is asked for once a second, no more", async () => {
    hub.answer("thread.history", ({ thread: id, after: place = 1 }) => ({
      ...{ thread: id, epoch: hub.epoch, after: place, to: place, events: [], more: false },
    }));
    hub.append(message("two"), THREAD, false);
    hub.append(message("three"));
    await after(3_500);
    expect(hub.of("thread.history").length).toBeLessThanOrEqual(6);
    expect(hub.sockets).toHaveLength(1);
  });

  test("an absent seq is passed over: it was erased, or was for somebody else", async () => {
    hub.logs.get(THREAD)!.push({ type: "interview.started", seq: 2, at: 1 });
    const last = hub.append(message("three"), THREAD, false);
    hub.logs.get(THREAD)!.splice(1, 1);
    hub.push(pushOf(last, { events: [] }));
    await after(200);
    expect(told()).toEqual(["one", "three"]);
  });
});

describe("resume", () => {
  test("names the position and the threads on screen, and applies what they missed", async () => {
    hub.socket.break(1006);
    hub.append(message("two"));
    hub.append(message("elsewhere"), "t18_other");
    await after(1_000);
    expect(hub.of("connect")[1].resume).toEqual({
      epoch: hub.epoch,
      mark: 1,
      threads: { [THREAD]: { epoch: hub.epoch, seq: 1 } },
    });
    expect(told()).toEqual(["one", "two"]);
    expect(client.rows.get("t18_other")?.n).toBe(1);
  });

  test("comes in pages, and the position moves with them", async () => {
    const recovered: number[] = [];
    client.on("recovered", () => recovered.push(client.rows.size));
    hub.socket.break(1006);
    for (let i = 0; i < 9; i++) hub.append(message(`${i}`), `t18_${i}`);
    const page = (mark: number) => {
      const rows = [...hub.rows.values()].filter((row) => row.mark > mark).sort((a, b) => a.mark - b.mark).slice(0, 4);
      const end = rows.at(-1)?.mark ?? mark;
      return { recovered: true, epoch: hub.epoch, mark: end, rows, more: end < hub.mark };
    };
    hub.answer("connect", (command, socket) => ({ ...hub.reply(command, socket), ...page(command.resume.mark) }));
    hub.answer("inbox.changes", (command) => page(command.mark));
    await after(1_000);
    expect(hub.of("inbox.changes").map((command) => command.mark)).toEqual([5, 9]);
    expect(recovered).toEqual([10]);
    await after(6_000);
    expect(hub.of("delivered").at(-1)).toMatchObject({ mark: 10 });
  });

  test("of a lost position replaces the rows, never the outbox", async () => {
    const snapshots: number[] = [];
    client.on("snapshot", () => snapshots.push(client.rows.size));
    hub.append(message("gone"), "t18_gone");
    hub.socket.break(1006);
    const sent = client.send(THREAD, "mine");
    hub.epoch += 1;
    hub.rows.delete("t18_gone");
    hub.rows.get(THREAD)!.epoch = hub.epoch;
    await after(1_000);
    expect(client.rows.has("t18_gone")).toBe(false);
    expect(sent.status).toBe("sent");
    expect(snapshots.at(-1)).toBe(1);
    await after(200);
    expect(told()).toEqual(["one", "mine"]);
  });

  test("inbox.reset on a living connection reconnects with the position", async () => {
    hub.push({ type: "inbox.reset", epoch: hub.epoch + 1 });
    await after(1_000);
    expect(hub.of("connect")).toHaveLength(2);
    expect(client.state).toBe("connected");
  });

  test("a log that lost its end is read again, and nothing is told twice", async () => {
    const resets: string[] = [];
    client.on("reset", (reset) => resets.push(reset.thread));
    for (const body of ["two", "three", "lost"]) hub.append(message(body));
    await after(5);
    hub.epoch += 5;
    hub.logs.get(THREAD)!.pop();
    hub.append(message("new"));
    await after(500);
    expect(resets).toEqual([THREAD]);
    expect(told()).toEqual(["one", "two", "three", "new"]);
    expect(seen).toEqual([2, 3, 4, 4]);
  });
});

test("what arrived is acknowledged on a heartbeat, and every five seconds while it moves", async () => {
  await after(6_000);
  const before = hub.of("delivered").length;
  hub.append(message("two"));
  hub.append(message("three"));
  await after(5_100);
  expect(hub.of("delivered").slice(before)).toMatchObject([{ mark: 2 }, { mark: 3 }]);
  await after(20_000);
  expect(hub.of("delivered")).toHaveLength(before + 2);
  hub.push({ type: "heartbeat", now: Date.now() });
  expect(hub.of("delivered").at(-1)).toMatchObject({ mark: 3 });
  expect(hub.of("delivered")).toHaveLength(before + 3);
});

test("one's own log is followed from the first push, through holes and outages", async () => {
  const own: number[] = [];
  client.on("own", (event) => own.push(event.seq));
  const spent = { type: "connects.changed", change: "spent", amount: 4, balance: 6, by: "", state: "self" };
  hub.append(spent, "t17_self_u_ines");
  hub.append(spent, "t17_self_u_ines", false);
  hub.append(spent, "t17_self_u_ines");
  await after(300);
  expect(own).toEqual([1, 2, 3]);
  hub.socket.break(1006);
  hub.append(spent, "t17_self_u_ines");
  await after(1_000);
  expect(own).toEqual([1, 2, 3, 4]);
});

test("of one's own log that was first heard of after an outage, the last event is told", async () => {
  const own: number[] = [];
  client.on("own", (event) => own.push(event.seq));
  hub.socket.break(1006);
  for (let i = 0; i < 3; i++) hub.append({ type: "badge.warned", unanswered: 1, by: "", state: "self" }, "t17_self_u_ines");
  await after(1_000);
  expect(own).toEqual([3]);
});

test("a thread that may not be read any more is gone, with the reason", async () => {
  hub.refuse("thread.history", "not_found");
  hub.append(message("two"), THREAD, false);
  hub.append(message("three"));
  await after(300);
  expect(thread.get()).toMatchObject({ status: "gone", code: "not_found" });
});

test("a snapshot longer than a page is completed from its end", async () => {
  hub.socket.break(1006);
  hub.epoch += 1;
  for (let i = 0; i < 7; i++) hub.append(message(`${i}`), `t18_${i}`);
  const top = (before: number) =>
    [...hub.rows.values()].filter((row) => row.mark < before).sort((a, b) => b.mark - a.mark).slice(0, 3);
  hub.answer("connect", (command, socket) => {
    const reply = hub.reply(command, socket)!;
    return { ...reply, rows: top(Infinity), limits: { ...reply.limits, page_items: 3 } };
  });
  hub.answer("thread.list", ({ before }) => {
    const rows = top(before);
    return { epoch: hub.epoch, mark: hub.mark, rows, more: rows.at(-1)!.mark > 1 };
  });
  await after(1_000);
  expect(client.rows.size).toBe(8);
  expect(hub.of("thread.list")[0]).toMatchObject({ archived: null, limit: 3 });
});
