import { describe, expect, it } from "vitest";
import { hue, initials, isAddress, links, pieces, plain, textOf, visible } from "../src/text.js";

const span = (start: number, end: number) => ({ start, end, kind: "email", reason: "" });

describe("pieces", () => {
  it("counts code points, not units", () => {
    expect(pieces("😀 a@b.de!", [span(2, 8)]).map(({ text }) => text)).toEqual(["😀 ", "a@b.de", "!"]);
  });
  it("leaves out what overlaps or lies outside", () => {
    expect(pieces("abcdef", [span(2, 4), span(3, 5), span(9, 12), span(5, 5)]).map(({ text }) => text)).toEqual(["ab", "cd", "ef"]);
  });
  it("takes anything for no spans", () => {
    expect(pieces("abc", null as never)).toEqual([{ text: "abc" }]);
    expect(pieces("abc", [{ start: NaN, end: 2, kind: "", reason: "" }])).toEqual([{ text: "abc" }]);
  });
});

describe("hostile text", () => {
  it("shows overrides as a sign and keeps the length", () => {
    const evil = "pay \u202egpj.exe\u0000";
    expect(visible(evil)).toBe("pay \ufffdgpj.exe\ufffd");
    expect([...visible(evil)].length).toBe([...evil].length);
  });
  it("makes one short line without controls for titles", () => {
    expect(plain("a\u202eb\n\u2066c")).toBe("a b c");
    expect([...plain("x".repeat(1_000_000))].length).toBe(80);
  });
  it("takes what is no text as text", () => {
    expect(textOf(null)).toBe("");
    expect(textOf({})).toBe("[object Object]");
    expect(initials(undefined)).toBe("");
  });
});

describe("links", () => {
  it("finds pages and leaves the full stop outside", () => {
    expect(links("See https://a.example/x, then.")).toEqual([{ text: "See " }, { text: "https://a.example/x", href: "https://a.example/x" }, { text: ", then." }]);
  });
  it.each(["javascript:alert(1)", "data:text/html,x", "https://good.example@evil.example/", "http://"])("makes no link of %s", (text) => {
    expect(links(text)).toEqual([{ text }]);
    expect(isAddress(text)).toBe(false);
  });
  it("keeps every character", () => {
    const text = "a https://x.example/(b) c http://y.example/?q=<script> d";
    expect(links(text).map((piece) => piece.text).join("")).toBe(text);
  });
});

describe("faces", () => {
  it("takes letters of any script", () => {
    expect(initials("Maya Lindqvist")).toBe("ML");
    expect(initials("李 小龙")).toBe("李小");
    expect(initials("«…»")).toBe("");
  });
  it("keeps a person's colour", () => {
    expect(hue("maya")).toBe(hue("maya"));
    expect(hue("maya")).toBeLessThan(8);
  });
});
