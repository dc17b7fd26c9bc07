/** Line icons, drawn on 24 by 24. */

import { html, type TemplateResult } from "lit";

const PATHS = {
  chat: "M4 5h16v11H9l-5 4z",
  close: "M6 6l12 12M18 6L6 18",
  back: "M15 5l-7 7 7 7",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  send: "M5 12L4 4l17 8-17 8zM5 12h7",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  unlock: "M6 11h12v9H6zM8.5 11V7a3.5 3.5 0 0 1 6.6-1.6",
  clock: "M12 7v5l3 2M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z",
  shield: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM12 8v5M12 16h.01",
  check: "M5 12.5l4.5 4.5L19 7",
  twice: "M2 12.5l4.5 4.5L15 7M11 16l1.5 1L22 7",
  case: "M4 8h16v11H4zM9 8V5h6v3M4 13h16",
  flag: "M6 21V4h12l-3 4.5L18 13H6",
  star: "M12 4l2.4 5 5.6.8-4 3.9 1 5.5-5-2.7-5 2.7 1-5.5-4-3.9 5.6-.8z",
  key: "M8 12a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM11 13l8-8M16 8l3 3",
  reply: "M9 7L4 12l5 5M4 12h10c4 0 6 2 6 6",
  bolt: "M13 3L5 14h6l-1 7 8-11h-6z",
  down: "M12 5v14M6 13l6 6 6-6",
} as const;

export type Icon = keyof typeof PATHS;

export const icon = (name: Icon): TemplateResult =>
  html`<svg class="icon i-${name}" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]}></path></svg>`;
