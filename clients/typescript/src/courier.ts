/** Carries the application's commands and messages over however many connections it takes. */

import { makeCid, randomBytes } from "./cid.js";
import { utf8Bytes, wellFormed } from "./codec.js";
import type { Connection } from "./connection.js";
import type { Emitter } from "./emitter.js";
import { type ClosedError, GreenroomError } from "./errors.js";
import { Outbox } from "./outbox.js";
import { OutgoingMessage } from "./outgoing.js";
import type { ErrorReply, SentReply } from "./protocol.js";
import { type AnyReply, DEFAULT_RETRY_MS, type Fields } from "./session.js";
import { memoryStorage } from "./storage.js";
import type { ClientEvents, ClientStorage, Codec, QueuedMessage, SendOptions } from "./types.js";

const SAVE_RETRY_MS = 1_000;
/** What has waited for longer is given back to the person instead of being sent. */
const TOO_OLD_MS = 86_400_000;
/** How often a command that is refused with `later` is sent. */
const ATTEMPTS = 4;
const BODY_CODE_POINTS = 10_000;
const BODY_BYTES = 32_768;
const FRAME_BYTES = 65_536;

interface Call {
  type: string;
  fields: Fields;
  isSent: boolean;
  resolve: (reply: AnyReply) => void;
  reject: (error: unknown) => void;
}

export class Courier {
  readonly outbox = new Outbox();
  /** Messages without an answer, by cid, oldest first. */
  readonly handles = new Map<string, OutgoingMessage>();
  /** Commands that are given again on each connection, by type: what is watched. */
  readonly standing = new Map<string, { fields: Fields; answer: (reply: AnyReply) => void }>();
  connection!: Connection;
  /** Messages that belong back into the composer. */
  readonly returned = new Set<OutgoingMessage>();
  /** Messages that wait for a moderator, by their held names. */
  readonly #held = new Map<string, OutgoingMessage>();
  /** What an earlier run left. */
  #left: OutgoingMessage[] = [];
  #storage: ClientStorage;
  readonly #codec: Codec;
  readonly #emitter: Emitter<ClientEvents>;
  readonly #patienceMs: number;
  readonly #calls = new Set<Call>();
  #user = "";
  #run = 0;
  #isPumping = false;
  #isWanted = false;

  constructor(
    storage: ClientStorage,
    codec: Codec,
    emitter: Emitter<ClientEvents>,
    patienceMs: number,
  ) {
    this.#storage = storage;
    this.#codec = codec;
    this.#emitter = emitter;
    this.#patienceMs = patienceMs;
  }

  // -- commands --------------------------------------------------------------------------------------------------

  /** Sends a command, now or when connected, until it is answered for good. */
  async request(type: string, fields: Fields, signal?: AbortSignal): Promise<AnyReply> {
    this.#check({ type, id: 0, ...fields });
    for (let attempt = 1; ; attempt++) {
      const reply = await this.#call(type, fields, signal);
      if (reply.type !== "error") return reply;
      const waitMs = reply.retry_after_ms ?? DEFAULT_RETRY_MS;
      if (reply.retry === "never" || attempt >= ATTEMPTS || waitMs > this.#patienceMs)
        throw new GreenroomError(reply.code, reply.message, reply);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  #call(type: string, fields: Fields, signal?: AbortSignal): Promise<AnyReply> {
    return new Promise((resolve, reject) => {
      const closed = this.connection.closedBy;
      if (closed) return reject(closed);
      if (signal?.aborted) return reject(signal.reason);
      const call: Call = { type, fields, isSent: false, resolve, reject };
      signal?.addEventListener("abort", () => {
        this.#calls.delete(call);
        reject(signal.reason);
      });
      this.#calls.add(call);
      this.#issue(call);
    });
  }

  #issue(call: Call): void {
    if (!this.connection.session.isLive || call.isSent) return;
    call.isSent = true;
    this.connection.ask(call.type, call.fields, (reply) => {
      this.#calls.delete(call);
      call.resolve(reply);
    });
  }

  #check(command: Fields): void {
    const data = this.#codec.encode(command);
    const bytes = typeof data === "string" ? utf8Bytes(data) : data.length;
    if (bytes > FRAME_BYTES - 32) throw new GreenroomError("bad_request.field", `The command takes ${bytes} bytes.`);
  }

