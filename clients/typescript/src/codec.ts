/** JSON frames, and what every text must be before it travels. Source: protocol/spec/encoding.md. */

import type { Codec } from "./types.js";

/** Half a surrogate pair is not text: it would end the connection. The flag `u` leaves whole pairs alone. */
const LONE_SURROGATE = /[\ud800-\udfff]/gu;

export const wellFormed = (text: string): string => text.replace(LONE_SURROGATE, "\ufffd");

/** Gives the size of a text on the wire, bytes of UTF-8. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit & 0xf800) !== 0xd800 ? 2 : 1;
  }
  return bytes;
}

export const json: Codec = {
  subprotocol: "greenroom.v1.json",
  encode: (value) => JSON.stringify(value, (_, part) => (typeof part === "string" ? wellFormed(part) : part)),
  decode: (data) => JSON.parse(data as string),
};
