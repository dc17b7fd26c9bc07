import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createClient, GreenroomError, memoryStorage, UnauthorizedError } from "../src/index.js";
import type { Client, ClientOptions, State } from "../src/types.js";
import { ScriptedHub, THREAD } from "./support/hub.js";

let hub: ScriptedHub;
let client: Client;
let states: State[];
let errors: string[];

function make(options: Partial<ClientOptions> = {}): Client {
  client = createClient(hub.options({ onError: (_, where) => errors.push(where), ...options }));
  client.on("state", ({ to }) => states.push(to));
  return client;
}

async function connected(options: Partial<ClientOptions> = {}): Promise<Client> {
  make(options);
  void client.connect();
  await vi.advanceTimersByTimeAsync(5);
  expect(client.state).toBe("connected");
  return client;
}

const after = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(1_760_000_000_000);
  vi.spyOn(Math, "random").mockReturnValue(0.999);
  hub = new ScriptedHub();
  states = [];
  errors = [];
});

afterEach(async () => {
  await client.close();
  expect(hub.refusals).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("dialling", () => {
  test("one socket at a time, and connect alone comes first", async () => {
    make();
    const asked = client.request("ping");
    const ready = client.connect();
    await after(5);
    await ready;
    await asked;
    expect(hub.received.map((command) => command.type).slice(0, 2)).toEqual(["connect", "ping"]);
    expect(hub.sockets).toHaveLength(1);
    expect(states).toEqual(["connecting", "connected"]);
  });

  test("a handshake that is never answered is given up after five seconds", async () => {
    hub.isDeaf = true;
    make();
    void client.connect();
    await after(4_990);
    expect(client.state).toBe("connecting");
    await after(20);
    expect(client.state).toBe("waiting");
    expect(hub.socket.closedWith).toBe(1000);
  });

  test("a connect that is never answered is given up, too", async () => {
    hub.answer("connect", () => null);
    make();
    void client.connect();
    await after(15_010);
    expect(client.state).toBe("waiting");
  });

  test("pauses double from half a second to twenty, with full jitter", async () => {
    hub.isDown = true;
    make();
    void client.connect();
    const times: number[] = [];
    client.on("state", ({ to }) => to === "connecting" && times.push(performance.now()));
    await after(200_000);
    const pauses = times.slice(1).map((time, i) => Math.round((time - times[i]!) / 100) / 10);
    expect(pauses.slice(0, 7)).toEqual([0.5, 1, 2, 4, 8, 16, 20]);
    vi.mocked(Math.random).mockReturnValue(0);
    const before = hub.sockets.length;
    await after(25_000);
    expect(hub.sockets.length).toBeGreaterThan(before + 5);
  });

  test.each(["online", "foreground"] as const)("%s starts the ladder anew, at once", async (signal) => {
    hub.isDown = true;
    make();
    void client.connect();
    await after(60_000);
    hub.isDown = false;
    expect(client.state).toBe("waiting");
    hub.signal(signal);
    await after(5);
    expect(client.state).toBe("connected");
  });

  test("a connection that dies in silence is noticed after a heartbeat and ten seconds", async () => {
    await connected();
    hub.socket.isDead = true;
    await after(34_900);
    expect(client.state).toBe("connected");
    await after(200);
    expect(states.at(-1)).toBe("waiting");
  });

  test("a phone that wakes up asks, and drops what does not answer within three seconds", async () => {
    await connected();
    hub.signal("foreground");
    await after(10);
    expect(hub.of("ping")).toHaveLength(1);
    await after(4_000);
    expect(hub.sockets).toHaveLength(1);
    hub.socket.isDead = true;
    hub.signal("online");
    await after(3_600);
    expect(hub.sockets).toHaveLength(2);
    expect(client.state).toBe("connected");
  });

  test("in the background a phone closes its socket, and comes back at once", async () => {
    await connected({ timing: { backgroundCloseMs: 30_000 } });
    hub.signal("background");
    await after(30_100);
    expect(hub.socket.closedWith).toBe(1000);
    expect(hub.of("presence.set")).toMatchObject([{ state: "background" }]);
    await after(100_000);
    expect(hub.sockets).toHaveLength(1);
    hub.signal("foreground");
    await after(5);
    expect(client.state).toBe("connected");
    expect(hub.of("connect").at(-1)).toMatchObject({ state: "active", resume: { epoch: hub.epoch } });
  });
});

describe("ends", () => {
  test.each([1000, 1002, 1003, 1007, 1009, 4500, 4501, 4503, 4505, 4999])("%d is final", async (code) => {
    await connected();
    const asked = client.request("ping");
    hub.answer("ping", () => null);
    hub.socket.break(code);
    expect(client.closedBy).toMatchObject({ closeCode: code, code: "client.closed" });
    await asked.catch(() => {});
    await expect(client.request("ping")).rejects.toBeInstanceOf(GreenroomError);
    await after(60_000);
    expect(hub.sockets).toHaveLength(1);
  });

  test.each([1006, 1011, 1012, 4000, 4001, 4004, 4005, 4008, 4321])("%d reconnects and resumes", async (code) => {
    await connected();
    hub.append({ type: "message.sent", body: "before" });
    hub.socket.break(code);
    await after(600);
    expect(client.state).toBe("connected");
    expect(hub.of("connect")[1].resume).toEqual({ epoch: hub.epoch, mark: 1, threads: {} });
  });

  test("a draining server is left when it says so", async () => {
    await connected();
    hub.push({ type: "session.draining", reconnect_in_ms: 3_000 });
    await after(2_900);
    expect(hub.sockets).toHaveLength(1);
    await after(700);
    expect(hub.sockets).toHaveLength(2);
    expect(hub.sockets[0]!.closedWith).toBe(1000);
    expect(client.state).toBe("connected");
  });

  test("connect rejects when the client is closed first", async () => {
    hub.isDown = true;
    make();
    const ready = client.connect();
    const lost = expect(ready).rejects.toMatchObject({ code: "client.closed" });
    await after(100);
    await client.close();
    await lost;
  });
});

describe("tokens", () => {
  test("4002 asks for another one, and resumes with it", async () => {
    const reasons: string[] = [];
    await connected({ getToken: ({ reason }) => `token ${reasons.push(reason)}` });
    hub.socket.break(4002);
    await after(600);
    expect(reasons).toEqual(["start", "expired"]);
    expect(hub.of("connect").map((command) => command.token)).toEqual(["token 1", "token 2"]);
  });

  test("is renewed on the living connection after four fifths of its life", async () => {
    hub.tokenLifeMs = 100_000;
    const reasons: string[] = [];
    await connected({ getToken: ({ reason }) => `token ${reasons.push(reason)}` });
    const beats = setInterval(() => hub.push({ type: "heartbeat", now: Date.now() }), 20_000);
    await after(79_000);
    expect(reasons).toEqual(["start"]);
    await after(90_000);
    clearInterval(beats);
    expect(reasons).toEqual(["start", "refresh", "refresh"]);
    expect(hub.of("token.refresh")).toMatchObject([{ token: "token 2" }, { token: "token 3" }]);
    expect(hub.sockets).toHaveLength(1);
  });

  test("a callback that fails is asked again; one that says unauthorized ends the client", async () => {
    let fails = 3;
    make({
      getToken: () => {
        if (fails-- > 0) throw new Error("no network");
        return "token";
      },
    });
    void client.connect();
    await after(4_000);
    expect(client.state).toBe("connected");
    expect(errors).toEqual(["getToken", "getToken", "getToken"]);
    await client.close();
    make({ getToken: () => Promise.reject(new UnauthorizedError()) });
    await expect(client.connect()).rejects.toMatchObject({ reason: "unauthorized" });
    expect(client.state).toBe("closed");
  });

  test("a plain token lives once", async () => {
    await connected({ getToken: "only one" });
    hub.socket.break(1006);
    await after(600);
    expect(client.state).toBe("connected");
    hub.socket.break(4002);
    await after(1_100);
    expect(client.closedBy?.reason).toBe("unauthorized");
  });

  test("a refused connect tells its code, and ends when it may not be repeated", async () => {
    hub.answer("connect", (_, socket) => {
      setTimeout(() => socket.break(4500), 5);
      return { type: "error", code: "auth.bad_token", message: "", retry: "after_refresh" };
    });
    make();
    await expect(Promise.all([client.connect(), after(50)])).rejects.toMatchObject({ closeCode: 4500, reason: "auth.bad_token" });
  });
});

describe("listeners", () => {
  test("that throw are reported and change nothing", async () => {
    make();
    for (const name of ["state", "snapshot", "row", "push", "event"] as const)
      client.on(name, () => {
        throw new Error("mine");
      });
    void client.connect();
    await after(5);
    hub.append({ type: "message.sent", body: "hello" });
    expect(client.rows.get(THREAD)?.n).toBe(1);
    expect(errors).toEqual(expect.arrayContaining(["listener of state", "listener of snapshot", "listener of row"]));
  });

  test("unknown frames, kinds and fields, and garbage, are survived", async () => {
    await connected();
    const seen: unknown[] = [];
    client.on("event", ({ event }) => seen.push(event.type));
    const thread = client.thread(THREAD);
    await after(5);
    for (const frame of [{ type: "new.kind", x: [1] }, {}, null, 7, [], [null], { id: 99 }, { id: 1, type: "error" }]) hub.push(frame);
    hub.socket.onmessage?.({ data: "{not json" });
    hub.append({ type: "future.kind", shape: { of: ["any", null] } });
    hub.append({ type: "message.sent", body: "after", unknown: 1 });
    await after(5);
    expect(seen).toEqual(["future.kind", "message.sent"]);
    expect(thread.get().items.map((item) => item.type)).toEqual(["future.kind", "message.sent"]);
    expect(client.state).toBe("connected");
    thread.close();
  });
});

test("storage that fails to load is done without", async () => {
  const broken = { ...memoryStorage(), load: () => Promise.reject(new Error("private mode")) };
  await connected({ storage: broken });
  expect(errors).toEqual(["storage"]);
  const sent = client.send(THREAD, "hello");
  await after(5);
  expect(sent.status).toBe("sent");
});
