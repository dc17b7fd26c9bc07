import { describe, expect, test } from "vitest";
import { makeCid, readCid } from "../src/cid.js";
import { json } from "../src/codec.js";
import { msgpack } from "../src/msgpack.js";
import type { Row } from "../src/protocol.js";
import { mergeRows, unreadOf } from "../src/rows.js";
import { type Frame, load } from "./support/machine.js";

const bytes = (hex: string): ArrayBuffer => Uint8Array.from(Buffer.from(hex, "hex")).buffer;

describe("frames", () => {
  const packed = msgpack();
  const cases: Frame[] = load("vectors/valid.json");

  test("both codecs read every kind of frame", () => {
    for (const { name, frame, json: text, msgpack_hex } of cases) {
      expect(json.decode(text), name).toEqual(frame);
      expect(packed.decode(bytes(msgpack_hex)), name).toEqual(frame);
    }
    expect(cases.length).toBeGreaterThan(200);
  });

  test("what is encoded is read back as it was", () => {
    for (const { name, frame } of cases) {
      expect(json.decode(json.encode(frame) as string), name).toEqual(frame);
      expect(packed.decode((packed.encode(frame) as Uint8Array).slice().buffer), name).toEqual(frame);
    }
  });

  test("hostile bytes end in an exception or a value, never otherwise", () => {
    let refused = 0;
    for (const { codec, hex, text } of load("vectors/hostile.json")) {
      try {
        if (codec === "msgpack") packed.decode(bytes(hex));
        else json.decode(text ?? Buffer.from(hex, "hex").toString("latin1"));
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(20);
  });

  test.each([0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, -1, -128, -(2 ** 40), 0.5, 1e300])(
    "the number %d survives MessagePack",
    (number) => {
      expect(packed.decode((packed.encode([number]) as Uint8Array<ArrayBuffer>).buffer)).toEqual([number]);
    },
  );

  test.each([0, 31, 32, 255, 256, 65_535, 65_536])("texts, lists and maps of %d survive MessagePack", (size) => {
    const value = { text: "ü".repeat(size), list: Array.from({ length: size }, () => 1), map: { ["k".repeat(size)]: null } };
    expect(packed.decode((packed.encode(value) as Uint8Array<ArrayBuffer>).buffer)).toEqual(value);
  });

  test("half a surrogate pair never leaves", () => {
    const hurt = { body: "a\ud83d", list: ["\ude00b", "\ud83d\ude00"] };
    const healed = { body: "a\ufffd", list: ["\ufffdb", "\ud83d\ude00"] };
    expect(json.encode(hurt)).toBe(JSON.stringify(healed));
    expect(packed.decode((packed.encode(hurt) as Uint8Array<ArrayBuffer>).buffer)).toEqual(healed);
  });
});

describe("rows", () => {
  const whole = (row: Row) => ({ muted_until: 0, archived_n: -1, ...row });
  const byThread = (rows: Row[]) => rows.map(whole).sort((a, b) => (a.thread < b.thread ? -1 : 1));

  test.each(load("vectors/inbox_merge.json") as Frame[])("$name", ({ rows, changes, expect: expected, unread }) => {
    for (const order of [changes, [...changes].reverse(), [...changes, ...changes]]) {
      const inbox = new Map<string, Row>(rows.map((row: Row) => [row.thread, row]));
      for (const row of order as Row[]) inbox.set(row.thread, mergeRows(inbox.get(row.thread), row));
      expect(byThread([...inbox.values()])).toEqual(byThread(expected));
      for (const [thread, count] of Object.entries(unread)) expect(unreadOf(inbox.get(thread)!)).toBe(count);
    }
  });

  test("a row that did not grow keeps its identity", () => {
    const row: Row = { thread: "t17_a", mark: 2, epoch: 1, seq: 2, n: 2, read: 0, state: "direct", last_at: 5 };
    expect(mergeRows(row, { ...row, mark: 1, seq: 1, n: 1 })).toBe(row);
  });
});

describe("cids", () => {
  const { made, not_a_cid } = load("vectors/cid.json");

  test.each(made as Frame[])("$cid is made and read", ({ now_ms, random_hex, cid }) => {
    expect(makeCid(now_ms, Uint8Array.from(Buffer.from(random_hex, "hex")))).toBe(cid);
    expect(readCid(cid)).toBe(now_ms);
  });

  test.each(not_a_cid as Frame[])("no cid: $why", ({ text }) => {
    expect(readCid(text)).toBeNull();
  });
});
