import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fileOf, Words, type Key } from "../src/words.js";

const folder = new URL("../locales/", import.meta.url);
const files = readdirSync(folder);
const read = (file: string) => JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Record<string, string>;
const english = read("en.json");
const sources = readdirSync(new URL("../src/", import.meta.url)).filter((name) => name.endsWith(".ts"));
const source = sources.map((name) => readFileSync(new URL(`../src/${name}`, import.meta.url), "utf8")).join("\n");
const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();

describe("locales", () => {
  it("are those of the contact filter", () => {
    expect(files.map((name) => name.replace(".json", ""))).toEqual(
      readdirSync(new URL("../../../protocol/locales/", import.meta.url)).map((name) => name.replace(".json", "")),
    );
  });
  it.each(files)("%s has every string, in order, with the same parameters", (file) => {
    const words = read(file);
    expect(Object.keys(words)).toEqual(Object.keys(english));
    for (const [key, text] of Object.entries(words)) {
      expect(text.trim(), key).toBe(text);
      expect(text, key).not.toBe("");
      expect(placeholders(text), key).toEqual(placeholders(english[key]!));
      expect(text, key).not.toMatch(/[<>\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
    }
  });
  it.each(files.filter((file) => file !== "en.json"))("%s is translated", (file) => {
    const same = Object.entries(read(file)).filter(([key, text]) => text === english[key]);
    expect(same.length, same.map(([key]) => key).join()).toBeLessThan(20);
  });
  it("have no string that nobody says", () => {
    const lists = ["state.", "r.", "g.", "s.", "c.", "l."];
    const unused = Object.keys(english).filter((key) => !lists.some((list) => key.startsWith(list)) && !new RegExp(`["'\`]${key.replace(".", "\\.")}["'\`]|\\b${key}: "|: "${key}"`).test(source));
    expect(unused.filter((key) => !["queued", "sending", "sent", "delivered", "read", "held", "connecting", "offline", "reconnecting"].includes(key))).toEqual([]);
  });
  it("are the only place of what is said", () => {
    const said = [...source.matchAll(/>\s*([A-Z][a-z]+(?: [a-z]+)*)\s*<\//g)].map(([, text]) => text);
    expect(said).toEqual([]);
  });
});

describe("words", () => {
  it.each([["de-AT", "de"], ["pt_BR", "pt"], ["fil-PH", "tl"], ["hi-Latn-IN", "hi-latn"], ["hi", "en"], ["../../x", "en"], ["", "en"]])("reads %s as %s", (tag, file) => {
    expect(fileOf(tag)).toBe(file);
  });
  it("fills parameters in once", async () => {
    const words = await Words.read("en");
    expect(words.t("typing", { name: "{n} <b>" })).toBe("{n} <b> is typing…");
    expect(words.of("state.", "brand_new")).toBe("brand new");
    expect(words.t("nothing" as Key)).toBe("");
  });
  it("says how long it is in two units", async () => {
    const words = await Words.read("de");
    expect(words.left(6 * 86_400_000 + 23 * 3_600_000)).toBe("6 Tg. 23 Std.");
    expect(words.left(-5)).toBe("0 Sek.");
    expect(words.dir).toBe("ltr");
    expect((await Words.read("ar-EG")).dir).toBe("rtl");
  });
  it("takes times and sums that are none", async () => {
    const words = await Words.read("en");
    expect(words.time(NaN)).toBe("");
    expect(words.full(9e99)).toBe("");
    expect(words.money("12", "not a currency")).toBe("12 not a currency");
  });
  it("has the sentences of codes", async () => {
    const words = await Words.read("fr");
    expect(words.sentence("peer.blocked", "English")).toBe("English");
    await words.more();
    expect(words.sentence("peer.blocked")).toBe("Les messages entre vous deux sont bloqués.");
  });
});
