/** What an application gives to a client and gets from it. */

import type { ClosedError, GreenroomError } from "./errors.js";
import type {
  AnnouncementPosted,
  AnyEvent,
  CheckedReply,
  Commands,
  HeldView,
  MetricsChanged,
  PolicyView,
  PresenceChanged,
  Reaction,
  ReceiptMoved,
  Row,
  ServerPush,
  Span,
  ThreadView,
  TopicNews,
  TypingChanged,
} from "./protocol.js";

/** `idle` until `connect`; `waiting` for the next attempt; `closed` is final: make another client. */
export type State = "idle" | "connecting" | "connected" | "waiting" | "closed";

export type Presence = "active" | "background" | "offline";

/** Why a token is asked for: none is there yet, the present one nears its end, or the server no longer takes it. */
export interface TokenRequest {
  readonly reason: "start" | "refresh" | "expired";
}

/** Gives a fresh token each time. Throw `UnauthorizedError` when nobody is signed in: the client closes for good. */
export type TokenSource = string | ((request: TokenRequest) => string | Promise<string>);

/** How frames travel. JSON is built in; `msgpack()` comes from `@greenroom/client/msgpack`. */
export interface Codec {
  readonly subprotocol: string;
  encode(value: unknown): string | Uint8Array<ArrayBuffer>;
  /** Throws when the bytes are no value. */
  decode(data: string | ArrayBuffer): unknown;
}

/** The part of the browser's WebSocket that is used; `ws` of Node and React Native's fit, too. */
export interface Socket {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}
export type SocketClass = new (url: string, protocols: string[]) => Socket;

/** A message that has no answer yet, in a form that can be stored. */
export interface QueuedMessage {
  thread: string;
  /** Names this message for ever; a repetition with the same `cid` is never sent twice. */
  cid: string;
  body: string;
  /** When it was written, UTC ms of this device. */
  at: number;
  seen?: number;
  quote?: number;
  auto?: boolean;
  noReplyNeeded?: boolean;
  /** It may have reached the server, so its `cid` must not change. */
  wasSent?: boolean;
}

/** What a client keeps on its device: who it is, and what has not been sent yet. */
export interface Kept {
  device: string;
  /** Whom the messages belong to; empty until the first connection. */
  user: string;
  queue: QueuedMessage[];
}

/** Keeps unsent messages over a restart. The client never needs more than these three. */
export interface ClientStorage {
  /** Gives what the last `save` kept; called once, before anything is sent. */
  load(): Promise<Kept | undefined>;
  /** Replaces what is kept; a message leaves only after this resolved. Reject to have it tried again. */
  save(kept: Kept): Promise<void>;
  /** Frees what `load` reserved. `wipe`: forget what is kept, too. */
  close?(wipe: boolean): Promise<void> | void;
}

/** What the device says about its network and about the application being looked at. */
export type Signal = "online" | "offline" | "foreground" | "background";
export type Signals = (listener: (signal: Signal) => void) => () => void;

export interface Timing {
  /** For the network and the WebSocket handshake together; 5,000. */
  connectTimeoutMs: number;
  /** For the answer to `connect`; 15,000. */
  answerTimeoutMs: number;
  /** Bounds of the pause before an attempt, until the server names others; 500 and 20,000. */
  reconnectMinMs: number;
  reconnectMaxMs: number;
  /** `request` waits for a refusal's `retry_after_ms` up to this long, and rejects beyond; 5,000. */
  patienceMs: number;
  /** In the background the connection is closed after this long, as mobile systems want it; Infinity. */
  backgroundCloseMs: number;
}

export interface ClientOptions {
  /** Where the hub listens: `wss://chat.example/ws`. */
  url: string;
  getToken: TokenSource;
  /** Stable name of this installation, at most 64 of `A-Z a-z 0-9 _ . -`; kept in `storage` without one. */
  device?: string;
  codec?: Codec;
  /** IndexedDB where it and Web Locks are, else memory; in the core always memory. */
  storage?: ClientStorage;
  /** The global one without it; Node 20 needs `ws`. */
  WebSocket?: SocketClass;
  /** The window's events where there is a window; in the core none. */
  signals?: Signals;
  /** `background`: nobody is looking, as of a bot. */
  presence?: "active" | "background";
  timing?: Partial<Timing>;
  /** Is told what goes wrong inside listeners and callbacks; `console.error` without it. */
  onError?: (error: unknown, where: string) => void;
}

/** `queued` until it is on a connection, `sending` until it is answered; the others are final. */
export type OutgoingStatus = "queued" | "sending" | "sent" | "held" | "bounced" | "failed";

