/** Text of other people as safe pieces: spans, links, names. Nothing here makes markup. */

import type { Span } from "@greenroom/client";

export interface Piece {
  text: string;
  span?: Span;
}

const OVERRIDES = /[\u202d\u202e\u0000-\u0008\u000b-\u001f\u007f]/g;
const INVISIBLE = /[\u0000-\u001f\u007f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const LINK = /https?:\/\/[^\s<>"'\u0000-\u001f\u202a-\u202e\u2066-\u2069]{3,2000}/gi;

/** Whatever a server sent, as text. */
export const textOf = (value: unknown): string => (typeof value === "string" ? value : value == null ? "" : String(value));

/** A body for the eye: what would turn the direction of others' text round shows as a replacement sign. Keeps the length. */
export const visible = (text: unknown): string => textOf(text).replace(OVERRIDES, "\ufffd");

/** One line for attributes, titles and notifications: no controls at all. */
export const plain = (text: unknown, longest = 80): string => {
  const points = [...textOf(text).slice(0, longest * 4).replace(INVISIBLE, " ").replace(/\s+/g, " ").trim()];
  return points.length > longest ? `${points.slice(0, longest - 1).join("")}…` : points.join("");
};

/** Splits a text at spans, which count code points; those that overlap or lie outside are left out. */
export function pieces(text: string, spans: readonly Span[] | undefined): Piece[] {
  if (!Array.isArray(spans) || !spans.length) return [{ text }];
  const points = [...text];
  const found: Piece[] = [];
  let at = 0;
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const { start, end } = span;
    if (!(start >= at && end > start && start < points.length)) continue;
    if (start > at) found.push({ text: points.slice(at, start).join("") });
    found.push({ text: points.slice(start, end).join(""), span });
    at = end;
  }
  if (at < points.length) found.push({ text: points.slice(at).join("") });
  return found;
}

/** Addresses of web pages in a text; everything else stays as it is. */
export function links(text: string): { text: string; href?: string }[] {
  const found: { text: string; href?: string }[] = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    const address = match[0].replace(/[.,;:!?)\]}…]+$/, "");
    if (!isAddress(address)) continue;
    if (match.index > at) found.push({ text: text.slice(at, match.index) });
    found.push({ text: address, href: address });
    at = match.index + address.length;
  }
  if (at < text.length || !found.length) found.push({ text: text.slice(at) });
  return found;
}

/** Only pages, without a name and password that could pass for a host. */
export function isAddress(address: unknown): address is string {
  try {
    const { protocol, username, password } = new URL(textOf(address));
    return /^https?:$/.test(protocol) && !username && !password;
  } catch {
    return false;
  }
}

/** One or two letters for a face that is not there. */
export function initials(name: unknown): string {
  const words = plain(name).split(" ").filter((word) => /\p{L}|\p{N}/u.test(word));
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return letters.map((word) => ([...(word ?? "")].find((sign) => /\p{L}|\p{N}/u.test(sign)) ?? "").toLocaleUpperCase()).join("");
}

/** One of eight colours that stays with a person. */
export function hue(id: unknown): number {
  let sum = 0;
  for (const sign of textOf(id)) sum = (sum * 31 + sign.codePointAt(0)!) >>> 0;
  return sum % 8;
}
