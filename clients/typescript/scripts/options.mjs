/** How the SDK is bundled; the tests measure with the same options. */

import { fileURLToPath } from "node:url";

export const home = fileURLToPath(new URL("..", import.meta.url));

/**
 * Members that modules of the SDK share but nobody outside sees: they get short names. A test makes sure that none of
 * them is a field of the protocol or a name of the public API.
 */
export const internal = [
  "ackDue",
  "acked",
  "connectionChanged",
  "deadMs",
  "disconnected",
  "dismiss",
  "handles",
  "isBehind",
  "isDirty",
  "isLive",
  "isReading",
  "isSent",
  "isUnderWay",
  "isUnsure",
  "lastCid",
  "leaveMs",
  "looked",
  "mayBeSaved",
  "missingAfter",
  "notBefore",
  "offsetMs",
  "refreshMs",
  "refreshToken",
  "serverNow",
  "staleMs",
  "standing",
  "tails",
  "takeBack",
  "ticked",
  "tokenEnds",
  "wasSentBefore",
];

/** Private fields and all else of this target are in every browser since 2022, and in React Native's Hermes. */
export const bundle = {
  absWorkingDir: home,
  bundle: true,
  minify: true,
  target: "es2022",
  mangleProps: new RegExp(`^(${internal.join("|")})$`),
  legalComments: "none",
  logLevel: "warning",
};
