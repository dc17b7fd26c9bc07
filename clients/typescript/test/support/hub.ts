/** A hub in memory, for scripts: sockets that can break, answers that can be replaced, a clock that the tests move. */

import type { AnyEvent, Row } from "../../src/protocol.js";
import type { ClientOptions, Signal, SocketClass } from "../../src/types.js";
import { type Frame, Machine } from "./machine.js";

export const THREAD = "t17_k3v9q2";
const seconds = () => performance.now() / 1000;

export class HubSocket {
  binaryType = "";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: (() => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  isOpen = false;
  /** Nothing passes any more, and nobody is told. */
  isDead = false;
  closedWith: number | undefined;
  readonly machine: Machine;
  readonly #opening: ReturnType<typeof setTimeout>;

  constructor(
    readonly hub: ScriptedHub,
    protocol: string,
  ) {
    this.machine = new Machine(protocol, seconds());
    hub.sockets.push(this);
    this.#opening = setTimeout(() => {
      if (hub.isDeaf || this.closedWith !== undefined) return;
      if (hub.isDown) return this.break(1006);
      this.isOpen = true;
      this.onopen?.();
    }, 1);
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.isDead || !this.isOpen) return;
    const { admitted, errors } = this.machine.receive(typeof data === "string" ? data : data.buffer, seconds());
    this.hub.refusals.push(...errors);
    for (const command of admitted) this.hub.take(command, this);
  }

  close(code?: number): void {
    this.closedWith ??= code ?? 1005;
    clearTimeout(this.#opening);
    this.isOpen = false;
  }

  /** The server or the network ends it. */
  break(code = 1006): void {
    if (this.closedWith !== undefined) return;
    this.isOpen = false;
    this.closedWith = code;
    this.onclose?.({ code });
  }

  push(frame: Frame): void {
    if (!this.isOpen || this.isDead) return;
    const data = this.machine.codec.encode(frame);
    this.onmessage?.({ data: typeof data === "string" ? data : data.buffer });
  }
}

type Answer = (command: Frame, socket: HubSocket) => Frame | null;

export class ScriptedHub {
  readonly sockets: HubSocket[] = [];
  readonly received: Frame[] = [];
  /** What a client did against the protocol; stays empty. */
  readonly refusals: Frame[] = [];
  /** Dialling fails; or is never answered. */
  isDown = false;
  isDeaf = false;
  epoch = 1_759_000_000_000;
  mark = 0;
  readonly rows = new Map<string, Row>();
  readonly logs = new Map<string, AnyEvent[]>();
  readonly signals = new Set<(signal: Signal) => void>();
  tokenLifeMs = 3_600_000;
  readonly #answers = new Map<string, Answer>();
  readonly #cids = new Map<string, Frame>();

  get socket(): HubSocket {
    return this.sockets.at(-1)!;
  }

  /** Options of a client of this hub. */
  options(more: Partial<ClientOptions> = {}): ClientOptions {
    const hub = this;
    class OwnSocket extends HubSocket {
      constructor(_url: string, [protocol]: string[]) {
        super(hub, protocol!);
      }
    }
    return {
      url: "ws://hub.test/ws",
      getToken: () => "token",
      WebSocket: OwnSocket as unknown as SocketClass,
      signals: (listener) => {
        this.signals.add(listener);
        return () => this.signals.delete(listener);
      },
      ...more,
    };
  }

  signal(signal: Signal): void {
    for (const listener of this.signals) listener(signal);
  }

  /** Replaces the answer to one type of command; null answers nothing. */
  answer(type: string, answer: Answer): void {
    this.#answers.set(type, answer);
  }

  refuse(type: string, code: string, more: Frame = {}): void {
    this.answer(type, () => ({ type: "error", code, message: "", retry: "never", ...more }));
  }

  take(command: Frame, socket: HubSocket): void {
    this.received.push(command);
    const known = this.#answers.get(command.type);
    const reply = known ? known(command, socket) : this.reply(command, socket);
    if (reply) socket.push({ type: command.type, id: command.id, ...reply });
  }

  of(type: string): Frame[] {
    return this.received.filter((command) => command.type === type);
  }

