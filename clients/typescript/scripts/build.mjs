/**
 * Builds dist/: ESM with types (`index.js`, `core.js`, `msgpack.js`), and one file for a script tag.
 *
 *     node scripts/build.mjs
 */

import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { bundle, home } from "./options.mjs";

const dist = join(home, "dist");
const entryPoints = ["src/index.ts", "src/core.ts", "src/msgpack.ts"];
const everything = 'export * from "./src/index.ts"; export { msgpack } from "./src/msgpack.ts";';

rmSync(dist, { recursive: true, force: true });
await build({ ...bundle, sourcemap: true, entryPoints, outdir: dist, format: "esm" });
await build({
  ...bundle,
  sourcemap: true,
  stdin: { contents: everything, resolveDir: home },
  outfile: join(dist, "greenroom.iife.js"),
  format: "iife",
  globalName: "Greenroom",
});
const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
execFileSync(process.execPath, [join(typescript, "bin/tsc"), "-p", join(home, "tsconfig.build.json")], { stdio: "inherit" });
