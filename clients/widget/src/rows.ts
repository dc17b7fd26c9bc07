/** A thread's items as the rows of its log: days, the unread line, groups of one author. */

import type { Item } from "@greenroom/client";
import { startOfDay } from "./words.js";

export interface Row {
  readonly item: Item;
  /** The first one of its day. */
  readonly isDay: boolean;
  /** The first one that was not read when the thread was opened. */
  readonly isNew: boolean;
  /** First and last one of a group. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

const GROUP_MS = 300_000;
const DAY = 86_400_000;

/** What shows as a bubble. */
export const isBubble = (item: Item): boolean => item.type === "message.sent" || item.type === "item.erased";

/** `readN`: the last ordinal that was read; `isShown`: whether a kind of item has anything to show. */
export function rowsOf(items: readonly Item[], readN: number, isShown: (item: Item) => boolean): Row[] {
  const shown = items.filter(isShown);
  let day = NaN;
  let isDivided = false;
  const starts: boolean[] = [];
  const flags = shown.map((item, i) => {
    const isDay = !(item.at >= day && item.at < day + DAY);
    if (isDay) day = startOfDay(item.at);
    const isNew = !isDivided && item.n > readN && !item.isMine;
    if (isNew || (item.isMine && item.n > readN)) isDivided = true;
    const before = shown[i - 1];
    const joins =
      !isDay && !isNew && before && isBubble(before) && isBubble(item) && before.by === item.by && item.at - before.at < GROUP_MS;
    starts.push(!joins);
    return { isDay, isNew };
  });
  return shown.map((item, i) => ({ item, ...flags[i]!, isFirst: starts[i]!, isLast: starts[i + 1] ?? true }));
}
