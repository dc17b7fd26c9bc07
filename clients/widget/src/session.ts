/** One person's connection and what is on screen of it: inbox, one thread, how the connection stands. */

import {
  type Client,
  type Commands,
  createClient,
  GreenroomError,
  type Inbox,
  type ParticipantView,
  type SpeedView,
  type Thread,
  type ThreadSnapshot,
  type TokenSource,
  UnauthorizedError,
} from "@greenroom/client";
import { plain } from "./text.js";

/** Silent this long, then a line; later with a button. */
const SILENT_MS = 3_000;
const IMPATIENT_MS = 10_000;

export type Bar = "" | "connecting" | "offline" | "reconnecting" | "closed";
/** What becomes known: it is drawn again, or told to the page. */
export interface Audience {
  changed(): void;
  told(name: string, detail: unknown): void;
}

export class Session {
  readonly client: Client;
  readonly inbox: Inbox;
  thread: Thread | null = null;
  /** What was read when the thread was opened; the line of new messages stands after it. */
  readN = 0;
  /** How long one has waited for the connection: not worth a word, a line, a button. */
  patience: 0 | 1 | 2 = 0;
  /** Response speed of people, as far as it was asked for. */
  readonly speeds = new Map<string, SpeedView | null>();
  readonly #audience: Audience;
  readonly #off: (() => void)[] = [];
  #timers: ReturnType<typeof setTimeout>[] = [];
  #wasLive = false;

  constructor(url: string, getToken: TokenSource, audience: Audience) {
    this.#audience = audience;
    const { changed, told } = audience;
    const client = createClient({ url, getToken, onError: (error) => told("error", error) });
    this.client = client;
    this.inbox = client.inbox();
    const redraw = () => changed();
    addEventListener("online", redraw);
    addEventListener("offline", redraw);
    this.#off.push(
      () => removeEventListener("online", redraw),
      () => removeEventListener("offline", redraw),
      this.inbox.subscribe(redraw),
      client.on("state", ({ to }) => this.#moved(to)),
      client.on("push", (push) => {
        if (push.type === "inbox.changed") for (const event of push.events ?? []) told("event", { thread: push.thread, event });
      }),
      client.on("metrics", () => this.speeds.clear()),
    );
    this.#wait();
    client.connect().then(
      () => told("ready", { user: client.user }),
      (error: unknown) => told("error", error),
    );
  }

  // -- the connection

  #moved(to: string): void {
    if (to === "connected") {
      this.#wasLive = true;
      this.#calm();
    } else if (to !== "closed" && !this.#timers.length) {
      this.#wait();
    }
    this.#audience.changed();
  }

  #wait(): void {
    const later = (patience: 1 | 2, ms: number) =>
      setTimeout(() => {
        this.patience = patience;
        this.#audience.changed();
      }, ms);
    this.#timers = [later(1, SILENT_MS), later(2, IMPATIENT_MS)];
  }

  #calm(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
    this.patience = 0;
  }

  /** What the bar above everything says. */
  get bar(): Bar {
    const { state } = this.client;
    if (state === "closed") return "closed";
    if (state === "connected") return "";
    if (navigator.onLine === false) return "offline";
    if (!this.patience) return "";
    return this.#wasLive ? "reconnecting" : "connecting";
  }

  // -- a thread

  open(id: string): void {
    if (this.thread?.id === id) return;
    this.leave();
    this.readN = this.client.rows.get(id)?.read ?? -1;
    this.thread = this.client.thread(id);
    this.#unfollow = this.thread.subscribe(() => this.#audience.changed());
  }

  #unfollow = () => {};

  leave(): void {
    this.#unfollow();
    this.thread?.close();
    this.thread = null;
  }

  get snap(): ThreadSnapshot | null {
    return this.thread?.get() ?? null;
  }

  get people(): readonly ParticipantView[] {
    return this.snap?.head?.participants ?? [];
  }

  /** The other one of the two the thread belongs to. */
  get peer(): ParticipantView | undefined {
    return peerOf(this.people, this.client.user, this.snap?.head?.role);
  }

  nameOf(user: string): string {
    const found = this.people.find((one) => one.user === user);
    return plain(found?.name || user);
  }

  may(command: string): boolean {
    return !!this.snap?.head?.policy?.actions?.includes(command);
  }

  /** Response speed of the other side, asked for once. */
  speedOf(user: string, role: string): SpeedView | null {
    const known = this.speeds.get(user);
    if (known !== undefined) return known;
    this.speeds.set(user, null);
    const { verbs } = this.client;
    const asked =
      role === "freelancer"
        ? verbs.profile.get({ freelancer: user }).then(({ profile }) => profile.speed)
        : verbs.client.get({ client: user }).then(({ client }) => client.speed);
    asked.then(
      (speed) => {
        this.speeds.set(user, speed);
        this.#audience.changed();
      },
      () => {},
    );
    return null;
  }

  /** Gives a command about this thread; rejects with `GreenroomError`. */
  act<K extends keyof Commands>(type: K, fields: object = {}): Promise<Commands[K]["reply"]> {
    return (this.client.request as (type: string, fields: object) => Promise<Commands[K]["reply"]>)(type, {
      thread: this.thread?.id,
      ...fields,
    });
  }

  end(wipe: boolean): Promise<void> {
    this.leave();
    this.#calm();
    for (const off of this.#off) off();
    this.inbox.close();
    return wipe ? this.client.logout() : this.client.close();
  }
}

export function peerOf(people: readonly ParticipantView[], me: string, role?: string): ParticipantView | undefined {
  const others = people.filter(({ user, is_member }) => user !== me && !is_member);
  return others.find((one) => role && one.role !== role) ?? others[0];
}

/** Asks an address of the page's own for a token: text, or JSON with `token`. */
export function tokensOf(endpoint: string): TokenSource {
  return async ({ reason }) => {
    const body = JSON.stringify({ reason });
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(endpoint, { method: "POST", credentials: "same-origin", headers, body });
    if (answer.status === 401 || answer.status === 403) throw new UnauthorizedError("not signed in");
    if (!answer.ok) throw new Error(`token: ${answer.status}`);
    const text = (await answer.text()).trim();
    return text.startsWith("{") ? String((JSON.parse(text) as { token: unknown }).token) : text;
  };
}

export const codeOf = (error: unknown): string => (error instanceof GreenroomError ? error.code : "");
