/**
 * Keeps one session connected: asks for tokens, dials, waits with full jitter, until it is closed.
 *
 * There is one socket at a time: the old one is let go of, with its handlers, before another is opened.
 * Source: protocol/spec/connection.md.
 */

import { ClosedError, UnauthorizedError } from "./errors.js";
import { type Emitter, guarded } from "./emitter.js";
import type { ErrorReply } from "./protocol.js";
import { type AnyReply, type Fields, Session } from "./session.js";
import type { ClientEvents, Codec, Signal, Socket, SocketClass, State, Timing, TokenRequest, TokenSource } from "./types.js";

/** A connection that lived this long starts the back-off anew. */
const STABLE_MS = 10_000;
/** Pause after a token callback that failed while the old token still lives. */
const TOKEN_RETRY_MS = 5_000;
/** How soon a connection must answer that may have died unnoticed. */
const PROBE_MS = 3_000;
/** How long the server may take to close after it refused `connect`. */
const GOODBYE_MS = 2_000;
/** How long the token callback may take. */
const TOKEN_MS = 30_000;
/** Longest sleep of a timer; the platforms' own bound is 2^31 ms. */
const LONGEST_MS = 3_600_000;
/** Close codes below 4500 after which there is no reconnecting. */
const FINAL = new Set([1000, 1002, 1003, 1007, 1009]);

export interface ConnectionOptions {
  url: string;
  getToken: TokenSource;
  codec: Codec;
  WebSocket: SocketClass | undefined;
  timing: Partial<Timing>;
}

/** Who has commands of the application under way. */
export interface Listener {
  live(): void;
  lost(): void;
  ticked(now: number): void;
  due(): number;
  closed(error: ClosedError): void;
}

export class Connection {
  state: State = "idle";
  device = "";
  presence: "active" | "background" = "active";
  closedBy: ClosedError | null = null;
  readonly session: Session;
  readonly #options: ConnectionOptions;
  readonly #emitter: Emitter<ClientEvents>;
  readonly #listener: Listener;
  #socket: Socket | null = null;
  #token: string | null = null;
  #isAsking = false;
  #attempt = 0;
  #run = 0;
  #bounds: [number, number];
  #refusal: ErrorReply | null = null;
  #liveAt = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerDue = Infinity;
  /** When the present step has taken too long: the handshake, a pause, a probe. */
  #stepDue = Infinity;
  #step: () => void = () => {};
  #sleepDue = Infinity;

  constructor(
    options: ConnectionOptions,
    emitter: Emitter<ClientEvents>,
    listener: Listener,
  ) {
    this.#options = options;
    this.#emitter = emitter;
    this.#listener = listener;
    const { reconnectMinMs = 500, reconnectMaxMs = 20_000 } = options.timing;
    this.#bounds = [reconnectMinMs, reconnectMaxMs];
    this.session = new Session({
      send: (command) => this.#send(command),
      emit: (name, event) => emitter.emit(name, event),
      live: (reply) => {
        const { limits } = reply;
        const { timing } = options;
        if (limits) {
          this.#bounds[0] = timing.reconnectMinMs ?? limits.reconnect_min_s * 1000;
          this.#bounds[1] = timing.reconnectMaxMs ?? limits.reconnect_max_s * 1000;
        }
        this.#after(Infinity);
        this.#liveAt = this.now();
        this.#change("connected");
        listener.live();
      },
      refused: (error) => {
        this.#refusal = error; // the close that follows says the rest
        this.#after(GOODBYE_MS, () => this.#leave(error.code));
      },
      refreshToken: () => void this.#refresh(),
      reconnect: (reason) => this.#leave(reason),
    });
  }

  /** Monotonic ms. */
  now(): number {
    return performance.now();
  }

  /** Sends a command of the application on the live connection. */
  ask(type: string, fields: Fields, answer: (reply: AnyReply) => void): void {
    this.session.ask(type, fields, answer);
    this.arm();
  }

  tell(command: Fields): void {
    if (this.session.isLive) this.#send(command);
  }

  // -- the ladder ------------------------------------------------------------------------------------------------

