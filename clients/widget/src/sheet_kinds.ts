/** What each sheet says and does. */

import type { Item } from "@greenroom/client";
import { html } from "lit";
import type { Feedback } from "./composer.js";
import { icon } from "./icons.js";
import { pieces, visible } from "./text.js";
import type { SheetKind, View } from "./view.js";
import type { Key } from "./words.js";

export interface Field {
  name: string;
  label: string;
  options?: [string, string][];
  area?: boolean;
  check?: boolean;
  required?: boolean;
  max?: number;
  mode?: string;
  pattern?: string;
  value?: string;
}
interface Entry {
  label: string;
  run: () => void;
  bad?: boolean;
}
export interface Sheet {
  title: string;
  text?: string;
  more?: unknown;
  entries?: Entry[];
  fields?: Field[];
  submit?: string;
  bad?: boolean;
  run?: (values: Record<string, string>) => Promise<unknown>;
  /** Said afterwards. */
  done?: string;
}

const DAY_MS = 86_400_000;
const DECLINE = ["not_interested", "not_available", "budget", "skills", "unclear_job", "asked_off_platform", "other"];
const END = ["not_a_fit", "hired_someone_else", "budget", "job_cancelled", "other"];
const SYSTEMS = ["code_host", "ads_analytics", "bookkeeping", "cloud_drive", "e_sign", "site_builder", "other"];
const CATEGORIES = ["spam", "scam", "off_platform", "harassment", "discrimination", "fraud_payment", "other"];
const EMOJI = ["👍", "❤️", "🎉"];

export function build(kind: SheetKind, about: unknown, view: View): Sheet {
  const { words, session } = view;
  const t = (key: Key) => words.t(key);
  const choices = (list: string, keys: string[]) => keys.map((key): [string, string] => [key, words.of(list, key)]);
  const note: Field = { name: "note", label: t("note"), area: true };
  const reasons = (keys: string[]): Field => ({ name: "reason", label: t("reason"), options: choices("r.", keys) });
  switch (kind) {
    case "menu":
      return { title: session.nameOf(session.peer?.user ?? "") || t("menu"), entries: menu(view) };
    case "message":
      return messageMenu(about as Item, view);
    case "bounce":
      return bounce(about as Feedback, view);
    case "appeal":
      return {
        title: t("ask_moderator"),
        text: t("appeal_text"),
        fields: [note],
        submit: t("ask"),
        run: ({ note: said }) => session.act("verdict.appeal", { cid: about as string, note: said }),
        done: t("appeal_done"),
      };
    case "held":
      return held(about as Item, view);
    case "decline":
      return { title: t("decline"), text: t("decline_text"), fields: [reasons(DECLINE), note], submit: t("decline"), run: (values) => session.act("invitation.decline", values) };
    case "endCandidacy":
      return { title: t("end_candidacy"), text: t("decline_text"), fields: [reasons(END), note], submit: t("decline"), bad: true, run: (values) => session.act("proposal.decline", values) };
    case "withdrawCandidacy":
      return { title: t("withdraw"), text: t("withdraw_text"), submit: t("withdraw"), bad: true, run: () => session.act("proposal.withdraw") };
    case "declineOffer":
      return { title: t("decline"), fields: [note], submit: t("decline"), run: (values) => session.act("offer.decline", values) };
    case "offer":
      return {
        title: t("offer_make"),
        fields: [
          { name: "amount", label: t("amount"), mode: "decimal", pattern: "[0-9]{1,12}([.][0-9]{1,2})?", max: 15 },
          { name: "currency", label: t("currency"), pattern: "[A-Z]{3}", max: 3, value: "EUR" },
          note,
        ],
        submit: t("send"),
        run: ({ amount, currency, note: said }) =>
          session.act("offer.send", { terms: { ...(said ? { note: said } : {}), ...(amount ? { amount, currency } : {}) } }),
      };
    case "access":
      return {
        title: t("access"),
        text: t("access_text"),
        fields: [
          { name: "holder", label: t("whose"), options: [["me", t("mine")], ["peer", t("theirs")]] },
          { name: "system", label: t("system"), options: choices("s.", SYSTEMS) },
          { name: "purpose", label: t("purpose"), required: true },
        ],
        submit: t("ask"),
        run: (values) => session.act("access.request", values),
      };
    case "report":
      return {
        title: t("report"),
        text: t("report_text"),
        fields: [{ name: "category", label: t("category"), options: choices("c.", CATEGORIES) }, { name: "note", label: t("what_happened"), area: true, max: 1000 }, { name: "block", label: t("block_too"), check: true }],
        submit: t("report"),
        bad: true,
        run: async ({ category, note: said, block }) => {
          await session.act("report.create", { category, note: said, block: !!block, target: (about as Item | null)?.seq ?? null });
          session.thread?.refresh();
        },
        done: t("done"),
      };
    case "block":
      return {
        title: t("block"),
        text: t("block_text"),
        submit: t("block"),
        bad: true,
        run: () => session.act("peer.block", { thread: undefined, user: session.peer!.user }).then(() => session.thread?.refresh()),
      };
    case "erase":
      return { title: t("erase"), text: t("erase_text"), submit: t("erase"), bad: true, run: () => session.thread!.erase((about as Item).seq) };
  }
}

