/** The server's side of a session, as the traces prescribe it: what the scripted hub of these tests is held to. */

import { readFileSync } from "node:fs";
import { json } from "../../src/codec.js";
import { msgpack } from "../../src/msgpack.js";
import type { Codec } from "../../src/types.js";

// biome-ignore lint: frames of tests are of any shape
export type Frame = any;

const PROTOCOL = new URL("../../../../protocol/", import.meta.url);
export const load = (name: string): Frame => JSON.parse(readFileSync(new URL(name, PROTOCOL), "utf8"));
export const codecOf = (subprotocol: string): Codec => (subprotocol.endsWith("json") ? json : msgpack());

const definitions: Frame[] = Object.values(load("schema/commands.schema.json").$defs);
const byType = new Map(definitions.filter((d) => d.properties?.type).map((d) => [d.properties.type.enum[0], d]));

export class Refused extends Error {
  constructor(
    readonly code: string,
    readonly id: number,
    readonly close: number | null,
  ) {
    super(code);
  }
}

const TYPES: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === "string",
  integer: Number.isSafeInteger,
  boolean: (value) => typeof value === "boolean",
  array: Array.isArray,
  object: (value) => typeof value === "object" && value !== null,
};

/** Checks a command as far as the traces and this SDK need it: type, mandatory fields, their types and lengths. */
function check(frame: Frame, close: number | null): void {
  if (typeof frame !== "object" || frame === null) throw new Refused("bad_request", 0, 1002);
  const definition = byType.get(frame.type);
  const needsId = !definition || "id" in definition.properties;
  if (needsId && !Number.isSafeInteger(frame.id)) throw new Refused("bad_request", 0, 1002);
  if (!definition) throw new Refused("bad_request.type", frame.id, close);
  for (const name of definition.required) {
    const schema = definition.properties[name];
    const value = frame[name];
    const isGood = schema.enum ? schema.enum.includes(value) : TYPES[schema.type]?.(value);
    const isLong = typeof value === "string" && schema.maxLength !== undefined && [...value].length > schema.maxLength;
    if (!isGood || isLong) throw new Refused("bad_request.field", frame.id ?? 0, close);
  }
}

export class Machine {
  state: "waiting" | "connecting" | "live" | "closed" = "waiting";
  close: number | null = null;
  readonly codec: Codec;
  #expires = 0;
  #opened: number;
  #heard: number;
  #beatAt: number | null = null;
  #bad = 0;

  constructor(
    subprotocol: string,
    now: number,
    private readonly firstBeatEarly = 0,
  ) {
    this.codec = codecOf(subprotocol);
    this.#opened = this.#heard = now;
  }

  /** Takes what a client sent; gives the commands admitted and the refusals. */
  receive(data: string | ArrayBuffer, now: number): { admitted: Frame[]; errors: { id: number; code: string }[] } {
    this.#heard = now;
    this.#beatAt = null;
    const admitted: Frame[] = [];
    try {
      for (const frame of this.#decode(data)) {
        const code = this.#admit(frame);
        if (code) return { admitted, errors: [{ id: frame.id ?? 0, code }] };
        admitted.push(frame);
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const close = error.close ?? (++this.#bad >= 16 ? 4504 : null);
      if (close) this.end(close);
      return { admitted, errors: close === 1007 ? [] : [{ id: error.id, code: error.code }] };
    }
    return { admitted, errors: [] };
  }

  #decode(data: string | ArrayBuffer): Frame[] {
    let value: Frame;
    try {
      value = this.codec.decode(data);
    } catch {
      throw new Refused("bad_request.json", 0, 1007);
    }
    if (!Array.isArray(value)) {
      check(value, null);
      return [value];
    }
    if (value.length < 1 || value.length > 64) throw new Refused("bad_request.batch", 0, 1002);
    for (const frame of value) {
      try {
        check(frame, null);
      } catch {
        throw new Refused("bad_request", 0, 1002);
      }
    }
    return value;
  }

  #admit(frame: Frame): string | null {
    if (this.state === "closed") return "server.draining";
    const isConnect = frame.type === "connect";
    if (isConnect === (this.state === "waiting") && this.state !== "connecting") {
      if (isConnect) this.state = "connecting";
      return null;
    }
    this.end(1002);
    return isConnect ? "session.already_connected" : "session.not_connected";
  }

  connected(expires: number): void {
    this.state = "live";
    this.#expires = expires;
    this.#heard -= this.firstBeatEarly;
  }

  refreshed(expires: number): void {
    this.#expires = expires;
  }

  end(code: number): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.close = code;
  }

  tick(now: number): "nothing" | "heartbeat" | "close" {
    if (this.state === "closed") return "nothing";
    if (this.state !== "live") return now - this.#opened < 10 ? "nothing" : this.#over(4001);
    if (now >= this.#expires) return this.#over(4002);
    if (this.#beatAt !== null) return now - this.#beatAt < 10 ? "nothing" : this.#over(4004);
    if (now - this.#heard < 25) return "nothing";
    this.#beatAt = now;
    return "heartbeat";
  }

  #over(code: number): "close" {
    this.end(code);
    return "close";
  }
}
