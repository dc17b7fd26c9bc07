/** What the parts of the widget share: the element, as seen by those who draw for it. */

import type { ThreadSnapshot } from "@greenroom/client";
import type { Composer } from "./composer.js";
import type { Log } from "./log.js";
import type { Session } from "./session.js";
import type { Words } from "./words.js";

export type Page = "inbox" | "candidacies" | "thread";
/** What a sheet is about; the module of the sheets knows the rest. */
export type SheetKind =
  | "menu" | "message" | "bounce" | "appeal" | "held" | "access" | "decline" | "endCandidacy" | "withdrawCandidacy"
  | "declineOffer" | "offer" | "report" | "block" | "erase";

/** Parts that are loaded when they are first needed. */
export interface Parts {
  cards?: typeof import("./cards.js");
  sheets?: typeof import("./sheets.js");
  candidacies?: typeof import("./candidacies.js");
  conversation?: typeof import("./conversation.js");
}

export interface View {
  readonly words: Words;
  readonly session: Session;
  readonly snap: ThreadSnapshot | null;
  readonly log: Log;
  readonly composer: Composer;
  readonly parts: Parts;
  readonly page: Page;
  readonly mode: string;
  /** Keys of long messages that are shown whole. */
  readonly unfolded: ReadonlySet<string>;
  readonly canClose: boolean;
  /** The panel is open. */
  readonly isShown: boolean;
  readonly root: ParentNode;
  /** A line that goes away by itself. */
  readonly toast: string;
  readonly openSheet: { kind: SheetKind; about: unknown } | null;
  now(): number;
  redraw(): void;
  need(part: keyof Parts): void;
  unfold(key: string): void;
  sheet(kind: SheetKind, about?: unknown): void;
  closeSheet(): void;
  openThread(id: string): void;
  go(page: Page): void;
  close(): void;
  send(): void;
  say(text: string): void;
  fail(error: unknown): void;
  /** Does something that may be refused; what was refused is said. */
  run(work: () => Promise<unknown>): Promise<boolean>;
  focusComposer(): void;
  /** What a refusal proposes instead; null when nothing here does it. */
  instead(hint: string): { label: string; run: () => void } | null;
  notify(): void;
  readonly mayAskToNotify: boolean;
}
