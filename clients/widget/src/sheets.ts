/** What slides over the panel: menus, forms, explanations. Loaded when one is first opened. */

import type { AnyEvent } from "@greenroom/client";
import { html, nothing, type TemplateResult, unsafeCSS } from "lit";
import { build, type Field, type Sheet } from "./sheet_kinds.js";
import { dress } from "./dress.js";
import { icon } from "./icons.js";
import css from "./styles/sheet.css";
import { plain } from "./text.js";
import type { SheetKind, View } from "./view.js";

const style = unsafeCSS(css);
const running = new WeakSet<View>();

export function sheetView(kind: SheetKind, about: unknown, view: View): TemplateResult {
  dress(view.root, style);
  const made = build(kind, about, view);
  const { words } = view;
  return html`<div class="shade" @click=${(event: Event) => event.target === event.currentTarget && view.closeSheet()}>
    <div class="sheet" role="dialog" aria-labelledby="sheet-title" aria-describedby=${made.text ? "sheet-text" : nothing} @keydown=${trap}><form @submit=${(event: SubmitEvent) => submit(event, made, view)}>
      <div class="top"><h2 id="sheet-title"><bdi>${made.title}</bdi></h2>
        <button type="button" class="round" aria-label=${words.t("close")} @click=${() => view.closeSheet()}>${icon("close")}</button></div>
      ${made.text ? html`<p class="text" id="sheet-text">${made.text}</p>` : nothing} ${made.more ?? nothing}
      ${made.entries?.length
        ? html`<ul class="entries">${made.entries.map(({ label, run, bad }, i) => html`<li><button type="button" ?autofocus=${i === 0} class="choice ${bad ? "bad" : ""}" @click=${run}>${label}</button></li>`)}</ul>`
        : nothing}
      ${made.fields?.map((field, i) => fieldView(field, i === 0))}
      ${made.submit
        ? html`<div class="answers"><button class=${made.bad ? "danger" : "primary"} ?autofocus=${!made.fields?.length}>${made.submit}</button>
            <button type="button" class="quiet" @click=${() => view.closeSheet()}>${words.t("cancel")}</button></div>`
        : nothing}
    </form></div>
  </div>`;
}

function fieldView(field: Field, isFirst: boolean): TemplateResult {
  const { name, label, options, area, check, required = false, max = 500, value = "" } = field;
  if (check) return html`<label class="check"><input type="checkbox" name=${name} />${label}</label>`;
  const control = options
    ? html`<select name=${name} ?autofocus=${isFirst}>${options.map(([key, word]) => html`<option value=${key}>${word}</option>`)}</select>`
    : area
      ? html`<textarea name=${name} rows="3" dir="auto" maxlength=${max} ?required=${required} ?autofocus=${isFirst}></textarea>`
      : html`<input name=${name} dir="auto" maxlength=${max} ?required=${required} ?autofocus=${isFirst} inputmode=${field.mode ?? "text"} pattern=${field.pattern ?? nothing} value=${value} />`;
  return html`<label class="labelled"><span>${label}</span>${control}</label>`;
}

async function submit(event: SubmitEvent, made: Sheet, view: View): Promise<void> {
  event.preventDefault();
  if (running.has(view) || !made.run) return;
  running.add(view);
  const values = Object.fromEntries(new FormData(event.target as HTMLFormElement)) as Record<string, string>;
  const isDone = await view.run(() => made.run!(values));
  running.delete(view);
  if (!isDone) return;
  view.closeSheet();
  if (made.done) view.say(made.done);
}

/** Keeps the focus inside while it is open; Escape closes it further up. */
function trap(event: KeyboardEvent): void {
  if (event.key !== "Tab") return;
  const box = event.currentTarget as HTMLElement;
  const all = [...box.querySelectorAll<HTMLElement>("button, input, select, textarea, a[href]")];
  const at = all.indexOf((box.getRootNode() as ShadowRoot).activeElement as HTMLElement);
  const to = event.shiftKey ? (at <= 0 ? all.length - 1 : -1) : at === all.length - 1 ? 0 : -1;
  if (to < 0) return;
  event.preventDefault();
  all[to]?.focus();
}

/** Shows a message of a page that nobody looks at, where the person has allowed it. */
export function notifyOf(thread: string, event: AnyEvent, view: View): void {
  if (typeof Notification !== "function" || Notification.permission !== "granted") return;
  const item = view.session.inbox.get().items.find(({ row }) => row.thread === thread);
  const name = plain(item?.head?.participants.find(({ user }) => user === event.by)?.name || event.by || view.words.t("messages"));
  const shown = new Notification(view.words.t("notify_new", { name }), { body: plain((event as { body?: string }).body, 160), tag: `greenroom-${thread}` });
  shown.onclick = () => {
    window.focus();
    view.openThread(thread);
    shown.close();
  };
}
