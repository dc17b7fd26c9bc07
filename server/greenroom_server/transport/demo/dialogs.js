// Questions that need an answer before something is done: a native dialog with a few fields.

import { button, el, field } from "./elements.js";
import { Problem } from "./refusals.js";

function control({ kind = "text", options = [], value = "", isHalf: _isHalf, name: _name, label: _label, ...rest }) {
  if (kind === "select") {
    return el("select", {}, options.map(([key, label]) => el("option", { value: key, selected: key === value }, label)));
  }
  if (kind === "area") {
    const area = el("textarea", { rows: "3", ...rest });
    area.value = value;
    return area;
  }
  if (kind === "check") return el("input", { type: "checkbox" });
  return el("input", { type: kind, value, ...rest });
}

const valueOf = (each) => (each.type === "checkbox" ? each.checked : each.value.trim());

/**
 * Ask in a dialog. `host` is the pane it belongs to. `what`: {title, text, fields: [{name, label, kind, options, value, isHalf,
 * ...attributes}], submit, tone: primary | danger, more: elements}. `run(values)` does it; a refusal is shown and the dialog stays.
 */
export function ask(host, { title, text, fields = [], submit, tone = "primary", more = [] }, run) {
  const controls = fields.map((each) => [each, control(each)]);
  const problem = new Problem();
  const confirm = submit && el("button", { class: tone }, submit);
  const heading = el("h3", {}, title);
  const lines = controls.map(([each, input]) =>
    each.kind === "check" ? el("label", { class: "check" }, input, each.label) : field(each.label, input, each.isHalf),
  );
  const onSubmit = async (event) => {
    event.preventDefault();
    confirm.disabled = true;
    problem.clear();
    try {
      await run(Object.fromEntries(controls.map(([each, input]) => [each.name, valueOf(input)])));
      dialog.close();
    } catch (error) {
      problem.show(error);
      confirm.disabled = false;
    }
  };
  const form = el(
    "form",
    { on: { submit: onSubmit } },
    heading,
    text && el("p", { class: "text" }, text),
    more,
    lines,
    problem.element,
    el("div", { class: "row" }, confirm, button(submit ? "Cancel" : "Close", () => dialog.close(), { class: "quiet" })),
  );
  const dialog = el("dialog", { class: "dialog", "aria-label": title, on: { close: () => dialog.remove(), hint: () => dialog.close() } }, form);
  host.append(dialog);
  dialog.showModal();
}
