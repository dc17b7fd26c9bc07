/**
 * Builds the widget into a folder that the hub serves: hashed files, and `loader.js` with a name that stays.
 *
 *     node scripts/build.mjs [folder]
 *
 * `manifest.json` says which file is which, how large it is, and its integrity. Without a folder it is dist/.
 */

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const home = fileURLToPath(new URL("..", import.meta.url));
const folder = resolve(process.argv[2] ?? join(home, "dist"));
/** Codes of what the widget never does: other areas, servers, and the frame's own errors. */
const LEFT_OUT = new RegExp(
  `^(${[
    "bad_request|session|version|auth|topic|post|badge|hours|away|settings|merge|cid|verdict|metrics|connects|data|team|outbox|idempotency|call",
    "server|job|uncertain|contract|reaction|relationship|thread\\.(self|not_closed)|peer\\.self|report\\.category|notice\\.unknown",
    "perm\\.(service|unver)|rate\\.(topics|posts|feedback|connects|searches|commands|checks|ephemeral|reads|new|prop|inv)",
    "proposal\\.(dup|invited|no_pro)|offer\\.(by|terms|no_)|held\\.(decided|earlier|unread)|access\\.(not_holder|not_counter|already)",
    "hint\\.(topic|directory|job|connects|candidacy|member|thread|invitation|message|offer|proposal|access|peer|relationship)",
  ].join("|")})`,
);

/** One default export: a name of its own for each key would double the file. */
const table = (words) => ({ contents: `export default ${JSON.stringify(words)}`, loader: "js" });

/** The widget's own strings in the order of the English ones: their keys are in the widget, once. */
const keys = Object.keys(JSON.parse(readFileSync(join(home, "locales/en.json"), "utf8")));
const list = (words) => ({ contents: `export default ${JSON.stringify(keys.map((key) => words[key]))}`, loader: "js" });

const plugin = {
  name: "greenroom",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true, target: "es2022" });
      return { contents: code.trim(), loader: "text" };
    });
    onLoad({ filter: /protocol[/\\]locales[/\\].*\.json$/ }, ({ path }) => {
      const all = Object.entries(JSON.parse(readFileSync(path, "utf8")));
      return table(Object.fromEntries(all.filter(([key]) => !LEFT_OUT.test(key))));
    });
    onLoad({ filter: /widget[/\\]locales[/\\].*\.json$/ }, ({ path }) => list(JSON.parse(readFileSync(path, "utf8"))));
    onLoad({ filter: /src[/\\].*\.ts$/ }, ({ path }) => {
      if (!path.startsWith(home)) return undefined;
      // templates are drawn as they are written: spaces between lines are one
      const source = readFileSync(path, "utf8").replace(/>\s*\n\s*</g, "><").replace(/\n\s*(?=\$\{|<|[a-z@.?-]+=)/g, " ");
      return /html`/.test(source) ? { contents: source, loader: "ts" } : undefined;
    });
  },
};

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const options = { absWorkingDir: home, bundle: true, minify: true, format: "esm", target: "es2022", legalComments: "none", logLevel: "warning", metafile: true, plugins: [plugin], charset: "utf8" };
const { metafile } = await build({
  ...options,
  entryPoints: { widget: "src/widget.ts" },
  outdir: folder,
  splitting: true,
  define: { KEYS: JSON.stringify(keys.join(" ")) },
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  conditions: ["production"],
});
const files = Object.entries(metafile.outputs).map(([path, { entryPoint, imports, inputs }]) => ({ file: basename(path), entryPoint: entryPoint ?? "", imports, inputs }));
const entry = files.find(({ entryPoint }) => entryPoint === "src/widget.ts");
await build({ ...options, entryPoints: ["src/loader.ts"], outfile: join(folder, "loader.js"), define: { WIDGET: JSON.stringify(`./${entry.file}`) } });

const digest = (file) => `sha384-${createHash("sha384").update(readFileSync(join(folder, file))).digest("base64")}`;
const weigh = (file) => gzipSync(readFileSync(join(folder, file)), { level: 9 }).length;
const reached = new Set();
const reach = (file) => {
  if (reached.has(file)) return;
  reached.add(file);
  for (const { path, kind } of files.find((one) => one.file === file)?.imports ?? []) if (kind === "import-statement") reach(basename(path));
};
reach(entry.file);
const names = readdirSync(folder).sort();
const manifest = {
  entry: entry.file,
  first_paint: [...reached],
  files: Object.fromEntries(
    names.map((file) => {
      const source = files.find((one) => one.file === file)?.entryPoint ?? "";
      const role = file === "loader.js" ? "loader" : file === entry.file ? "widget" : /protocol\/locales/.test(source) ? "sentences" : /locales/.test(source) ? "locale" : "part";
      return [file, { role, integrity: digest(file), gzip_bytes: weigh(file) }];
    }),
  ),
};
writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
