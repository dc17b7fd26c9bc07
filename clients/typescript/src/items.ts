/**
 * A thread's events as the lines that a person sees.
 *
 * Events come in order of seq. An amendment changes its target and is no line; every other event is one. A page of the
 * history shows what stands now, so the amendments in it were applied by the server. Source: protocol/spec/ordering.md.
 */

import type { AnyEvent, HeldView, Reaction, Span } from "./protocol.js";
import type { Item, Outgoing } from "./types.js";

const AMENDMENTS = new Set(["message.edited", "message.redacted", "message.erased", "message.reacted"]);

/** An item and the seq of the last change of its text. */
type Line = Item & { amended: number };

/** The fields that some kinds of events have; unknown kinds may have any. */
interface Loose {
  type: string;
  body?: string;
  note?: string;
  purpose?: string;
  hidden?: Span[];
  quote?: number;
  reactions?: Reaction[];
  edited_seq?: number;
}

const EMPTY: readonly never[] = [];
const BLANK = {
  seq: 0,
  n: 0,
  hidden: EMPTY,
  isEdited: false,
  isErased: false,
  reactions: EMPTY,
  status: null,
  event: null,
  outgoing: null,
  held: null,
  amended: 0,
};

function lineOf(event: AnyEvent, me: string): Line {
  const loose = event as Loose;
  const isMine = !!event.by && event.by === me;
  return {
    ...BLANK,
    key: (isMine && event.cid) || `${event.seq}`,
    seq: event.seq,
    n: event.n ?? 0,
    at: event.at,
    by: event.by ?? "",
    isMine,
    type: event.type,
    body: loose.body ?? loose.note ?? loose.purpose ?? "",
    hidden: loose.hidden ?? EMPTY,
    isEdited: !!loose.edited_seq,
    isErased: loose.type === "item.erased",
    quote: loose.quote ?? 0,
    reactions: loose.reactions ?? EMPTY,
    status: isMine ? "sent" : null,
    event,
    amended: loose.edited_seq ?? 0,
  };
}

/** The line of a message that is not in the log. */
export function pendingLine(outgoing: Outgoing, me: string): Item {
  const { cid, at, body, quote, status } = outgoing;
  return { ...BLANK, key: cid, at, by: me, isMine: true, type: "message.sent", body, quote, status, outgoing };
}

export function heldLine(held: HeldView, me: string): Item {
  const { cid, at, body } = held;
  return { ...BLANK, key: cid, at, by: me, isMine: true, type: "message.sent", body, quote: 0, status: "held", held };
}

function react(reactions: readonly Reaction[], emoji: string, user: string, isOn: boolean): Reaction[] {
  const others = (reaction: Reaction) => reaction.users.filter((other) => other !== user);
  const next = reactions.map((reaction) =>
    reaction.emoji !== emoji ? reaction : { emoji, users: [...others(reaction), ...(isOn ? [user] : [])] },
  );
  if (isOn && !next.some((reaction) => reaction.emoji === emoji)) next.push({ emoji, users: [user] });
  return next.filter((reaction) => reaction.users.length);
}

export class Items {
  /** In order of seq; a new array after each change. */
  list: readonly Line[] = [];
  #amendments: AnyEvent[] = [];

  constructor(private readonly me: () => string) {}

  clear(): void {
    this.list = [];
    this.#amendments = [];
  }

  /** Takes a page of the history. `since`: the last seq applied when it was asked for. */
  page(events: readonly AnyEvent[], since: number): void {
    const known = new Set(this.list.map((line) => line.seq));
    const fresh = events.filter((event) => !AMENDMENTS.has(event.type) && !known.has(event.seq));
    const lines = fresh.map((event) => lineOf(event, this.me()));
    this.list = [...lines, ...this.list].sort((a, b) => a.seq - b.seq);
    for (const event of this.#amendments) if (event.seq > since) this.#amend(event);
  }

  /** Takes the next event. */
  add(event: AnyEvent): void {
    if (!AMENDMENTS.has(event.type)) {
      this.list = [...this.list, lineOf(event, this.me())];
    } else {
      this.#amendments.push(event);
      this.#amend(event);
    }
  }

  /** Moves one's own lines to what the others have received and read. */
  marks(delivered: number, read: number): void {
    let list: Line[] | undefined;
    this.list.forEach((line, i) => {
      if (!line.isMine || !line.n) return;
      const status = line.n <= read ? "read" : line.n <= delivered ? "delivered" : "sent";
      if (status !== line.status) (list ??= [...this.list])[i] = { ...line, status };
    });
    if (list) this.list = list;
  }

  #amend(event: AnyEvent): void {
    if (!("target" in event)) return;
    const i = this.list.findIndex((line) => line.seq === event.target);
    const line = this.list[i];
    if (!line) return;
    const change = this.#change(line, event);
    if (change) this.list = this.list.map((other) => (other === line ? { ...line, ...change } : other));
  }

  #change(line: Line, event: AnyEvent): Partial<Line> | null {
    if (event.type === "message.reacted")
      return { reactions: react(line.reactions, event.emoji, event.by ?? "", event.on ?? true) };
    if (event.type === "message.erased")
      return { body: "", hidden: EMPTY, reactions: EMPTY, quote: 0, isErased: true, event: null };
    if ((event.type !== "message.edited" && event.type !== "message.redacted") || event.seq < line.amended || line.isErased)
      return null;
    const isEdited = line.isEdited || event.type === "message.edited";
    return { body: event.body, hidden: event.hidden ?? EMPTY, isEdited, amended: event.seq };
  }
}
