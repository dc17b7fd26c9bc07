// A button with a list of actions: arrow keys, Escape, and closing when the focus goes elsewhere.

import { button, el, fill } from "./elements.js";

/** `makeItems()` gives [{label, run, tone}] each time it opens; null entries are left out. `props` are those of the button. */
export function menu(label, makeItems, props = {}) {
  const list = el("div", { class: "menu-list", role: "menu", hidden: true });
  const close = (back = false) => {
    list.hidden = true;
    opener.setAttribute("aria-expanded", "false");
    if (back) opener.focus();
  };
  const item = ({ label: name, run, tone = "" }) =>
    button(name, () => {
      close(true);
      run();
    }, { class: tone, role: "menuitem", tabindex: "-1" });
  const open = () => {
    fill(list, makeItems().filter(Boolean).map(item));
    list.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    list.querySelector("button")?.focus();
  };
  const move = (event) => {
    const items = [...list.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" && !list.hidden) close(true);
    if (!step || !items.length) return;
    event.preventDefault();
    if (list.hidden) return open();
    items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
  };
  const left = (event) => !element.contains(event.relatedTarget) && close();
  const opener = button(label, () => (list.hidden ? open() : close()), { "aria-haspopup": "menu", "aria-expanded": "false", ...props });
  const element = el("div", { class: "menu", on: { keydown: move, focusout: left } }, opener, list);
  return element;
}
