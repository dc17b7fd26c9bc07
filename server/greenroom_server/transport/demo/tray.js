// What one can open above the two sides, one thing at a time: a heading's button shows and hides it.

import { button, el, fill, hiddenText } from "./elements.js";
import { count } from "./words.js";

export class Tray {
  #opened = "";

  /** `panels`: {name: {label, view: {element, open()}}}. */
  constructor(panels) {
    this.panels = panels;
    this.buttons = el("div", { class: "tray-buttons" });
    this.element = el("div", { class: "trays" });
    for (const [name, panel] of Object.entries(panels)) {
      const id = `tray-${name}`;
      const note = el("span", {});
      const toggle = button([panel.label, note], () => this.#show(this.#opened === name ? "" : name), { class: "quiet", "aria-expanded": "false", "aria-controls": id });
      const region = el("section", { class: "tray", id, "aria-label": panel.label, hidden: true, on: { keydown: (event) => this.#key(event, toggle) } }, panel.view.element);
      Object.assign(panel, { toggle, region, note });
      this.buttons.append(toggle);
      this.element.append(region);
    }
  }

  #show(opened) {
    this.#opened = opened;
    for (const [name, { toggle, region, view }] of Object.entries(this.panels)) {
      region.hidden = name !== opened;
      toggle.setAttribute("aria-expanded", String(name === opened));
      if (name === opened) view.open();
    }
  }

  #key(event, toggle) {
    if (event.key !== "Escape") return;
    this.#show("");
    toggle.focus();
  }

  /** Show beside a heading how many wait. */
  count(name, waiting) {
    fill(this.panels[name].note, waiting > 0 && [el("span", { class: "badge", "aria-hidden": "true" }, waiting), hiddenText(`, ${count(waiting, "waits", "wait")}`)]);
  }
}
