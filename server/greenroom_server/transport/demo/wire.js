// One connection at a time to the hub: open, connect, ask and answer, notice silence, reconnect with full jitter.
// What the frames mean is not known here. See protocol/spec/client-guide.md.

const SUBPROTOCOL = "greenroom.v1.json";
const FINAL_CLOSES = new Set([1000, 1002, 1003, 1007, 1009]);
const TOKEN_EXPIRED = 4002;
const CONNECT_TIMEOUT_MS = 15_000;
const RETRY_MIN_MS = 250;
const LONGEST_WAIT_MS = 5_000; // a refusal that lasts longer is told to the person

export class Refusal extends Error {
  constructor(reply) {
    super(reply.message);
    this.code = reply.code;
    this.retry = reply.retry;
    this.retryAfterMs = reply.retry_after_ms ?? RETRY_MIN_MS;
    this.hint = reply.policy?.hint || reply.hint || "";
    this.policy = reply.policy ?? null;
    this.data = reply.data ?? null;
  }
}

export class Disconnected extends Error {}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Wire {
  #socket = null;
  #pending = new Map();
  #lastId = 0;
  #lastHeard = 0;
  #silenceMs = 35_000;
  #bound = 0.5;
  #limits = { reconnect_min_s: 0.5, reconnect_max_s: 20 };
  #retryTimer = 0;
  #refreshTimer = 0;
  #watchTimer = 0;
  #token = null;
  #live = Promise.withResolvers();

  /**
   * @param {string} url of the hub's socket
   * @param {() => Promise<{token: string}>} getToken rejects when none can be had now
   * @param {object} handlers `resume()` gives the position or undefined, `connected(reply)` takes what was missed,
   *   `push(frame)` one push, `state(name, detail)` is told: connecting, live, waiting, stopped.
   */
  constructor(url, getToken, handlers) {
    this.url = url;
    this.getToken = getToken;
    this.handlers = handlers;
    this.device = `demo-${crypto.randomUUID()}`;
    this.state = "stopped";
    this.offsetMs = 0;
    this.onOnline = () => this.state === "waiting" && this.#open();
  }

  start() {
    addEventListener("online", this.onOnline);
    this.#watchTimer = setInterval(() => this.#watch(), 1000);
    this.#open();
  }

  stop() {
    this.#end(1000, "");
  }

  /** Settles when commands can be sent. */
  ready() {
    return this.#live.promise;
  }

  /** Send a command and give its reply; rejects with Refusal, or with Disconnected when nobody knows. */
  ask(command) {
    if (this.state !== "live") return Promise.reject(new Disconnected());
    return this.#ask(command);
  }

  /** Send a command until it has an answer that stands for now. `isDone` may say that the answer came another way. */
  async act(command, isDone = () => false) {
    for (;;) {
      await this.#live.promise;
      if (isDone()) return null;
      try {
        return await this.ask(command);
      } catch (error) {
        if (error instanceof Refusal && (error.retry === "never" || error.retryAfterMs > LONGEST_WAIT_MS)) throw error;
        if (error instanceof Refusal) await pause(error.retryAfterMs * (1 + Math.random()));
      }
    }
  }

  /** Send a command that has no reply; it is lost when there is no connection. */
  tell(command) {
    if (this.state === "live") this.#send(command);
  }

  /** Drop this connection and open another. */
  reconnect() {
    const socket = this.#socket;
    if (!socket) return;
    this.#forget();
    socket.close(1000);
    this.#retry();
  }

  async #open() {
    clearTimeout(this.#retryTimer);
    this.#become("connecting");
    try {
      this.#token ??= (await this.getToken()).token;
    } catch {
      return this.#retry();
    }
    if (this.state !== "connecting") return;
    const socket = new WebSocket(this.url, SUBPROTOCOL);
    this.#socket = socket;
    this.#lastHeard = Date.now();
    const isMine = () => this.#socket === socket;
    socket.onopen = () => isMine() && this.#connect();
    socket.onmessage = (event) => isMine() && this.#receive(JSON.parse(event.data));
    socket.onclose = (event) => isMine() && this.#closed(event.code);
  }

