// Times that run out. One timer moves all of them; an element that left the page is forgotten with it.

import { el } from "./elements.js";
import { fullTime, timeLeft } from "./words.js";

const TICK_MS = 1000;

function show(element) {
  const leftMs = Number(element.dataset.until) - Date.now() - Number(element.dataset.offset);
  const text = leftMs > 0 ? `${timeLeft(leftMs, 0)} left` : "time is up";
  if (element.textContent !== text) element.textContent = text;
}

/** How long something is still open, by the server's clock. */
export function countdown(until, session) {
  const offset = String(session.now() - Date.now());
  const element = el("time", {
    class: "countdown", role: "timer", "aria-live": "off", datetime: new Date(until).toISOString(), title: fullTime(until),
    data: { until: String(until), offset },
  });
  show(element);
  return element;
}

setInterval(() => document.querySelectorAll(".countdown").forEach(show), TICK_MS);
