/**
 * Runs clients for a test that is written in another language: one JSON object per line in, one per line out.
 *
 * In: `{id, client, do, ...}`. Out: `{id, result}` or `{id, error}` for each, `{client, event, data}` for what clients
 * tell, and `{client, token: reason, id}` when a token is wanted, answered by `{answer: id, value | unauthorized}`.
 */

import { createInterface } from "node:readline";
import { WebSocket } from "ws";
import { createClient, memoryStorage, UnauthorizedError } from "../../dist/index.js";
import { msgpack } from "../../dist/msgpack.js";

const TOLD = ["state", "snapshot", "recovered", "event", "own", "reset", "gone", "receipt", "typing", "presence", "returned"];
const clients = new Map();
const answers = new Map();
let asked = 0;

const write = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const plain = (outgoing) => ({
  cid: outgoing.cid,
  body: outgoing.body,
  status: outgoing.status,
  seq: outgoing.seq,
  error: outgoing.error && { code: outgoing.error.code, policy: outgoing.error.policy },
});

/** A storage that survives its client: what a second run of a program finds. */
const shelves = new Map();
function shelf(name) {
  return {
    load: async () => structuredClone(shelves.get(name)),
    save: async (kept) => void shelves.set(name, structuredClone(kept)),
    close: (wipe) => void (wipe && shelves.delete(name)),
  };
}

const acts = {
  make({ client: name, url, user, device, codec, storage, timing, broken }) {
    const phone = { signal: () => {} };
    const signals = (listener) => {
      phone.signal = listener;
      return () => {};
    };
    const client = createClient({
      url,
      device,
      codec: codec === "msgpack" ? msgpack() : undefined,
      storage: storage ? shelf(storage) : memoryStorage(),
      WebSocket,
      signals,
      timing: { reconnectMinMs: 20, reconnectMaxMs: 200, ...timing },
      onError: (error, where) => write({ client: name, event: "error", data: { where, message: String(error) } }),
      getToken: ({ reason }) =>
        new Promise((resolve, reject) => {
          const id = ++asked;
          answers.set(id, { resolve, reject });
          write({ client: name, token: reason, id, user });
        }),
    });
    for (const event of TOLD)
      client.on(event, (data) => {
        const { message: _, ...rest } = data;
        write({ client: name, event, data: rest });
      });
    client.on("outgoing", (outgoing) => write({ client: name, event: "outgoing", data: plain(outgoing) }));
    if (broken)
      for (const event of TOLD)
        client.on(event, () => {
          throw new Error("a listener of the application");
        });
    clients.set(name, { client, signal: (name) => phone.signal(name), threads: new Map() });
  },
  connect: ({ client }) => client.connect(),
  close: ({ client, wipe }) => (wipe ? client.logout() : client.close()),
  show({ client, threads, thread }) {
    threads.set(thread, client.thread(thread));
  },
  hide({ threads, thread }) {
    threads.get(thread).close();
    threads.delete(thread);
  },
  snapshot({ threads, thread }) {
    const { items, returned, ...rest } = threads.get(thread).get();
    return {
      ...rest,
      items: items.map(({ event: _, outgoing, held, ...item }) => ({ ...item, held: held?.held ?? outgoing?.held ?? "" })),
      returned: returned.map(plain),
    };
  },
  send: ({ client, threads, thread, body, options }) => plain(threads.get(thread)?.send(body, options) ?? client.send(thread, body, options)),
  async settled({ client, cid }) {
    const outgoing = client.outgoing.find((other) => other.cid === cid);
    return outgoing ? plain(await outgoing.settled()) : null;
  },
  older: ({ threads, thread, limit }) => threads.get(thread).loadOlder(limit),
  read: ({ threads, thread, n }) => threads.get(thread).markRead(n),
  type: ({ threads, thread, on }) => threads.get(thread).typing(on),
  dismiss({ threads, thread }) {
    for (const outgoing of threads.get(thread).get().returned) outgoing.discard();
  },
  request: ({ client, type, fields }) => client.request(type, fields),
  watch: ({ client, users }) => client.watch(users),
  verb: ({ client, noun, verb, fields }) => client.verbs[noun][verb](fields),
  rows: ({ client }) => [...client.rows.values()],
  outgoing: ({ client }) => client.outgoing.map(plain),
  signal: ({ signal, name }) => signal(name),
  stored: ({ storage }) => shelves.get(storage) ?? null,
};

createInterface({ input: process.stdin }).on("line", async (line) => {
  const command = JSON.parse(line);
  if (command.answer) {
    const { resolve, reject } = answers.get(command.answer);
    answers.delete(command.answer);
    if (command.unauthorized) reject(new UnauthorizedError("signed out"));
    else resolve(command.value);
    return;
  }
  const { id, do: act, ...rest } = command;
  try {
    const held = act === "make" ? {} : (clients.get(rest.client) ?? {});
    write({ id, result: (await acts[act]({ ...rest, ...held })) ?? null });
  } catch (error) {
    write({ id, error: { name: error.name, code: error.code, message: error.message, closeCode: error.closeCode } });
  }
});
