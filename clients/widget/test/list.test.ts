import { describe, expect, it } from "vitest";
import type { Item } from "@greenroom/client";
import { rowsOf } from "../src/rows.js";
import { Heights } from "../src/virtual.js";

const NOON = new Date(2026, 4, 6, 12).getTime();
const item = (n: number, at: number, by = "jonas", isMine = false, type = "message.sent") =>
  ({ key: `${n}`, seq: n, n, at, by, isMine, type, body: "x", hidden: [], reactions: [], status: null, event: null, outgoing: null, held: null }) as unknown as Item;
const all = () => true;

describe("rows", () => {
  it("begins each day once", () => {
    const rows = rowsOf([item(1, NOON), item(2, NOON + 1), item(3, NOON + 86_400_000)], Infinity, all);
    expect(rows.map(({ isDay }) => isDay)).toEqual([true, false, true]);
  });
  it("draws the unread line before the first one of another", () => {
    expect(rowsOf([1, 2, 3, 4].map((n) => item(n, NOON + n)), 2, all).map(({ isNew }) => isNew)).toEqual([false, false, true, false]);
  });
  it("draws no unread line after one's own answer", () => {
    const rows = rowsOf([item(1, NOON), item(2, NOON, "me", true), item(3, NOON)], 1, all);
    expect(rows.some(({ isNew }) => isNew)).toBe(false);
  });
  it("groups what one person writes within minutes", () => {
    const rows = rowsOf([item(1, NOON), item(2, NOON + 1000), item(3, NOON + 900_000), item(4, NOON + 900_001, "me", true)], Infinity, all);
    expect(rows.map(({ isFirst, isLast }) => [isFirst, isLast])).toEqual([[true, false], [false, true], [true, true], [true, true]]);
  });
  it("leaves out what has nothing to show", () => {
    expect(rowsOf([item(1, NOON), item(2, NOON, "", false, "odd.kind")], Infinity, ({ type }) => type === "message.sent")).toHaveLength(1);
  });
  it("takes times that are none", () => {
    expect(rowsOf([item(1, NaN), item(2, 9e99)], Infinity, all)).toHaveLength(2);
  });
});

describe("heights", () => {
  const heights = (count: number) => {
    const made = new Heights();
    made.keys = Array.from({ length: count }, (_, i) => `${i}`);
    return made;
  };
  it("draws few of ten thousand", () => {
    const made = heights(10_000);
    for (let i = 0; i < 200; i++) made.measure(`${i}`, 40);
    for (const top of [0, 5_000, made.total - 600]) {
      const { from, to } = made.window(top, 600);
      expect(to - from).toBeLessThanOrEqual(120);
      expect(made.top(from)).toBeLessThanOrEqual(top);
      expect(made.top(to)).toBeGreaterThanOrEqual(Math.min(made.total, top + 600));
    }
  });
  it("leaves nothing out of the whole height", () => {
    const made = heights(1_000);
    const { from, to, above, below } = made.window(20_000, 600);
    expect(above + (made.top(to) - made.top(from)) + below).toBeCloseTo(made.total);
  });
  it("finds the row at a height again", () => {
    const made = heights(100);
    for (let i = 0; i < 100; i++) made.measure(`${i}`, 10 + i);
    for (let i = 0; i < 100; i++) expect(made.at(made.top(i) + 1)).toBe(i);
  });
  it("says what is news", () => {
    const made = heights(1);
    expect(made.measure("0", 40)).toBe(true);
    expect(made.measure("0", 40.2)).toBe(false);
  });
});