  /** Appends an event, and tells it unless `isTold` is false. */
  append(event: Frame, thread = THREAD, isTold = true): AnyEvent {
    const log = this.logs.get(thread) ?? [];
    this.logs.set(thread, log);
    const old = this.rows.get(thread);
    const seq = (log.at(-1)?.seq ?? 0) + 1;
    const isItem = ["message.sent", "invitation.sent"].includes(event.type);
    const n = (old?.n ?? 0) + (isItem ? 1 : 0);
    const whole = { seq, at: Date.now(), by: "u_maria", ...(isItem ? { n } : {}), ...event };
    log.push(whole);
    const state = event.state ?? old?.state ?? "candidacy";
    const row = { thread, mark: ++this.mark, epoch: this.epoch, seq, n, read: old?.read ?? 0, state, last_at: whole.at };
    this.rows.set(thread, row);
    if (isTold) this.push({ type: "inbox.changed", ...row, from: seq - 1, events: [whole] });
    return whole;
  }

  push(frame: Frame): void {
    for (const socket of this.sockets) if (socket.machine.state === "live") socket.push(frame);
  }

  reply(command: Frame, socket: HubSocket): Frame | null {
    switch (command.type) {
      case "connect": {
        socket.machine.connected(seconds() + this.tokenLifeMs / 1000);
        const recovered = command.resume?.epoch === this.epoch;
        const after = recovered ? command.resume.mark : 0;
        const named = Object.entries(recovered ? command.resume.threads : {}) as [string, { seq: number }][];
        return {
          ...{ v: 1, session: "s", user: "u_ines", now: Date.now(), expires_at: Date.now() + this.tokenLifeMs },
          ...{ ping_s: 25, caps: [], recovered, epoch: this.epoch, mark: this.mark, more: false, complete: true },
          rows: [...this.rows.values()].filter((row) => row.mark > after).sort((a, b) => a.mark - b.mark),
          threads: named.map(([thread, { seq }]) => this.page(thread, seq)),
          limits: { page_items: 300, reconnect_min_s: 0.5, reconnect_max_s: 20, pong_timeout_s: 10 },
        };
      }
      case "inbox.changes": {
        const rows = [...this.rows.values()].filter((row) => row.mark > command.mark);
        return { recovered: true, epoch: this.epoch, mark: this.mark, more: false, rows };
      }
      case "thread.history": {
        const { thread, before, after, limit = 50 } = command;
        if (after !== undefined) return { ...this.page(thread, after), more: false };
        const events = (this.logs.get(thread) ?? []).filter((event) => event.seq < (before ?? Infinity)).slice(-limit);
        const first = events[0]?.seq ?? 1;
        return { thread, epoch: this.epoch, after: first - 1, to: events.at(-1)?.seq ?? 0, events, more: first > 1 };
      }
      case "message.send": {
        const done = this.#cids.get(command.cid);
        if (done) return { ...done, dup: true };
        const event = this.append({ type: "message.sent", by: "u_ines", body: command.body, cid: command.cid }, command.thread);
        const sent = { mid: `${command.thread}.${event.seq}`, seq: event.seq, n: event.n, at: event.at, state: "sent", dup: false };
        this.#cids.set(command.cid, sent);
        return sent;
      }
      case "thread.get": {
        const policy = { may_write: true, why_not: "", actions: ["message.send"] };
        const participants = ["u_ines", "u_maria"].map((user) => ({ user, role: "client" }));
        return { ...this.rows.get(command.thread), role: "freelancer", participants, policy };
      }
      case "held.list":
        return { held: [] };
      case "thread.read":
        return { n: command.n };
      case "token.refresh":
        socket.machine.refreshed(seconds() + this.tokenLifeMs / 1000);
        return { expires_at: Date.now() + this.tokenLifeMs };
      case "presence.watch":
        return { users: Object.fromEntries(command.users.map((user: string) => [user, "active"])) };
      case "delivered":
      case "typing.set":
        return null;
      default:
        return { now: Date.now() };
    }
  }

  page(thread: string, after: number): Frame {
    const log = this.logs.get(thread) ?? [];
    const events = log.filter((event) => event.seq > after);
    return { thread, epoch: this.epoch, after, to: log.at(-1)?.seq ?? after, events };
  }
}
