// Making elements. Data becomes text nodes and attributes only; nothing here parses markup.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  lock: "M5 7V5a3 3 0 0 1 6 0v2 M3.5 7h9v6.5h-9z",
  unlock: "M5 7V5a3 3 0 0 1 5.7-1.3 M3.5 7h9v6.5h-9z",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z M8 4.8V8l2.2 1.6",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10z M10.6 10.6 14 14",
  back: "M10 3 5 8l5 5",
  send: "M2.5 8h10 M8.5 3.5 13 8l-4.5 4.5",
  check: "M3 8.5 6.5 12 13 4.5",
  briefcase: "M2.5 5.5h11v7.5h-11z M5.8 5.5V3.5h4.4v2",
  more: "M3.5 8h.01 M8 8h.01 M12.5 8h.01",
  user: "M8 8a2.8 2.8 0 1 0 0-5.6A2.8 2.8 0 0 0 8 8z M2.8 13.6c.5-2.6 2.6-4 5.2-4s4.7 1.4 5.2 4",
  key: "M5.2 11.6a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6z M7.6 7.4 13.4 3 M11 4.8l1.6 2",
  reply: "M6.5 3.5 2.5 7.5l4 4 M2.5 7.5h6a5 5 0 0 1 5 5",
  flag: "M4 14V2.8 M4 3.2h8l-1.8 2.9L12 9H4",
  coin: "M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11z M8 5.4v5.2 M6 7h4 M6 9h4",
  star: "M8 2.5l1.7 3.4 3.8.6-2.8 2.6.7 3.8L8 11.1l-3.4 1.8.7-3.8L2.5 6.5l3.8-.6z",
  bell: "M4 11V7.5a4 4 0 0 1 8 0V11l1 1.2H3z M6.8 14h2.4",
  shield: "M8 2 3 4v4c0 3 2.1 5 5 6 2.9-1 5-3 5-6V4z",
};

/** Make an element. `props`: `class`, `on` {event: handler}, `data` {name: value}, attributes; undefined ones are left out. */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (name === "on") for (const [type, handler] of Object.entries(value)) element.addEventListener(type, handler);
    else if (name === "data") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  append(element, children);
  return element;
}

/** Replace what is in an element. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

function append(element, children) {
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
}

/** Make a decorative icon. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Text for those who listen. */
export const hiddenText = (text) => el("span", { class: "visually-hidden" }, text);

export const button = (label, onClick, props = {}) => el("button", { type: "button", ...props, on: { click: onClick } }, label);

/** A button that looks like text and leads somewhere. */
export const link = (label, onClick, props = {}) => button(label, onClick, { class: "link", ...props });

/** A person's initials; the colour follows from the id. */
export function avatar(user, name, presence) {
  const initials = name.split(/\s+/).slice(0, 2).map((word) => [...word][0]).join("");
  const tone = [...user].reduce((sum, char) => sum + char.codePointAt(0), 0) % 6;
  const isHere = presence === "active" || presence === "background";
  return el(
    "span",
    { class: `avatar tone-${tone}`, "aria-hidden": "true" },
    initials,
    isHere && el("span", { class: "here" }),
  );
}

/** Cut a text into pieces by spans of code points: [{text, span}], span null for what lies between; of two nested spans the inner one. */
export function pieces(text, spans = []) {
  const points = [...text];
  const found = [];
  let at = 0;
  const isInside = (inner, outer) => inner.start >= outer.start && inner.end <= outer.end && inner.end - inner.start < outer.end - outer.start;
  const innermost = spans.filter((outer) => !spans.some((inner) => isInside(inner, outer)));
  for (const span of innermost.sort((a, b) => a.start - b.start)) {
    if (span.start < at) continue;
    if (span.start > at) found.push({ text: points.slice(at, span.start).join(""), span: null });
    found.push({ text: points.slice(span.start, span.end).join(""), span });
    at = span.end;
  }
  if (at < points.length) found.push({ text: points.slice(at).join(""), span: null });
  return found;
}

let made = 0;

/** An id that no other element has. */
export const freshId = (name) => `${name}-${(made += 1)}`;

/** A control with its label above; two halves stand side by side. */
export function field(label, control, isHalf = false) {
  control.id ||= freshId("field");
  return el("div", { class: isHalf ? "field half" : "field" }, el("label", { for: control.id }, label), control);
}
