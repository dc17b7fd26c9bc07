/** What the widget says, in the person's language: its own strings, the sentences of codes, times and sums. */

import type en from "../locales/en.json";

export type Key = keyof typeof en;
type Table = Record<string, string>;
type Load = () => Promise<{ default: Table | string[] }>;
/** The build leaves the keys out of the files and puts them here. */
declare const KEYS: string;
type Params = Record<string, string | number>;

/** One file each; the build makes a chunk of every one. */
const STRINGS: Record<string, Load> = {
  ar: () => import("../locales/ar.json"),
  de: () => import("../locales/de.json"),
  en: () => import("../locales/en.json"),
  es: () => import("../locales/es.json"),
  fr: () => import("../locales/fr.json"),
  "hi-latn": () => import("../locales/hi-Latn.json"),
  pt: () => import("../locales/pt.json"),
  ru: () => import("../locales/ru.json"),
  tl: () => import("../locales/tl.json"),
  tr: () => import("../locales/tr.json"),
  uk: () => import("../locales/uk.json"),
  zh: () => import("../locales/zh.json"),
};
const SENTENCES: Record<string, Load> = {
  ar: () => import("../../../protocol/locales/ar.json"),
  de: () => import("../../../protocol/locales/de.json"),
  en: () => import("../../../protocol/locales/en.json"),
  es: () => import("../../../protocol/locales/es.json"),
  fr: () => import("../../../protocol/locales/fr.json"),
  "hi-latn": () => import("../../../protocol/locales/hi-Latn.json"),
  pt: () => import("../../../protocol/locales/pt.json"),
  ru: () => import("../../../protocol/locales/ru.json"),
  tl: () => import("../../../protocol/locales/tl.json"),
  tr: () => import("../../../protocol/locales/tr.json"),
  uk: () => import("../../../protocol/locales/uk.json"),
  zh: () => import("../../../protocol/locales/zh.json"),
};

/** The file for a language tag: the whole tag, then without its last parts, else English. */
export function fileOf(tag: string): string {
  const parts = tag.toLowerCase().replaceAll("_", "-").replace(/^fil\b/, "tl").split("-");
  for (; parts.length; parts.pop()) if (parts.join("-") in STRINGS) return parts.join("-");
  return "en";
}

export class Words {
  readonly dir: "ltr" | "rtl";
  readonly lang: string;
  #sentences: Table = {};
  #times = new Map<string, Intl.DateTimeFormat>();

  private constructor(
    tag: string,
    private readonly file: string,
    private readonly table: Table,
  ) {
    this.lang = file === "hi-latn" ? "hi-Latn" : /^en/i.test(tag) || file !== "en" ? safeTag(tag, file) : "en";
    this.dir = file === "ar" ? "rtl" : "ltr";
  }

  /** Reads a language's file; English where that fails. */
  static async read(tag: string): Promise<Words> {
    const file = fileOf(tag);
    const { default: strings } = await STRINGS[file]!().catch(() => STRINGS.en!());
    const isList = Array.isArray(strings);
    return new Words(tag, file, isList ? Object.fromEntries(KEYS.split(" ").map((key, i) => [key, strings[i]!])) : strings);
  }

  /** Reads the sentences of codes; until then, and where it fails, the server's English stands in. */
  async more(): Promise<void> {
    this.#sentences = (await SENTENCES[this.file]!()).default as Table;
  }

  t(key: Key, params: Params = {}): string {
    return fill(this.table[key] ?? "", params);
  }

  /** A word for something of an open list, such as `state.` and a state; the raw word where there is none. */
  of(list: string, key: string): string {
    return this.table[list + key] ?? key.replaceAll("_", " ");
  }

  /** The sentence of a code, else the one given. */
  sentence(code: string, fallback = "", params: Params = {}): string {
    return fill(this.#sentences[code] ?? fallback, params);
  }

  time = (at: number) => this.#format(at, { timeStyle: "short" });
  date = (at: number) => this.#format(at, { day: "numeric", month: "short" });
  full = (at: number) => this.#format(at, { dateStyle: "full", timeStyle: "short" });

  /** A day as a heading: today, yesterday, a weekday, a date. */
  day(at: number, now: number): string {
    const days = Math.round((startOfDay(now) - startOfDay(at)) / DAY);
    if (days === 0) return this.t("today");
    if (days === 1) return this.t("yesterday");
    const isNear = days > 1 && days < 7;
    const isOld = days > 300 || days < 0;
    return this.#format(at, isNear ? { weekday: "long" } : { day: "numeric", month: "long", ...(isOld ? { year: "numeric" } : {}) });
  }

  /** A moment in a list: the time of today, else the date. */
  brief(at: number, now: number): string {
    return startOfDay(at) === startOfDay(now) ? this.time(at) : this.date(at);
  }

  /** How long it is until then, by its two largest units. */
  left(ms: number): string {
    const s = Math.max(0, Math.floor(ms / 1000));
    const units: [number, string][] =
      s >= 86_400 ? [[Math.floor(s / 86_400), "day"], [Math.floor(s / 3600) % 24, "hour"]]
      : s >= 3600 ? [[Math.floor(s / 3600), "hour"], [Math.floor(s / 60) % 60, "minute"]]
      : s >= 60 ? [[Math.floor(s / 60), "minute"], [s % 60, "second"]]
      : [[s, "second"]];
    const shown = units.filter(([count], i) => !i || count);
    return shown.map(([count, unit]) => this.number(count, { style: "unit", unit, unitDisplay: "short" })).join(" ");
  }

  number(value: number, options: Intl.NumberFormatOptions = {}): string {
    return new Intl.NumberFormat(this.lang, options).format(value);
  }

  money(amount: string, currency: string): string {
    try {
      return this.number(Number(amount), { style: "currency", currency, trailingZeroDisplay: "stripIfInteger" } as Intl.NumberFormatOptions);
    } catch {
      return `${amount} ${currency}`;
    }
  }

  #format(at: number, options: Intl.DateTimeFormatOptions): string {
    const key = JSON.stringify(options);
    let format = this.#times.get(key);
    if (!format) this.#times.set(key, (format = new Intl.DateTimeFormat(this.lang, options)));
    return Number.isFinite(at) && Math.abs(at) < 8.64e15 ? format.format(at) : "";
  }
}

const DAY = 86_400_000;
export const startOfDay = (at: number): number => new Date(at).setHours(0, 0, 0, 0);
/** Parameters go in as they are; a parameter's own braces are not looked at again. */
const fill = (text: string, params: Params) => text.replace(/\{(\w+)\}/g, (whole, name: string) => `${params[name] ?? whole}`);

function safeTag(tag: string, file: string): string {
  try {
    const known = file === "tl" ? tag.replace(/^tl\b/i, "fil") : tag.replaceAll("_", "-");
    // a page says "en"; the person's browser knows which one
    const regional = globalThis.navigator?.languages?.find((one) => one.startsWith(`${known}-`));
    return Intl.getCanonicalLocales(regional ?? known)[0] ?? file;
  } catch {
    return file;
  }
}
