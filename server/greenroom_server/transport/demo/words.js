// What the page says: states, kinds, times, speeds. The server sends codes; the sentences are here.

export const STATES = {
  direct: "Message",
  invited: "Invited",
  accepted: "Accepted",
  proposed: "Proposal",
  candidacy: "Interview",
  offer: "Offer",
  contract: "Contract",
  paused: "Paused",
  ended: "Ended",
  closed: "Closed",
};

export const KINDS = {
  email: "e-mail address",
  phone: "phone number",
  messenger: "messenger account",
  meeting_link: "meeting link",
  social: "social profile",
  website: "link",
  payment: "payment details",
  off_platform_request: "move elsewhere",
  address: "postal address",
  moderated: "taken out by a moderator",
};

export const NOTICES = {
  "notice.offplatform_risk":
    "Contact details can be shared from here on. What happens elsewhere is not protected, and payments stay here.",
  "notice.contact_reminder": "A reminder: contact details can be shared once a contract starts.",
};

export const KEEP_HERE = "This address is for giving access only. The conversation stays here.";

const REASONS = {
  not_interested: "Not interested",
  not_available: "No time at the moment",
  budget: "The budget does not fit",
  skills: "Not my field",
  unclear_job: "The job is not clear to me",
  asked_off_platform: "I was asked to move elsewhere",
  not_a_fit: "Not the right fit",
  hired_someone_else: "Somebody else was hired",
  job_cancelled: "The job is cancelled (Connects go back)",
  other: "Another reason",
};

const LABELS = {
  within_1h: "Usually answers within 1 h",
  within_4h: "Usually answers within 4 h",
  within_12h: "Usually answers within 12 h",
  within_24h: "Usually answers within a day",
  within_3d: "Usually answers within 3 days",
  over_3d: "Usually takes more than 3 days",
};

const OWED = {
  invitation: "Invitation",
  first: "First message",
  followup: "Follow-up, private",
  proposal: "Proposal",
  accept: "Acceptance",
};

const OUTCOMES = {
  open: "open",
  accepted: "accepted",
  declined: "declined",
  answered: "answered",
  unanswered: "not answered",
  withdrawn: "withdrawn",
  expired: "expired",
  excluded_quota: "not counted: enough from this client",
};

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

export const stateName = (state) => STATES[state] ?? state;
export const kindName = (kind) => KINDS[kind] ?? "contact";
export const reasonName = (reason) => REASONS[reason] ?? reason.replaceAll("_", " ");
export const owedName = (kind) => OWED[kind] ?? kind;
export const outcomeName = (outcome) =>
  OUTCOMES[outcome] ?? outcome.replace("excluded_", "not counted: ").replaceAll("_", " ");
export const count = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

export const timeOfDay = (at) => clock.format(at);
export const fullTime = (at) => full.format(at);
export const shortTime = (at, now) => (now - at < 12 * 3_600_000 ? clock : day).format(at);
export const dayOf = (at) => day.format(at);

export function duration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 86_400) {
    const minutes = Math.round(seconds / 60);
    const rest = minutes % 60;
    return rest && minutes < 600 ? `${Math.floor(minutes / 60)} h ${rest} min` : `${Math.round(minutes / 60)} h`;
  }
  return count(Math.round(seconds / 86_400), "day");
}

/** How long until a time: exact where it matters, days where it does not. */
export function timeLeft(until, now) {
  const seconds = Math.max(0, Math.floor((until - now) / 1000));
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  if (days >= 2) return hours ? `${days} days ${hours} h` : `${days} days`;
  if (seconds >= 3600) return `${days * 24 + hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

/** Response speed in words: {title, sample, brief, detail, isKnown, badge}. Unknown is never shown as slow. */
export function speedWords(speed) {
  if (speed.reason) {
    const sample = `${speed.have} of ${speed.need} answers so far`;
    return { title: "New here", sample, brief: sample, detail: sample, isKnown: false, badge: null };
  }
  const sample = count(speed.n, "answer");
  const median = speed.t50_s === null ? null : `median ${duration(speed.t50_s)}`;
  const rate = speed.rate24 === null ? null : `${Math.round(speed.rate24 * 100)} % within a day`;
  return {
    title: LABELS[speed.label] ?? "Answers",
    sample,
    brief: [sample, median].filter(Boolean).join(" · "),
    detail: [sample, median, rate].filter(Boolean).join(" · "),
    isKnown: true,
    badge: { responsive: "Responsive", very_responsive: "Very responsive" }[speed.badge] ?? null,
  };
}