  /** Dials now; any attempt under way is given up. */
  dial(): void {
    if (this.closedBy) return;
    const run = ++this.#run;
    this.#release();
    this.#change("connecting");
    this.#after(TOKEN_MS, () => this.#ended("no_token"));
    this.#getToken("start").then(
      (token) => {
        if (run === this.#run) this.#open(token);
      },
      (error: unknown) => {
        if (run !== this.#run) return;
        if (isUnauthorized(error)) return this.close("unauthorized");
        this.#emitter.report(error, "getToken");
        this.#ended("no_token");
      },
    );
  }

  #open(token: string): void {
    const { timing, url, codec } = this.#options;
    const WebSocket = this.#options.WebSocket ?? (globalThis.WebSocket as unknown as SocketClass);
    let socket: Socket;
    try {
      socket = new WebSocket(url, [codec.subprotocol]);
    } catch (error) {
      this.#emitter.report(error, "WebSocket");
      return this.#ended("no_socket");
    }
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    this.#after(timing.connectTimeoutMs ?? 5_000, () => this.#leave("connect_timeout"));
    socket.onopen = () => {
      const fields = { token, device: this.device, state: this.presence };
      this.#after(Infinity);
      this.session.connect(fields, this.now(), timing.answerTimeoutMs ?? 15_000);
      this.arm();
    };
    socket.onmessage = (event: { data: string | ArrayBuffer }) => this.#receive(event.data);
    socket.onerror = () => {}; // a close follows
    socket.onclose = (event: { code: number }) => this.#closed(event.code);
  }

  #receive(data: string | ArrayBuffer): void {
    const socket = this.#socket;
    const { report } = this.#emitter;
    guarded(report, "codec", () => {
      const value = this.#options.codec.decode(data);
      for (const frame of Array.isArray(value) ? value : [value])
        guarded(report, "a frame of the server", () => {
          // the frame before may have ended this connection
          if (socket === this.#socket) this.session.receive(frame, this.now());
        });
    });
    this.arm();
  }

