import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { type Frame, load, Machine } from "./support/machine.js";

const TRACES = readdirSync(new URL("../../../protocol/vectors/traces/", import.meta.url)).sort();

const bytes = (hex: string): ArrayBuffer => Uint8Array.from(Buffer.from(hex, "hex")).buffer;

function feed(machine: Machine, step: Frame): { admitted: Frame[]; errors: Frame[] } {
  const isText = machine.codec.subprotocol.endsWith("json");
  if (step.hex !== undefined) {
    return machine.receive(isText ? Buffer.from(step.hex, "hex").toString("latin1") : bytes(step.hex), step.t_s);
  }
  if (step.text !== undefined) return machine.receive(step.text, step.t_s);
  const data = machine.codec.encode(step.frame);
  return machine.receive(typeof data === "string" ? data : data.buffer, step.t_s);
}

/** The hub that the other tests script is the one that the protocol prescribes. */
test.each(TRACES)("the scripted hub follows the trace %s", (name) => {
  const trace = load(`vectors/traces/${name}`);
  const machine = new Machine(trace.subprotocol, trace.start.t_s, trace.start.first_beat_early_s);
  for (const step of trace.steps) {
    const got: Frame = { errors: [], admitted: [] };
    if (step.from === "clock") got.beat = machine.tick(step.t_s);
    else if (step.from === "client") Object.assign(got, feed(machine, step));
    else if (step.action === "close") machine.end(step.code);
    else if (step.action === "connected") machine.connected(step.t_s + step.token_life_s);
    else machine.refreshed(step.t_s + step.token_life_s);
    got.admitted = got.admitted.map((frame: Frame) => frame.type);
    Object.assign(got, { close: machine.close, state: machine.state });
    expect({ ...got }, JSON.stringify(step)).toMatchObject(step.expect);
  }
});
