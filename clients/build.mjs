/**
 * Builds the SDK and the widget, and puts what the hub serves beside its module.
 *
 *     node build.mjs [folder]
 */

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const home = fileURLToPath(new URL(".", import.meta.url));
const folder = process.argv[2] ?? `${home}../server/greenroom_server/transport/widget`;
const run = (script, ...rest) => execFileSync(process.execPath, [home + script, ...rest], { stdio: "inherit" });

run("typescript/scripts/build.mjs");
run("widget/scripts/build.mjs", folder);
