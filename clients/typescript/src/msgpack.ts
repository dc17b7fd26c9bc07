/** MessagePack frames, as an entry of their own: `createClient({codec: msgpack()})`. Source: protocol/spec/encoding.md. */

import { wellFormed } from "./codec.js";
import type { Codec } from "./types.js";

/** No frame is nested deeper than eight levels. */
const DEEPEST = 32;

class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  get written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#at);
  }

  value(value: unknown): void {
    if (value === null || value === undefined) this.#put(1, 0xc0);
    else if (typeof value === "boolean") this.#put(1, value ? 0xc3 : 0xc2);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "string") this.#text(wellFormed(value));
    else if (Array.isArray(value)) {
      this.#head(value.length, 0x90, 15, [0, 0xdc, 0xdd]);
      for (const part of value) this.value(part);
    } else {
      const entries = Object.entries(value as object).filter(([, part]) => part !== undefined);
      this.#head(entries.length, 0x80, 15, [0, 0xde, 0xdf]);
      for (const [key, part] of entries) {
        this.value(key);
        this.value(part);
      }
    }
  }

  #number(value: number): void {
    if (!Number.isInteger(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) {
      this.#put(1, 0xcb);
      this.#put(8, value, (at) => this.#view.setFloat64(at, value));
    } else if (value >= 0 && value < 0x80) this.#put(1, value);
    else if (value >= 0 && value <= 0xffff_ffff) {
      this.#put(1, 0xce);
      this.#put(4, value);
    } else {
      this.#put(1, 0xd3);
      this.#put(8, value, (at) => this.#view.setBigInt64(at, BigInt(value)));
    }
  }

  #text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#head(bytes.length, 0xa0, 31, [0xd9, 0xda, 0xdb]);
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Writes a length: in the first byte when it fits, else in one, two or four bytes of its own. */
  #head(length: number, short: number, most: number, [one, two, four]: [number, number, number]): void {
    if (length <= most) return this.#put(1, short | length);
    const size = one && length < 0x100 ? 1 : length < 0x1_0000 ? 2 : 4;
    this.#put(1, size === 1 ? one : size === 2 ? two : four);
    this.#put(size, length);
  }

  #put(size: number, value: number, write?: (at: number) => void): void {
    this.#room(size);
    const at = this.#at;
    if (write) write(at);
    else if (size === 1) this.#view.setUint8(at, value);
    else if (size === 2) this.#view.setUint16(at, value);
    else this.#view.setUint32(at, value);
    this.#at += size;
  }

  #room(size: number): void {
    if (this.#at + size <= this.#bytes.length) return;
    const bytes = new Uint8Array((this.#at + size) * 2);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

class Reader {
  #at = 0;
  readonly #view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  value(depth = 0): unknown {
    if (depth > DEEPEST) throw new RangeError("nested too deep");
    const tag = this.#count(1);
    if (tag < 0x80) return tag;
    if (tag < 0x90) return this.#map(tag & 15, depth);
    if (tag < 0xa0) return this.#array(tag & 15, depth);
    if (tag < 0xc0) return this.#text(tag & 31);
    if (tag >= 0xe0) return tag - 0x100;
    switch (tag) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        return this.#view.getFloat32(this.#step(4));
      case 0xcb:
        return this.#view.getFloat64(this.#step(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#count(1 << (tag - 0xcc));
      case 0xcf:
        return Number(this.#view.getBigUint64(this.#step(8)));
      case 0xd0:
        return this.#view.getInt8(this.#step(1));
      case 0xd1:
        return this.#view.getInt16(this.#step(2));
      case 0xd2:
        return this.#view.getInt32(this.#step(4));
      case 0xd3:
        return Number(this.#view.getBigInt64(this.#step(8)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#count(1 << (tag - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#count(2 << (tag - 0xdc)), depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#count(2 << (tag - 0xde)), depth);
    }
    throw new RangeError(`type 0x${tag.toString(16)} is used nowhere`);
  }

  #step(size: number): number {
    const at = this.#at;
    this.#at += size;
    return at; // a step over the end makes the view throw
  }

  #count(size: number): number {
    const at = this.#step(size);
    return size === 1 ? this.#view.getUint8(at) : size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #text(length: number): string {
    const at = this.#step(length);
    if (this.#at > this.bytes.length) throw new RangeError("a text ends early");
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.bytes.subarray(at, this.#at));
  }

  #array(length: number, depth: number): unknown[] {
    const list: unknown[] = [];
    for (let i = 0; i < length; i++) list.push(this.value(depth + 1));
    return list;
  }

  #map(length: number, depth: number): Record<string, unknown> {
    const pairs: [string, unknown][] = [];
    for (let i = 0; i < length; i++) {
      const key = this.value(depth + 1);
      if (typeof key !== "string") throw new RangeError("a key is no text");
      pairs.push([key, this.value(depth + 1)]);
    }
    return Object.fromEntries(pairs); // also right for a key named __proto__
  }
}

/** Makes the codec. */
export const msgpack = (): Codec => ({
  subprotocol: "greenroom.v1.msgpack",
  encode(value) {
    const writer = new Writer();
    writer.value(value);
    return writer.written;
  },
  decode(data) {
    const reader = new Reader(new Uint8Array(data as ArrayBuffer));
    const value = reader.value();
    if (!reader.isAtEnd) throw new RangeError("bytes after the value");
    return value;
  },
});
