// Text with its hidden parts as chips, and why they are hidden.

import { el, icon, pieces } from "./elements.js";
import { count, kindName } from "./words.js";

export function maskedText(text, hidden) {
  return pieces(text, hidden).map(({ text: piece, span }) =>
    span ? el("span", { class: "mask" }, icon("lock"), piece.replace(/^\[|\]$/g, "")) : piece,
  );
}

/** Which parts of one's own text were hidden, and why. */
export function whyHidden(hidden, policy) {
  const kinds = [...new Set(hidden.map(({ kind }) => kindName(kind)))].join(", ");
  const message = policy?.message || "Contact details can be shared once a contract starts.";
  return `${count(hidden.length, "part")} hidden (${kinds}). ${message}`;
}
