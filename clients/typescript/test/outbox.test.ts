import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readCid } from "../src/cid.js";
import { createClient } from "../src/index.js";
import type { Client, ClientOptions, ClientStorage, Kept, Outgoing } from "../src/types.js";
import { ScriptedHub, THREAD } from "./support/hub.js";
import type { Frame } from "./support/machine.js";

let hub: ScriptedHub;
let client: Client;
let told: string[];

async function connected(options: Partial<ClientOptions> = {}): Promise<Client> {
  client = createClient(hub.options({ onError: () => {}, ...options }));
  client.on("outgoing", ({ body, status }) => told.push(`${body} ${status}`));
  void client.connect();
  await after(5);
  return client;
}

const after = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const bodies = () => (hub.logs.get(THREAD) ?? []).map((event) => (event as Frame).body);
const error = (code: string, retry: string, more: Frame = {}) => ({ type: "error", code, message: "", retry, ...more });

/** A storage that a test looks into. */
function shelf(kept?: Kept): ClientStorage & { kept: Kept | undefined; fails: boolean } {
  return {
    kept,
    fails: false,
    async load() {
      return structuredClone(this.kept);
    },
    async save(next) {
      if (this.fails) throw new Error("full");
      this.kept = structuredClone(next);
    },
    close(wipe) {
      if (wipe) this.kept = undefined;
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(1_760_000_000_000);
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  hub = new ScriptedHub();
  told = [];
});

afterEach(async () => {
  await client.close();
  expect(hub.refusals).toEqual([]);
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("order", () => {
  test("messages of a thread go one after another, those of threads side by side", async () => {
    await connected();
    hub.answer("message.send", () => null);
    for (const body of ["a", "b"]) client.send(THREAD, body);
    client.send("t18_other", "c");
    await after(5);
    expect(hub.of("message.send").map((command) => command.body)).toEqual(["a", "c"]);
    expect(client.outgoing.map((outgoing) => outgoing.status)).toEqual(["sending", "queued", "sending"]);
  });

  test("what has no answer goes again with its cid, in order, after a reconnection", async () => {
    await connected();
    let lost = 1;
    hub.answer("message.send", (command, socket) => {
      const reply = hub.reply(command, socket);
      if (!lost) return reply;
      lost = 0; // it is saved, but the answer never arrives
      socket.break(1006);
      return null;
    });
    const sent = ["a", "b", "c"].map((body) => client.send(THREAD, body));
    await after(1_000);
    expect(bodies()).toEqual(["a", "b", "c"]);
    const [first, again] = hub.of("message.send");
    expect(again).toMatchObject({ cid: first.cid, body: "a" });
    expect(sent.map((outgoing) => [outgoing.status, outgoing.seq])).toEqual([
      ["sent", 1],
      ["sent", 2],
      ["sent", 3],
    ]);
  });

  test("each names the one accepted before it, and starts anew after a gap", async () => {
    await connected();
    client.send(THREAD, "a");
    await after(5);
    let gaps = 1;
    hub.answer("message.send", (command, socket) =>
      gaps-- > 0 ? error("outbox.gap", "later", { retry_after_ms: 50 }) : hub.reply(command, socket),
    );
    client.send(THREAD, "b");
    await after(100);
    const [a, b, again] = hub.of("message.send");
    expect(b.prev_cid).toBe(a.cid);
    expect(again).toMatchObject({ cid: b.cid });
    expect(again.prev_cid).toBeUndefined();
  });
});

describe("refusals", () => {
  test("later: the same cid after the time it names, the others behind it", async () => {
    await connected();
    let refusals = 2;
    hub.answer("message.send", (command, socket) =>
      refusals-- > 0 ? error("rate.sends", "later", { retry_after_ms: 700 }) : hub.reply(command, socket),
    );
    client.send(THREAD, "a");
    client.send(THREAD, "b");
    await after(690);
    expect(hub.of("message.send")).toHaveLength(1);
    await after(800);
    expect(bodies()).toEqual(["a", "b"]);
    expect(new Set(hub.of("message.send").map((command) => command.cid)).size).toBe(2);
  });

  test.each(["after_resume", "after_refresh"])("%s waits for the next connection", async (retry) => {
    await connected();
    hub.refuse("message.send", "server.draining", { retry });
    const sent = client.send(THREAD, "a");
    await after(5_000);
    expect(hub.of("message.send")).toHaveLength(1);
    expect(sent.status).toBe("queued");
    hub.answer("message.send", (command, socket) => hub.reply(command, socket));
    hub.socket.break(1006);
    await after(1_000);
    expect(sent.status).toBe("sent");
  });

  test("a bounce goes back to the composer, and is never sent again", async () => {
    await connected();
    const policy = { action: "bounce", spans: [{ start: 3, end: 9, kind: "email", reason: "contact" }] };
    hub.refuse("message.send", "policy.contact_email", { policy });
    const returned: string[] = [];
    client.on("returned", ({ body, code }) => returned.push(`${body}: ${code}`));
    const sent = client.send(THREAD, "at a@b.de");
    await sent.settled();
    expect(sent).toMatchObject({ status: "bounced", error: { code: "policy.contact_email", policy } });
    expect(returned).toEqual(["at a@b.de: policy.contact_email"]);
    hub.socket.break(1006);
    await after(60_000);
    expect(hub.of("message.send")).toHaveLength(1);
    expect(client.outgoing).toEqual([]);
  });

  test("held is final here, and what a moderator rejects is given back", async () => {
    await connected();
    const held = { mid: "h17_1", seq: 0, n: 0, at: 1, state: "held", dup: false, policy: { action: "hold" } };
    hub.answer("message.send", () => held);
    const returned: string[] = [];
    client.on("returned", ({ body, code }) => returned.push(`${body}: ${code}`));
    const sent = client.send(THREAD, "call me");
    await sent.settled();
    expect(sent).toMatchObject({ status: "held", held: "h17_1" });
    await after(60_000);
    expect(hub.of("message.send")).toHaveLength(1);
    const rejection = { type: "message.rejected", thread: THREAD, held: "h17_1", code: "held.expired", by: "" };
    hub.append({ ...rejection, state: "self" }, "t17_self_u_ines");
    expect(returned).toEqual(["call me: held.expired"]);
    expect(sent.status).toBe("failed");
  });

  test.each([
    ["a text that is empty", ""],
    ["one of more than ten thousand code points", "x".repeat(10_001)],
    ["one of more than 32 KiB", "\u{1f600}".repeat(8_193)],
  ])("%s is refused at once", async (_, body) => {
    await connected();
    expect(() => client.send(THREAD, body)).toThrowError(expect.objectContaining({ code: "bad_request.body" }));
    expect(client.outgoing).toEqual([]);
  });
});

describe("cids", () => {
  test("carry the server's time however wrong the device's clock is", async () => {
    const real = Date.now();
    hub.answer("connect", (command, socket) => ({ ...hub.reply(command, socket), now: real - 86_400_000 }));
    await connected();
    client.send(THREAD, "a");
    await after(5);
    expect(Math.abs(readCid(hub.of("message.send")[0].cid)! - (real - 86_400_000))).toBeLessThan(1_000);
  });

  test("outside the window: only what was never sent gets another one", async () => {
    await connected();
    let refusals = 1;
    hub.answer("message.send", (command, socket) =>
      refusals-- > 0 ? error("cid.outside_window", "never") : hub.reply(command, socket),
    );
    const sent = client.send(THREAD, "a");
    await after(10);
    expect(sent.status).toBe("sent");
    const [first, second] = hub.of("message.send");
    expect(second.cid).not.toBe(first.cid);
    let lost = true;
    hub.answer("message.send", (_, socket) => {
      if (!lost) return error("cid.outside_window", "never");
      lost = false;
      socket.break(1006);
      return null;
    });
    const unknown = client.send(THREAD, "b");
    await after(1_000);
    expect(unknown).toMatchObject({ status: "failed", error: { code: "cid.outside_window" } });
  });
});

describe("storage", () => {
  test("a message leaves only after it was stored", async () => {
    const storage = shelf();
    await connected({ storage });
    storage.fails = true;
    client.send(THREAD, "a");
    await after(900);
    expect(hub.of("message.send")).toEqual([]);
    storage.fails = false;
    await after(1_200);
    expect(bodies()).toEqual(["a"]);
    expect(storage.kept?.queue).toEqual([]);
  });

  test("the next run sends what the last one left, under the same cids and as the same device", async () => {
    const storage = shelf();
    hub.isDown = true;
    await connected({ storage });
    const left = ["a", "b"].map((body) => client.send(THREAD, body, { quote: 3, noReplyNeeded: true }).cid);
    await after(5);
    await client.close();
    hub.isDown = false;
    await connected({ storage });
    client.send(THREAD, "c");
    await after(10);
    expect(bodies()).toEqual(["a", "b", "c"]);
    expect(hub.of("message.send").slice(0, 2)).toMatchObject(left.map((cid) => ({ cid, quote: 3, no_reply_needed: true })));
    expect(hub.of("connect")[0].device).toBe(storage.kept?.device);
  });

  test("what waited for more than a day without being sent is given back", async () => {
    const message = { thread: THREAD, body: "old", at: Date.now() - 25 * 3_600_000 };
    const queue = [
      { ...message, cid: "0199c82c-c000-7123-8567-89abcdef0123" },
      { ...message, body: "maybe saved", cid: "0199c82c-c000-7123-8567-89abcdef0124", wasSent: true },
    ];
    await connected({ storage: shelf({ device: "phone", user: "u_ines", queue }) });
    await after(10);
    expect(bodies()).toEqual(["maybe saved"]);
    expect(told).toContain("old failed");
  });

  test("what somebody else left is neither sent nor kept", async () => {
    const queue = [{ thread: THREAD, body: "secret", at: Date.now(), cid: "0199c82c-c000-7123-8567-89abcdef0123" }];
    const storage = shelf({ device: "phone", user: "u_other", queue });
    await connected({ storage });
    await after(10);
    expect(bodies()).toEqual([]);
    expect(storage.kept).toMatchObject({ user: "u_ines", queue: [] });
  });

  test("logout leaves nothing", async () => {
    const storage = shelf();
    await connected({ storage });
    hub.answer("message.send", () => null);
    const sent = client.send(THREAD, "a");
    await after(5);
    await client.logout();
    expect(storage.kept).toBeUndefined();
    await expect(sent.settled()).rejects.toMatchObject({ code: "client.closed" });
  });
});

test("a queued message can be taken back, one that is under way cannot", async () => {
  await connected();
  hub.answer("message.send", () => null);
  const [first, second] = ["a", "b"].map((body) => client.send(THREAD, body)) as [Outgoing, Outgoing];
  await after(5);
  expect([first.discard(), second.discard()]).toEqual([false, true]);
  expect(client.outgoing).toEqual([first]);
});

test("a refused command is waited for within patience, and rejects beyond", async () => {
  await connected();
  let refusals = 2;
  hub.answer("job.list", () => (refusals-- > 0 ? error("unavailable", "later", { retry_after_ms: 100 }) : { jobs: [] }));
  const asked = client.verbs.job.list();
  await after(300);
  expect((await asked).jobs).toEqual([]);
  hub.refuse("job.list", "rate.commands", { retry: "later", retry_after_ms: 60_000, data: { need: 4 } });
  await expect(Promise.all([client.request("job.list"), after(10)])).rejects.toMatchObject({
    code: "rate.commands",
    retryAfterMs: 60_000,
    data: { need: 4 },
  });
});

test("verbs are commands: type, id and cid are filled in, also after a reconnection", async () => {
  await connected();
  hub.answer("invitation.accept", (_, socket) => {
    hub.answer("invitation.accept", () => ({ seq: 2, at: 1, state: "accepted", dup: false }));
    socket.break(1006);
    return null;
  });
  const answered = client.verbs.invitation.accept({ thread: THREAD, note: "Gladly" });
  await after(1_000);
  expect((await answered).state).toBe("accepted");
  const [first, again] = hub.of("invitation.accept");
  expect(again.cid).toBe(first.cid);
  expect(readCid(first.cid)).not.toBeNull();
});

test("an aborted call rejects with the signal's reason and leaves nothing behind", async () => {
  hub.isDown = true;
  await connected();
  const stop = new AbortController();
  const asked = client.request("ping", {}, { signal: stop.signal });
  stop.abort(new Error("enough"));
  await expect(asked).rejects.toThrow("enough");
  hub.isDown = false;
  await after(5_000);
  expect(hub.of("ping")).toEqual([]);
});
