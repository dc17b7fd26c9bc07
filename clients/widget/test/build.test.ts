import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const KIB = 1024;
/** The SDK has a budget of its own. */
const SDK_CORE = 9 * KIB;

interface Manifest {
  entry: string;
  first_paint: string[];
  files: Record<string, { role: string; integrity: string; gzip_bytes: number }>;
}
let folder = "";
let manifest: Manifest;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "widget-"));
  execFileSync(process.execPath, [fileURLToPath(new URL("../scripts/build.mjs", import.meta.url)), folder]);
  manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as Manifest;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sizes = (role: string) => Object.values(manifest.files).filter((file) => file.role === role).map(({ gzip_bytes }) => gzip_bytes);

describe("the built files", () => {
  it("keep their budgets, gzip", () => {
    const first = manifest.first_paint.reduce((sum, file) => sum + manifest.files[file]!.gzip_bytes, 0);
    expect(Math.max(...sizes("loader"))).toBeLessThanOrEqual(1.5 * KIB);
    expect(first - SDK_CORE).toBeLessThanOrEqual(30 * KIB);
    expect(sizes("locale")).toHaveLength(12);
    expect(Math.max(...sizes("locale"), ...sizes("sentences"))).toBeLessThanOrEqual(3 * KIB);
  });
  it("are all in the manifest, with their integrity", () => {
    expect(Object.keys(manifest.files)).toEqual(readdirSync(folder).filter((name) => name !== "manifest.json").sort());
    for (const [name, { integrity }] of Object.entries(manifest.files))
      expect(integrity).toBe(`sha384-${createHash("sha384").update(readFileSync(join(folder, name))).digest("base64")}`);
  });
  it("need neither eval nor markup from text nor inline style", () => {
    for (const name of readdirSync(folder)) {
      const code = readFileSync(join(folder, name), "utf8");
      expect(code, name).not.toMatch(/\beval\(|new Function\(|document\.write|insertAdjacentHTML|\sstyle="/);
    }
  });
});
