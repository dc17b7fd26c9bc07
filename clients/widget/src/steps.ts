/** What a refusal's hint means here: the step that does what was wanted. */

import type { View } from "./view.js";
import type { Key } from "./words.js";

export function instead(hint: string, view: View): { label: string; run: () => void } | null {
  const { session } = view;
  const peer = session.peer?.user;
  const step = (key: Key, run: () => void) => ({ label: view.words.t(key), run });
  switch (hint) {
    case "access.request":
      return session.may("access.request") ? step("access", () => view.sheet("access")) : null;
    case "offer.send":
      return session.may("offer.send") ? step("offer_make", () => view.sheet("offer")) : null;
    case "offer.withdraw":
      return session.may("offer.withdraw") ? step("withdraw", () => void view.run(() => session.act("offer.withdraw"))) : null;
    case "peer.unblock":
      return peer ? step("unblock", () => void view.run(() => session.act("peer.unblock", { user: peer }).then(() => session.thread?.refresh()))) : null;
    case "thread.archive":
      return step("archive", () => void view.run(() => session.act("thread.archive", { on: true })).then(() => view.go("inbox")));
    default:
      return null;
  }
}