/** A message of one's own on its way. */
export interface Outgoing {
  readonly thread: string;
  readonly cid: string;
  readonly body: string;
  readonly at: number;
  readonly quote: number;
  readonly status: OutgoingStatus;
  /** Its place in the thread once it is `sent`. */
  readonly seq: number;
  /** What the contact filter said, also about a message that was sent. */
  readonly policy: PolicyView | null;
  /** Name of the held message while it is `held`. */
  readonly held: string;
  /** Why it bounced or failed; `error.policy.spans` marks what the filter found, by code points of `body`. */
  readonly error: GreenroomError | null;
  /** Resolves when it is sent, held, bounced or failed; rejects with `ClosedError` when the client is closed first. */
  settled(): Promise<Outgoing>;
  /** Takes it back; true if it had not left yet. A bounced or failed one is dismissed. */
  discard(): boolean;
}

export interface SendOptions {
  /** Last `n` that was on screen; the live thread fills it in. */
  seen?: number;
  /** Seq of the message it answers to. */
  quote?: number;
  /** A program wrote it; it never counts as a response. */
  auto?: boolean;
  noReplyNeeded?: boolean;
}

/** What `client.on` tells, by name. */
export interface ClientEvents {
  state: { from: State; to: State; code?: number; reason: string };
  /** A row of the inbox grew. */
  row: Row;
  /** All rows were replaced: at the first connection, or when the position was lost. */
  snapshot: { complete: boolean };
  /** Everything missed while away has been given. */
  recovered: Record<never, never>;
  /** The next event of an open thread: in order, each once. Of unknown kinds, too. */
  event: { thread: string; epoch: number; event: AnyEvent };
  /** The next event of one's own log: Connects, badge, held messages, appeals. */
  own: AnyEvent;
  /** A thread's log lost its end; live threads read it again by themselves. */
  reset: { thread: string };
  /** An open thread may not be read any more. */
  gone: { thread: string; code: string };
  receipt: ReceiptMoved;
  typing: TypingChanged;
  presence: Pick<PresenceChanged, "user" | "state">;
  metrics: MetricsChanged;
  topic: TopicNews;
  announcement: AnnouncementPosted;
  /** One's own message moved on. */
  outgoing: Outgoing;
  /** A message was not delivered and belongs back into the composer: it bounced, failed, or its review ended so. */
  returned: { thread: string; body: string; code: string; message: Outgoing | null };
  /** Any push, before it is looked at. */
  push: ServerPush;
}

/** A value that changes: `get` what it is now, `subscribe` to be told; the same object until something changed. */
export interface Live<T> {
  get(): T;
  /** Calls back after each change, at most once per turn of the event loop; gives the way to end it. */
  subscribe(listener: (value: T) => void): () => void;
}

export type ItemStatus = OutgoingStatus | "delivered" | "read";

/** One line of a thread as a person sees it. */
export interface Item {
  /** Stays the same while an optimistic row becomes an event. */
  readonly key: string;
  /** 0 while it is not in the log. */
  readonly seq: number;
  readonly n: number;
  readonly at: number;
  /** User who caused it; empty for the marketplace or a timer. */
  readonly by: string;
  readonly isMine: boolean;
  /** Type of the event: `message.sent`, `invitation.sent`, `proposal.changed`... or one that is not known here. */
  readonly type: string;
  /** The text as it stands now: edited, masked, or empty when erased. Text, never markup. */
  readonly body: string;
  /** Parts of `body` that are placeholders, by code points. */
  readonly hidden: readonly Span[];
  readonly isEdited: boolean;
  readonly isErased: boolean;
  readonly quote: number;
  readonly reactions: readonly Reaction[];
  /** Of one's own items. */
  readonly status: ItemStatus | null;
  /** The event it came with; null while it is not in the log. */
  readonly event: AnyEvent | null;
  /** The message on its way; null once it is in the log. */
  readonly outgoing: Outgoing | null;
  /** What waits for a moderator, when this item does. */
  readonly held: HeldView | null;
}

export interface ThreadSnapshot {
  readonly thread: string;
  /** `gone`: it may not be read (`code` says why). */
  readonly status: "loading" | "ready" | "gone";
  readonly code: string;
  readonly row: Row | null;
  /** State, people with their marks, policy, grants, offer; read again whenever it may have changed. */
  readonly head: ThreadView | null;
  /** The log in order of seq, then what is in review, then what is on its way. */
  readonly items: readonly Item[];
  readonly hasOlder: boolean;
  /** Who is typing, user ids. */
  readonly typing: readonly string[];
  /** What belongs back into the composer until it is dismissed with `discard`. */
  readonly returned: readonly Outgoing[];
}

/** A thread on screen: it follows the log, repairs it, and shows one's own messages before they arrive. */
export interface Thread extends Live<ThreadSnapshot> {
  readonly id: string;
  send(body: string, options?: SendOptions): Outgoing;
  /** Reads the page below; says whether there is still more. */
  loadOlder(limit?: number): Promise<boolean>;
  /** Everything up to `n` (all, without it) was on screen. May be called as often as one likes. */
  markRead(n?: number): void;
  /** The person is typing; sent every few seconds at most. */
  typing(isTyping?: boolean): void;
  edit(seq: number, body: string): Promise<Commands["message.edit"]["reply"]>;
  erase(seq: number): Promise<Commands["message.erase"]["reply"]>;
  react(seq: number, emoji: string, on?: boolean): Promise<Commands["message.react"]["reply"]>;
  /** What would happen to a text; null when there is no answer worth showing (not connected, too fast). */
  check(body: string): Promise<CheckedReply["policy"] | null>;
  /** Reads head and held messages again. */
  refresh(): void;
  /** Ends following, once for each `client.thread(id)`. */
  close(): void;
}

