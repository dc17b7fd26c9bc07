import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";
// @ts-expect-error a script without types
import { bundle, home, internal } from "../scripts/options.mjs";

const read = (name: string) => readFileSync(join(home, name), "utf8");

async function bundled(contents: string, more: object = {}): Promise<string> {
  const stdin = { contents, resolveDir: home };
  const { outputFiles } = await build({ ...bundle, stdin, format: "esm", write: false, ...more });
  return outputFiles![0]!.text;
}

const gzipped = (text: string) => gzipSync(text, { level: 9 }).length;

/** Bytes after gzip: raise one only together with the table in README.md. */
test.each([
  ["core", 9 * 1024, 'export * from "./src/core.ts";'],
  ["whole client", 13.5 * 1024, 'export * from "./src/index.ts";'],
  ["MessagePack entry", 6 * 1024, 'export * from "./src/msgpack.ts";'],
])("%s stays below %d bytes", async (_, limit, contents) => {
  expect(gzipped(await bundled(contents))).toBeLessThanOrEqual(limit);
});

test("importing does nothing, so what is not used is left out", async () => {
  const entries = ["index", "core", "msgpack"].map((name) => `import "./src/${name}.ts";`);
  // judged by the code itself, not by what package.json says of it
  expect(await bundled(entries.join("\n"), { ignoreAnnotations: true })).toBe("");
});

test("the file for a script tag gives one global", async () => {
  const text = await bundled('export * from "./src/index.ts";', { format: "iife", globalName: "Greenroom" });
  const page: Record<string, Record<string, unknown>> = {};
  runInNewContext(text, page);
  expect(Object.keys(page)).toEqual(["Greenroom"]);
  expect(page.Greenroom).toMatchObject({ createClient: expect.any(Function), GreenroomError: expect.any(Function) });
});

test("no name that is shortened is a field of the protocol or of the public API", () => {
  const sources = `${read("src/types.ts")} ${read("src/protocol.ts")}`;
  const words = new Set(sources.replace(/\/\*[^]*?\*\//g, "").match(/\w+/g));
  expect(internal.filter((name: string) => words.has(name))).toEqual([]);
});

test("the types are those of the protocol's schema", () => {
  expect(() => execFileSync(process.execPath, [join(home, "scripts/generate.mjs"), "--check"], { stdio: "pipe" })).not.toThrow();
});

test("there is no dependency, and the sources stay below 400 lines", () => {
  expect(JSON.parse(read("package.json"))).not.toHaveProperty("dependencies");
  for (const name of readdirSync(join(home, "src")))
    if (name !== "protocol.ts") expect(read(`src/${name}`).split("\n").length, name).toBeLessThan(400);
});
