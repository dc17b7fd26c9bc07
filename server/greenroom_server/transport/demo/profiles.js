// A freelancer as clients see them: card, badge, response speed with what it rests on.

import { avatar, el, hiddenText, icon, link } from "./elements.js";
import { dayOf, speedWords } from "./words.js";

const HOUR = new Intl.NumberFormat(undefined, { minimumIntegerDigits: 2 });
const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** Response speed; a newcomer is new, not slow. */
export function speedBadge(speed, isBrief = false) {
  const words = speedWords(speed);
  const progress = words.isKnown
    ? null
    : el("div", { class: "progress", "aria-hidden": "true" }, Array.from({ length: speed.need }, (_, index) => el("i", { data: { done: String(index < speed.have) } })));
  return el(
    "div",
    { class: "speed", data: { known: String(words.isKnown) } },
    icon("clock"),
    el("div", {}, el("strong", {}, words.title), el("span", {}, isBrief ? words.brief : words.detail), progress),
  );
}

export function rate({ hourly_rate: amount, currency }) {
  if (amount === null) return null;
  const text = new Intl.NumberFormat(undefined, { style: "currency", currency, maximumFractionDigits: 0 }).format(amount);
  return el("p", {}, el("strong", {}, text), " / h");
}

/** Available, away, responsive: what a card says at a glance. */
export function standing(profile) {
  const { badge } = speedWords(profile.speed);
  return el(
    "div",
    { class: "chips" },
    profile.available && el("span", { class: "chip available" }, "Available now"),
    profile.away_until !== null && el("span", { class: "chip away" }, `Away until ${dayOf(profile.away_until)}`),
    badge && el("span", { class: "chip good" }, badge),
  );
}

/** The card of a profile. `onOpen` makes the name a link. */
export function card(profile, { onOpen, actions = [] } = {}) {
  return el(
    "article",
    { class: profile.available ? "card highlighted" : "card", "aria-label": profile.name },
    el(
      "header",
      {},
      avatar(profile.freelancer, profile.name),
      el("div", { class: "who" }, el("h3", {}, onOpen ? link(profile.name, onOpen) : profile.name), el("p", {}, profile.headline), standing(profile)),
      el("div", { class: "rate" }, hiddenText("Rate: "), rate(profile)),
    ),
    el("ul", { class: "skills", "aria-label": "Skills" }, profile.skills.map((skill) => el("li", {}, skill))),
    el("footer", {}, speedBadge(profile.speed, true), actions.length > 0 && el("div", { class: "buttons" }, actions)),
  );
}

const clock = (minutes) => `${HOUR.format(Math.floor(minutes / 60))}:${HOUR.format(minutes % 60)}`;

/** What a profile says beyond its card. */
export function details(profile) {
  const { speed, invitation_speed: invitations, hours } = profile;
  const rows = [
    ["First answers", speedWords(speed).detail],
    invitations && ["To invitations", speedWords(invitations).detail],
    ["Measured over", `${speed.window_days} days, ${speed.n_clients} clients${speed.n_open ? `, ${speed.n_open} still open` : ""}`],
    hours && ["Working hours", `${hours.shifts.map(({ day, begin, until }) => `${DAYS[day]} ${clock(begin)}–${clock(until)}`).join(", ")} (${hours.zone})`],
  ];
  return el("dl", { class: "facts" }, rows.filter(Boolean).map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text))));
}
