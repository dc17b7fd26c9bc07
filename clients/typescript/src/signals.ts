/** What the browser says about the network and about being looked at. */

import type { Signals } from "./types.js";

/** Listens to the window; does nothing where there is none. */
export const browserSignals: Signals = (listener) => {
  const { document } = globalThis;
  if (!document || typeof addEventListener !== "function") return () => {};
  const stop = new AbortController();
  const on = (target: EventTarget, type: string, call: (event: Event) => void) =>
    target.addEventListener(type, call, { signal: stop.signal });
  on(globalThis, "online", () => listener("online"));
  on(globalThis, "offline", () => listener("offline"));
  on(document, "visibilitychange", () => listener(document.hidden ? "background" : "foreground"));
  // back from the page cache there is no visibilitychange, and the socket may be dead without a word
  on(globalThis, "pageshow", (event) => (event as PageTransitionEvent).persisted && listener("foreground"));
  if (document.hidden) listener("background");
  return () => stop.abort();
};