  newCid(): string {
    return makeCid(Math.max(0, Math.floor(this.serverNow())), randomBytes(10));
  }

  serverNow(): number {
    const { offsetMs } = this.connection.session.clock;
    return offsetMs === null ? Date.now() : this.connection.now() + offsetMs;
  }

  // -- messages --------------------------------------------------------------------------------------------------

  /** Puts a message into the outbox. */
  send(thread: string, text: string, options: SendOptions): OutgoingMessage {
    const { closedBy } = this.connection;
    if (closedBy) throw closedBy;
    const body = wellFormed(text);
    const bytes = utf8Bytes(body);
    if (!body || bytes > BODY_BYTES || [...body].length > BODY_CODE_POINTS)
      throw new GreenroomError("bad_request.body", "A message needs between 1 and 10,000 characters (32 KiB).");
    const message: QueuedMessage = { ...options, thread, cid: this.newCid(), body, at: Date.now() };
    this.#check(commandOf(message, undefined));
    const handle = this.#takeIn(message);
    this.#moved(handle, {});
    this.pump();
    return handle;
  }

  #takeIn(message: QueuedMessage): OutgoingMessage {
    this.outbox.add(message);
    const handle = new OutgoingMessage(message, () => this.#discard(handle));
    this.handles.set(message.cid, handle);
    return handle;
  }

