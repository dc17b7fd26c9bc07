/** The client without live threads and inboxes: one account on one device, connected for as long as it is open. */

import { json } from "./codec.js";
import { Connection } from "./connection.js";
import { Courier } from "./courier.js";
import { Emitter } from "./emitter.js";
import { type PresenceSnapshotReply, WITH_CID } from "./protocol.js";
import type { Fields } from "./session.js";
import { memoryStorage } from "./storage.js";
import type { ClientEvents, ClientOptions, CoreClient, Presence, Request, RequestOptions, Verbs } from "./types.js";

/** What live values need of a client. */
export interface Host {
  readonly client: CoreClient;
  readonly courier: Courier;
  readonly emitter: Emitter<ClientEvents>;
  readonly request: Request;
}

export function createHost(options: ClientOptions): Host {
  const { url, getToken, codec = json, WebSocket, timing = {} } = options;
  const emitter = new Emitter<ClientEvents>(options.onError ?? ((error, where) => console.error(`greenroom: ${where}`, error)));
  const courier = new Courier(options.storage ?? memoryStorage(), codec, emitter, timing.patienceMs ?? 5_000);
  const connection = new Connection({ url, getToken, codec, WebSocket, timing }, emitter, courier);
  courier.connection = connection;
  const { session } = connection;
  if (options.presence) connection.presence = options.presence;

  const presence = new Map<string, Presence>();
  let started: Promise<void> | undefined;
  let unlisten = () => {};

  const request = ((type: string, fields: Fields = {}, { signal }: RequestOptions = {}) => {
    const cid = WITH_CID.includes(` ${type} `) && !fields.cid ? { cid: courier.newCid() } : {};
    return courier.request(type, { ...fields, ...cid }, signal);
  }) as Request;

  emitter.on("presence", ({ user, state }) => presence.set(user, state));
  emitter.on("own", (event) => {
    if (event.type === "message.rejected") courier.rejected(event.held, event.code);
  });
  const present = (reply: PresenceSnapshotReply) => {
    presence.clear();
    for (const [user, state] of Object.entries(reply.users ?? {})) emitter.emit("presence", { user, state });
  };

  async function start(): Promise<void> {
    connection.device = await courier.load(options.device);
    const { signals } = options;
    if (signals && !connection.closedBy) unlisten = signals((signal) => connection.signal(signal));
    return new Promise((resolve, reject) => {
      const check = () => {
        if (connection.closedBy) reject(connection.closedBy);
        else if (session.isLive) resolve();
      };
      emitter.on("state", check);
      check();
      connection.dial();
    });
  }

  async function end(wipe: boolean): Promise<void> {
    connection.close("closed by the application");
    unlisten();
    await courier.end(wipe);
  }

  const client: CoreClient = {
    get state() {
      return connection.state;
    },
    get user() {
      return session.user;
    },
    get closedBy() {
      return connection.closedBy;
    },
    get rows() {
      return session.inbox.rows;
    },
    get outgoing() {
      return [...courier.handles.values()];
    },
    presence,
    now: () => courier.serverNow(),
    on: (name, listener) => emitter.on(name, listener),
    connect() {
      if (!started) {
        started = start();
        started.catch(() => {}); // nobody has to wait
      }
      return started;
    },
    retryNow: () => connection.retryNow(),
    close: () => end(false),
    logout: () => end(true),
    send: (thread, body, sendOptions = {}) => courier.send(thread, body, sendOptions),
    request,
    verbs: verbsOf(request),
    async watch(users) {
      const fields = { users: [...users] };
      courier.standing.set("presence.watch", { fields, answer: (reply) => reply.type !== "error" && present(reply) });
      present(await request("presence.watch", fields));
    },
    watchTopics(topics) {
      const fields = { topics: [...topics] };
      courier.standing.set("topic.watch", { fields, answer: () => {} });
      return request("topic.watch", fields);
    },
    setPresence: (state) => connection.setPresence(state),
    newCid: () => courier.newCid(),
  };
  return { client, courier, emitter, request };
}

/** One function per command, made from its name. */
function verbsOf(request: Request): Verbs {
  const call = request as (type: string, ...rest: unknown[]) => unknown;
  const names = (get: (name: string) => unknown) => new Proxy({}, { get: (_, name) => get(String(name)) });
  return names((noun) => names((verb) => (...rest: unknown[]) => call(`${noun}.${verb}`, ...rest))) as Verbs;
}
