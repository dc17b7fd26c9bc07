/** The client's message id: a UUIDv7 in lower case. Source: RFC 9562 section 5.7; protocol/spec/ordering.md. */

const CID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Gives the time a cid was made, UTC ms, or null when it is none. */
export const readCid = (cid: string): number | null =>
  CID.test(cid) ? Number.parseInt(cid.slice(0, 8) + cid.slice(9, 13), 16) : null;

/** Makes a cid from the time (UTC ms, by the server's clock, below 2^48) and ten random bytes. */
export function makeCid(nowMs: number, random: Uint8Array): string {
  const bytes = [...random];
  bytes[0] = 0x70 | (bytes[0]! & 0x0f);
  bytes[2] = 0x80 | (bytes[2]! & 0x3f);
  const hex = nowMs.toString(16).padStart(12, "0") + bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Gives random bytes; where the platform has no `crypto` (old React Native), good enough ones for ids. */
export function randomBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  const { crypto } = globalThis;
  return crypto?.getRandomValues ? crypto.getRandomValues(bytes) : bytes.map(() => Math.random() * 256);
}