  #send(command: Fields): void {
    try {
      this.#socket?.send(this.#options.codec.encode(command));
    } catch {
      // the socket is closing; the command goes again on the next one
    }
  }

  /** Ends the present connection from this side. */
  #leave(reason: string): void {
    if (this.#socket) this.#closed(1000, reason);
  }

  /** Says what the end of a connection means. */
  #closed(code: number, reason = ""): void {
    const refusal = this.#refusal;
    const isOurs = reason !== "";
    if (code === 4002 || refusal?.retry === "after_refresh") this.#dropToken();
    const isFinal = refusal ? refusal.retry === "never" || code >= 4500 : !isOurs && (FINAL.has(code) || code >= 4500);
    const why = reason || refusal?.code || `closed_${code}`;
    if (isFinal) return this.close(why, code);
    this.#ended(why, isOurs ? undefined : code);
  }

  #ended(reason: string, code?: number): void {
    this.#run += 1;
    this.#release();
    if (this.closedBy) return;
    if (this.now() - this.#liveAt >= STABLE_MS) this.#attempt = 0;
    this.#liveAt = Infinity;
    const [min, max] = this.#bounds;
    const pause = Math.random() * Math.min(max, min * 2 ** Math.min(this.#attempt++, 30));
    this.#after(pause, () => this.dial());
    this.#change("waiting", reason, code);
  }

  /** Lets go of the socket, whatever state it is in. */
  #release(): void {
    const socket = this.#socket;
    this.#refusal = null;
    if (!socket) return;
    this.#socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.onerror = () => {}; // `ws` throws an error that nobody listens to
    try {
      socket.close(1000);
    } catch {
      // it was never open
    }
    this.session.disconnected();
    this.#listener.lost();
  }

  close(reason: string, code?: number): void {
    if (this.closedBy) return;
    this.closedBy = new ClosedError(reason, code ?? null);
    this.#run += 1;
    this.#release();
    clearTimeout(this.#timer);
    this.#change("closed", reason, code);
    this.#listener.closed(this.closedBy);
  }

  #change(to: State, reason = "", code?: number): void {
    const from = this.state;
    this.state = to;
    if (from !== to) this.#emitter.emit("state", { from, to, reason, ...(code === undefined ? {} : { code }) });
  }

  // -- tokens ----------------------------------------------------------------------------------------------------

  async #getToken(reason: TokenRequest["reason"]): Promise<string> {
    const { getToken } = this.#options;
    const { session } = this;
    const isStale = this.now() >= session.clock.staleMs;
    if (typeof getToken === "function") {
      if (this.#token === null || isStale || reason === "refresh")
        this.#token = await getToken({ reason: reason === "start" && session.user ? "expired" : reason });
    } else if (this.#token === null) {
      if (session.clock.staleMs === -1) throw new UnauthorizedError("the token has expired or was refused");
      this.#token = getToken;
    }
    return this.#token;
  }

  /** Never uses the present token again. */
  #dropToken(): void {
    this.#token = null;
    this.session.clock.staleMs = -1;
  }

  async #refresh(): Promise<void> {
    if (typeof this.#options.getToken === "string" || this.#isAsking) return;
    this.#isAsking = true;
    const run = this.#run;
    try {
      const token = await this.#getToken("refresh");
      if (run === this.#run && this.session.isLive)
        this.session.ask("token.refresh", { token }, (reply) => {
          if (reply.type === "error") this.#retryRefresh();
          else this.session.clock.tokenEnds(reply.expires_at, this.now());
        });
    } catch (error) {
      if (isUnauthorized(error)) return this.close("unauthorized");
      this.#emitter.report(error, "getToken");
      this.#retryRefresh();
    } finally {
      this.#isAsking = false;
      this.arm();
    }
  }

  #retryRefresh(): void {
    this.session.clock.refreshMs = this.now() + TOKEN_RETRY_MS;
  }

  // -- time ------------------------------------------------------------------------------------------------------

  signal(signal: Signal): void {
    const { backgroundCloseMs = Infinity } = this.#options.timing;
    if (signal === "foreground" || signal === "background") {
      this.setPresence(signal === "foreground" ? "active" : "background");
      this.#sleepDue = signal === "background" ? this.now() + backgroundCloseMs : Infinity;
    }
    if (this.state === "idle" || this.closedBy) return;
    if (this.session.isLive) {
      if (signal !== "background") this.#probe();
    } else if (signal === "online" || signal === "foreground") this.retryNow();
    this.arm();
  }

  setPresence(state: "active" | "background"): void {
    if (this.presence === state) return;
    this.presence = state;
    if (this.session.isLive) this.ask("presence.set", { state }, () => {});
  }

  /** Starts the ladder again at its bottom, at once. */
  retryNow(): void {
    this.#attempt = 0;
    if (this.state === "waiting") this.dial();
    else if (this.session.isLive) this.#probe();
  }

  /** Asks a connection that may have died unnoticed. */
  #probe(): void {
    this.#after(PROBE_MS, () => this.#leave("silence"));
    this.ask("ping", {}, () => this.#after(Infinity));
  }

  #after(ms: number, step: () => void = () => {}): void {
    this.#stepDue = this.now() + ms;
    this.#step = step;
    this.arm();
  }

  /** Wakes up when something is due next. */
  arm(): void {
    if (this.closedBy) return;
    const due = Math.min(this.#stepDue, this.#sleepDue, this.session.due(), this.session.isLive ? this.#listener.due() : Infinity);
    if (due >= this.#timerDue) return;
    clearTimeout(this.#timer);
    this.#timerDue = due;
    this.#timer = setTimeout(() => this.#tick(), Math.min(Math.max(0, due - this.now()), LONGEST_MS));
  }

  #tick(): void {
    this.#timerDue = Infinity;
    const now = this.now();
    if (now >= this.#sleepDue) {
      // what mobile systems ask for: no socket in the background; coming back dials again
      this.#sleepDue = Infinity;
      this.#run += 1;
      this.#release();
      this.#after(Infinity);
      this.#change("waiting", "background");
    }
    if (now >= this.#stepDue) {
      const step = this.#step;
      this.#stepDue = Infinity;
      step();
    }
    if (this.#socket) this.session.tick(now);
    if (this.session.isLive) this.#listener.ticked(now);
    this.arm();
  }
}

/** By name: two copies of this package may be on one page. */
const isUnauthorized = (error: unknown): boolean => error instanceof Error && error.name === "UnauthorizedError";