  #discard(handle: OutgoingMessage): boolean {
    if (!this.outbox.discard(handle.message)) return false;
    this.#finish(handle, "failed", new GreenroomError("client.discarded", "The message was taken back."), false);
    this.pump();
    return true;
  }

  /** Tells what became of a message. */
  #moved(handle: OutgoingMessage, change: Partial<OutgoingMessage>): void {
    Object.assign(handle, change);
    this.#emitter.emit("outgoing", handle);
  }

  #finish(handle: OutgoingMessage, status: "bounced" | "failed", error: GreenroomError, isReturned = true): void {
    this.handles.delete(handle.cid);
    const { thread, body } = handle;
    if (isReturned) this.returned.add(handle);
    handle.dismiss = () => {
      this.returned.delete(handle);
      this.#moved(handle, {});
    };
    this.#moved(handle, { status, error, policy: error.policy });
    handle.settle();
    if (isReturned) this.#emitter.emit("returned", { thread, body, code: error.code, message: handle });
  }

  /** A moderator, time or the person themselves ended the review of a message without delivering it. */
  rejected(held: string, code: string): void {
    const handle = this.#held.get(held);
    if (!this.#held.delete(held) || !handle) return;
    this.#finish(handle, "failed", new GreenroomError(code), code !== "held.withdrawn");
  }

  /** Stores what changed, then sends what is ready. */
  pump(): void {
    this.#isWanted = true;
    if (!this.#isPumping) void this.#pump();
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    while (this.#isWanted && !this.connection.closedBy) {
      await undefined; // whoever asked finishes first
      this.#isWanted = false;
      const run = this.#run;
      const { connection } = this;
      const ready = connection.session.isLive ? this.outbox.take(connection.now()) : [];
      while (!(await this.save()) && !this.connection.closedBy) await new Promise((resolve) => setTimeout(resolve, SAVE_RETRY_MS));
      if (run === this.#run) for (const [message, previous] of ready) this.#transmit(message, previous);
      else this.#isWanted = true; // they were put back, or a new connection waits for them
    }
    this.#isPumping = false;
  }

  #transmit(message: QueuedMessage, previous: string | undefined): void {
    const handle = this.handles.get(message.cid);
    if (!handle) return;
    const age = Date.now() - message.at;
    if (age > TOO_OLD_MS && !handle.mayBeSaved) {
      this.outbox.remove(message);
      this.#finish(handle, "failed", new GreenroomError("client.too_old", "This message has waited for more than a day."));
      return this.pump();
    }
    handle.mayBeSaved = true;
    this.#moved(handle, { status: "sending" });
    const { type, ...fields } = commandOf(message, previous);
    this.connection.ask(type as string, fields, (reply: AnyReply) => this.#answered(handle, reply));
  }

  #answered(handle: OutgoingMessage, reply: SentReply | ErrorReply): void {
    this.pump();
    const { message } = handle;
    if (reply.type !== "error") {
      this.outbox.accepted(message);
      this.handles.delete(message.cid);
      const { state: status, seq, policy = null } = reply;
      const held = status === "held" ? reply.mid : "";
      if (held) this.#held.set(held, handle);
      this.#moved(handle, { status, seq, policy, held });
      return handle.settle();
    }
    const refusal = this.outbox.refused(message, reply, this.connection.now());
    if (refusal === "retry" || refusal === "restamp") {
      handle.mayBeSaved = !!message.wasSent;
      if (refusal === "restamp") {
        this.handles.delete(message.cid);
        message.cid = this.newCid();
        this.handles.set(message.cid, handle);
      }
      return this.#moved(handle, { status: "queued" });
    }
    this.#finish(handle, refusal, new GreenroomError(reply.code, reply.message, reply));
  }

  // -- the device ------------------------------------------------------------------------------------------------

  /** Takes in what an earlier run left; gives the device's name. */
  async load(device: string | undefined): Promise<string> {
    let kept;
    try {
      kept = await this.#storage.load();
    } catch (error) {
      this.#emitter.report(error, "storage");
      this.#storage = memoryStorage(); // better than never sending anything
    }
    this.#user = kept?.user ?? "";
    // what was written since the start stands behind what is older
    const fresh = this.outbox.messages;
    for (const message of fresh) this.outbox.remove(message);
    this.#left = (kept?.queue ?? []).map((message) => this.#takeIn(message));
    for (const handle of this.#left) handle.mayBeSaved = !!handle.message.wasSent;
    for (const message of fresh) this.outbox.add(message);
    for (const handle of this.handles.values()) this.#emitter.emit("outgoing", handle);
    this.outbox.isDirty = true;
    return device ?? kept?.device ?? this.newCid();
  }

  /** Stores the outbox if it changed; says whether the storage is up to date. */
  async save(): Promise<boolean> {
    if (!this.outbox.isDirty) return true;
    this.outbox.isDirty = false;
    try {
      const { device, session } = this.connection;
      await this.#storage.save({ device, user: session.user || this.#user, queue: this.outbox.messages.map((message) => ({ ...message })) });
      return true;
    } catch (error) {
      this.outbox.isDirty = true;
      this.#emitter.report(error, "storage");
      return false;
    }
  }

  async end(wipe: boolean): Promise<void> {
    if (!wipe) await this.save();
    await this.#storage.close?.(wipe);
  }

  // -- what the connection tells ---------------------------------------------------------------------------------

  live(): void {
    const { user } = this.connection.session;
    for (const handle of this.#left) {
      if (!this.#user || this.#user === user || !this.handles.has(handle.cid)) continue;
      // somebody else signed in: what the other one left is neither theirs to send nor to see
      this.outbox.remove(handle.message);
      this.#finish(handle, "failed", new GreenroomError("client.other_user"), false);
    }
    this.#left = [];
    if (this.#user !== user) this.outbox.isDirty = true;
    this.#user = user;
    this.#run += 1;
    this.outbox.connectionChanged();
    for (const [type, { fields, answer }] of this.standing) this.connection.ask(type, fields, answer);
    for (const call of this.#calls) this.#issue(call);
    this.pump();
  }

  /** Keeps what has no answer for the next connection. */
  lost(): void {
    this.#run += 1;
    this.outbox.connectionChanged();
    for (const handle of this.handles.values()) if (handle.status === "sending") this.#moved(handle, { status: "queued" });
    for (const call of this.#calls) call.isSent = false;
  }

  ticked(now: number): void {
    this.outbox.looked = now;
    this.pump();
  }

  due(): number {
    return this.outbox.due();
  }

  closed(error: ClosedError): void {
    for (const call of this.#calls) call.reject(error);
    this.#calls.clear();
    for (const handle of this.handles.values()) handle.settle(error);
  }
}

function commandOf(message: QueuedMessage, previous: string | undefined): Fields {
  const { at: _, wasSent: __, noReplyNeeded, ...fields } = message;
  return {
    type: "message.send",
    ...fields,
    ...(noReplyNeeded ? { no_reply_needed: true } : {}),
    ...(previous ? { prev_cid: previous } : {}),
  };
}