/** What one can do in a conversation besides writing. */
function menu(view: View): Entry[] {
  const { words, session, snap } = view;
  const row = snap?.row;
  const isArchived = !!row && (row.archived_n ?? -1) >= row.n;
  const isMuted = !!row && (row.muted_until ?? 0) > view.now();
  const isBlocked = snap?.head?.policy.why_not === "peer.blocked";
  const entry = (key: Key, run: () => void, bad = false) => ({ label: words.t(key), run, bad });
  const sheet = (key: Key, kind: SheetKind, bad = false) => entry(key, () => view.sheet(kind), bad);
  const act = (key: Key, type: "thread.archive" | "thread.mute" | "peer.unblock", fields: object) =>
    entry(key, () => {
      view.closeSheet();
      void view.run(() => session.act(type, fields).then(() => session.thread?.refresh()));
    });
  const may = (command: string) => session.may(command);
  return [
    may("offer.send") && sheet("offer_make", "offer"),
    may("access.request") && sheet("access", "access"),
    view.mayAskToNotify && entry("notify", () => {
      view.notify();
      view.closeSheet();
    }),
    act(isMuted ? "unmute" : "mute", "thread.mute", { until: isMuted ? 0 : Math.floor(view.now() + DAY_MS) }),
    act(isArchived ? "unarchive" : "archive", "thread.archive", { on: !isArchived }),
    may("proposal.decline") && sheet("end_candidacy", "endCandidacy", true),
    may("proposal.withdraw") && sheet("withdraw", "withdrawCandidacy", true),
    sheet("report", "report", true),
    session.peer && (isBlocked ? act("unblock", "peer.unblock", { thread: undefined, user: session.peer.user }) : sheet("block", "block", true)),
  ].filter((one) => !!one);
}

function messageMenu(item: Item, view: View): Sheet {
  const { words, session, composer } = view;
  const mayWrite = session.may("message.send") || !!view.snap?.head?.policy.may_write;
  const entry = (key: Key, run: () => void, bad = false) => ({
    label: words.t(key),
    bad,
    run: () => {
      view.closeSheet();
      run();
    },
  });
  const isYoung = view.now() - item.at < 900_000;
  const react = (emoji: string) => {
    const mine = item.reactions.some((one) => one.emoji === emoji && one.users.includes(session.client.user));
    view.closeSheet();
    void view.run(() => session.thread!.react(item.seq, emoji, !mine));
  };
  return {
    title: words.t("actions"),
    more: html`<div class="emoji">${EMOJI.map((emoji) => html`<button type="button" aria-label=${emoji} @click=${() => react(emoji)}>${emoji}</button>`)}</div>`,
    entries: [
      mayWrite && entry("reply", () => {
        composer.answer(item);
        view.focusComposer();
      }),
      entry("copy", () => void navigator.clipboard?.writeText(item.body).then(() => view.say(words.t("copied")), () => {})),
      item.isMine && isYoung && mayWrite && entry("edit", () => {
        composer.edit(item);
        view.focusComposer();
      }),
      item.isMine && { label: words.t("erase"), bad: true, run: () => view.sheet("erase", item) },
      !item.isMine && { label: words.t("report"), bad: true, run: () => view.sheet("report", item) },
    ].filter((one) => !!one),
  };
}

/** Why a text was not sent, with the words that are meant, and what one can do about it. */
function bounce({ body, policy, code, message, cid, hint }: Feedback, view: View): Sheet {
  const { words } = view;
  const kinds = [...new Set((policy?.spans ?? []).map(({ kind }) => words.sentence(`kind.${kind}`)))].filter(Boolean);
  const marked = pieces(visible(body), policy?.spans).map(({ text, span }) => (span ? html`<mark class="refused told">${text}</mark>` : text));
  const step = view.instead(hint);
  const said = step ? "" : words.sentence(`hint.${hint}`);
  const isFinal = policy?.final;
  return {
    title: words.t("bounced"),
    text: words.sentence(code, message),
    more: html`<blockquote class="body" dir="auto">${marked}</blockquote>
      ${kinds.length ? html`<p class="found-kinds">${icon("shield")}${kinds.join(" · ")}</p>` : ""}
      <p class="text">${words.t(isFinal ? "bounce_final" : "bounce_text")} ${said}</p>`,
    entries: [
      { label: words.t("edit"), run: () => {
        view.closeSheet();
        view.focusComposer();
      } },
      ...(step ? [{ label: step.label, run: step.run }] : []),
      ...(cid && policy ? [{ label: words.t("ask_moderator"), run: () => view.sheet("appeal", cid) }] : []),
    ],
  };
}

function held(item: Item, view: View): Sheet {
  const { words, session, composer } = view;
  const waits = item.held;
  const name = waits?.held ?? item.outgoing?.held ?? "";
  const takeBack = async () => {
    await session.act("held.withdraw", { thread: undefined, held: name });
    item.outgoing?.discard();
    session.thread?.refresh();
    composer.give(item.body);
    view.focusComposer();
  };
  const code = waits?.code ?? item.outgoing?.policy?.code ?? "";
  return {
    title: words.t("held"),
    text: `${words.t("held_text")} ${waits ? words.t("held_until", { time: words.full(waits.expires_at) }) : ""}`,
    more: html`<blockquote class="body" dir="auto">${visible(item.body)}</blockquote><p class="text">${words.sentence(code)}</p>`,
    submit: words.t("take_back"),
    run: takeBack,
  };
}