export interface InboxItem {
  readonly row: Row;
  readonly unread: number;
  readonly isArchived: boolean;
  /** People, title, state, policy; null until it was read. */
  readonly head: ThreadView | null;
  /** The newest event that a person sees as an item; null until it was read, or when there is none. */
  readonly last: AnyEvent | null;
}

export interface InboxSnapshot {
  /** False before the first connection. */
  readonly isLoaded: boolean;
  /** The most recently changed first. */
  readonly items: readonly InboxItem[];
  readonly hasMore: boolean;
  /** Unread messages of all threads that are not archived or muted, whatever the filter. */
  readonly unread: number;
}

export interface InboxOptions {
  /** How many at first, and how many more with each `loadMore`; 30. */
  limit?: number;
  /** Which ones; without it those that are not archived. */
  filter?: (row: Row) => boolean;
  /** Read heads and newest messages of what is listed; true. */
  details?: boolean;
}

export interface Inbox extends Live<InboxSnapshot> {
  loadMore(): void;
  close(): void;
}

export interface RequestOptions {
  signal?: AbortSignal;
}

type Noun<K extends string> = K extends `${infer N}.${string}` ? N : never;
type Verb<K extends string, N extends string> = K extends `${N}.${infer V}` ? V : never;
type Optional<T> = T extends unknown ? Omit<T, "type" | "id" | "cid"> & Partial<Pick<T, Extract<keyof T, "cid">>> : never;

/** The fields of a command; `type`, `id` and, unless given, `cid` are filled in. */
export type Fields<K extends keyof Commands> = Optional<Commands[K]["command"]>;
/** Commands without mandatory fields may be called without any. */
type Arguments<K extends keyof Commands> =
  Record<never, never> extends Fields<K>
    ? [fields?: Fields<K>, options?: RequestOptions]
    : [fields: Fields<K>, options?: RequestOptions];

export type Request = <K extends keyof Commands>(type: K, ...rest: Arguments<K>) => Promise<Commands[K]["reply"]>;

/** One function per command: `verbs.invitation.accept({thread})`. */
export type Verbs = {
  readonly [N in Noun<keyof Commands & string>]: {
    readonly [V in Verb<keyof Commands & string, N>]: `${N}.${V}` extends infer K extends keyof Commands
      ? (...rest: Arguments<K>) => Promise<Commands[K]["reply"]>
      : never;
  };
};

/** A client without live values: what `@greenroom/client/core` makes. */
export interface CoreClient {
  readonly state: State;
  /** Whom the token names; empty before the first connection. */
  readonly user: string;
  /** Why it is closed. */
  readonly closedBy: ClosedError | null;
  /** The inbox as far as it is known: every thread's row, by its id. */
  readonly rows: ReadonlyMap<string, Row>;
  /** One's own messages that have no answer, oldest first, those of an earlier run included. */
  readonly outgoing: readonly Outgoing[];
  /** Presence of watched users, as last told. */
  readonly presence: ReadonlyMap<string, Presence>;
  /** The server's clock, UTC ms; the device's before the first connection. */
  now(): number;

  on<K extends keyof ClientEvents>(name: K, listener: (event: ClientEvents[K]) => void): () => void;

  /** Begins to connect and stays connected; resolves at the first connection, rejects with `ClosedError`. */
  connect(): Promise<void>;
  /** Tries at once instead of waiting: for a "try again" button. */
  retryNow(): void;
  /** Ends everything; unsent messages stay for the next start where the storage keeps them. */
  close(): Promise<void>;
  /** Ends everything and leaves nothing on the device. */
  logout(): Promise<void>;

  /** Puts a message into the outbox and returns at once. Throws `GreenroomError` for a text that cannot be sent. */
  send(thread: string, body: string, options?: SendOptions): Outgoing;

  /** Sends any command that has a reply, now or when connected, and again after a reconnection. */
  readonly request: Request;
  readonly verbs: Verbs;
  /** Replaces the users whose presence is told; kept over reconnections. */
  watch(users: readonly string[]): Promise<void>;
  /** Replaces the topics whose news are told; kept over reconnections. */
  watchTopics(topics: readonly string[]): Promise<Commands["topic.watch"]["reply"]>;
  /** Says whether a person is looking; `signals` do it by themselves. */
  setPresence(presence: "active" | "background"): void;
  /** A new id for a command that is to be repeated by hand. */
  newCid(): string;
}

export interface Client extends CoreClient {
  /** Opens a live thread; every call needs a `close`. */
  thread(id: string): Thread;
  /** Opens a live inbox. */
  inbox(options?: InboxOptions): Inbox;
}