  async #connect() {
    const command = { type: "connect", v: 1, token: this.#token, device: this.device, caps: ["typing", "presence"] };
    const resume = this.handlers.resume();
    if (resume) command.resume = resume;
    try {
      const reply = await this.#ask(command, (found) => this.#welcome(found));
      this.#scheduleRefresh(reply);
    } catch {
      this.#token = null; // the close that follows says the rest
    }
  }

  #welcome(reply) {
    this.offsetMs = reply.now - Date.now();
    this.#limits = reply.limits;
    this.#silenceMs = (reply.ping_s + reply.limits.pong_timeout_s) * 1000;
    this.#bound = reply.limits.reconnect_min_s;
    this.handlers.connected(reply);
    this.#become("live");
    this.#live.resolve();
  }

  #ask(command, onReply = null) {
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers();
    this.#pending.set(id, { resolve, reject, onReply });
    this.#send({ ...command, id });
    return promise;
  }

  #send(command) {
    this.#socket.send(JSON.stringify(command));
  }

  #receive(value) {
    this.#lastHeard = Date.now();
    for (const frame of Array.isArray(value) ? value : [value]) {
      if (frame.id === undefined) this.handlers.push(frame);
      else this.#answer(frame);
    }
  }

  #answer(reply) {
    const waiting = this.#pending.get(reply.id);
    if (!waiting) return;
    this.#pending.delete(reply.id);
    if (reply.type === "error") return waiting.reject(new Refusal(reply));
    waiting.onReply?.(reply); // before the frames behind it
    waiting.resolve(reply);
  }

  #closed(code) {
    this.#forget();
    if (code === TOKEN_EXPIRED) this.#token = null;
    if (FINAL_CLOSES.has(code) || (code >= 4500 && code <= 4999)) this.#end(code, code === 4505 ? "elsewhere" : "");
    else this.#retry();
  }

  #retry() {
    const delay = Math.random() * this.#bound * 1000;
    this.#bound = Math.min(this.#bound * 2, this.#limits.reconnect_max_s);
    this.#retryTimer = setTimeout(() => this.#open(), delay);
    this.#become("waiting");
  }

  #end(code, detail) {
    removeEventListener("online", this.onOnline);
    clearInterval(this.#watchTimer);
    clearTimeout(this.#retryTimer);
    const socket = this.#socket;
    this.#forget();
    if (socket && socket.readyState <= WebSocket.OPEN) socket.close(1000);
    this.#become("stopped", detail || String(code));
  }

  /** Drop the socket and everything that hangs on it. */
  #forget() {
    clearTimeout(this.#refreshTimer);
    if (this.state === "live") this.#live = Promise.withResolvers();
    this.#socket = null;
    for (const { reject } of this.#pending.values()) reject(new Disconnected());
    this.#pending.clear();
  }

  /** A dead connection does not say goodbye: silence ends it. */
  #watch() {
    if (!this.#socket) return;
    const limit = this.state === "live" ? this.#silenceMs : CONNECT_TIMEOUT_MS;
    if (Date.now() - this.#lastHeard >= limit) this.reconnect();
  }

  /** Replace the token when four fifths of its life are over. */
  #scheduleRefresh(reply) {
    const leftMs = reply.expires_at - (Date.now() + this.offsetMs);
    this.#refreshTimer = setTimeout(() => this.#refresh(), Math.max(1000, leftMs * 0.8));
  }

  async #refresh() {
    try {
      this.#token = (await this.getToken()).token;
      this.#scheduleRefresh(await this.ask({ type: "token.refresh", token: this.#token }));
    } catch {
      this.#token = null; // the next connection gets another one
    }
  }

  #become(state, detail = "") {
    this.state = state;
    this.handlers.state(state, detail);
  }
}
