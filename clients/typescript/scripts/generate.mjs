/**
 * Writes src/protocol.ts: the types of every frame, from the protocol's JSON Schema.
 *
 *     node scripts/generate.mjs            write it
 *     node scripts/generate.mjs --check    fail when it is not current
 */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const schemaFolder = new URL("../../../protocol/schema/", import.meta.url);
const target = fileURLToPath(new URL("../src/protocol.ts", import.meta.url));
const read = (name) => JSON.parse(readFileSync(new URL(`${name}.schema.json`, schemaFolder), "utf8")).$defs;

const commands = read("commands");
const server = read("server_frames");
const tagOf = (definition) => definition.properties?.type?.enum?.[0];
const isReply = (definition) => tagOf(definition) !== undefined && "id" in definition.properties;
const isEvent = (definition) => tagOf(definition) !== undefined && "seq" in definition.properties && "by" in definition.properties;

/** A definition's name in TypeScript: replies end in Reply or Page, and no name has two meanings. */
const names = new Map();
for (const [title, definition] of Object.entries(commands)) {
  if (title !== "AnyFrame") names.set(definition, tagOf(definition) ? `${title}Command` : title);
}
for (const [title, definition] of Object.entries(server)) {
  if (title.startsWith("Any")) continue;
  names.set(definition, isReply(definition) && !/(Reply|Page|View)$/.test(title) ? `${title}Reply` : title);
}

function reference(definitions, ref) {
  const title = ref.split("/").at(-1);
  return title === "AnyEvent" ? "AnyEvent" : names.get(definitions[title]);
}

function typeOf(definitions, schema) {
  if (schema.$ref) return reference(definitions, schema.$ref);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.anyOf) return schema.anyOf.map((part) => typeOf(definitions, part)).join(" | ");
  switch (schema.type) {
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "integer":
    case "number":
      return "number";
    case "array": {
      const item = typeOf(definitions, schema.items);
      return /[ |]/.test(item) ? `(${item})[]` : `${item}[]`;
    }
    case "object":
      return `Record<string, ${schema.additionalProperties ? typeOf(definitions, schema.additionalProperties) : "unknown"}>`;
    default:
      throw new Error(`no type for ${JSON.stringify(schema)}`);
  }
}

function comment(text, indent) {
  const lines = text.replaceAll("*/", "* /").split("\n");
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} *${line ? ` ${line}` : ""}\n`).join("")}${indent} */\n`;
}

function declaration(definitions, definition) {
  const required = new Set(definition.required ?? []);
  let text = definition.description ? comment(definition.description, "") : "";
  text += `export interface ${names.get(definition)} {\n`;
  for (const [name, schema] of Object.entries(definition.properties)) {
    const isRequired = required.has(name) || (isEvent(definition) && (name === "seq" || name === "at"));
    const notes = [schema.description, "default" in schema && !isRequired ? `Default: ${JSON.stringify(schema.default)}.` : ""];
    const note = notes.filter(Boolean).join(" ");
    if (note) text += comment(note, "  ");
    text += `  ${name}${isRequired ? "" : "?"}: ${typeOf(definitions, schema)};\n`;
  }
  return `${text}}\n`;
}

function union(name, members, note) {
  return `${comment(note, "")}export type ${name} =\n${members.map((member) => `  | ${member}`).join("\n")};\n`;
}

function generate() {
  const parts = ["/** Types of every frame. Generated from protocol/schema by scripts/generate.mjs; do not edit. */\n"];
  const shared = new Set();
  const emit = (definitions, definition) => {
    const name = names.get(definition);
    if (!name || shared.has(name)) return;
    shared.add(name);
    parts.push(declaration(definitions, definition));
  };
  const serverList = Object.values(server);
  const commandList = Object.values(commands);
  for (const definition of commandList) emit(commands, definition);
  for (const definition of serverList) emit(server, definition);

  const replies = new Map(serverList.filter(isReply).map((definition) => [tagOf(definition), names.get(definition)]));
  replies.delete("error");
  const tagged = commandList.filter((definition) => names.has(definition) && tagOf(definition));
  const events = serverList.filter(isEvent).map((definition) => names.get(definition));
  const pushes = serverList.filter((definition) => tagOf(definition) && !isReply(definition) && !isEvent(definition));
  parts.push(union("KnownEvent", events, "An event of a log whose kind is known here."));
  parts.push(
    "/** An event of a log. Kinds may be added: skip what you do not know. `seq` is its place. */\n" +
      "export type AnyEvent = KnownEvent;\n",
  );
  parts.push(union("ServerPush", pushes.map((definition) => names.get(definition)), "What the server sends unasked."));
  parts.push(union("ServerReply", ["ErrorReply", ...replies.values()], "Answers, by `id`."));
  parts.push(
    "/** Every command that has a reply, by its type. */\nexport interface Commands {\n" +
      tagged
        .filter((definition) => replies.has(tagOf(definition)))
        .map((d) => `  "${tagOf(d)}": { command: ${names.get(d)}; reply: ${replies.get(tagOf(d))} };\n`)
        .join("") +
      "}\n",
  );
  const withCid = tagged
    .filter((definition) => definition.required?.includes("cid") && tagOf(definition) !== "verdict.appeal")
    .map(tagOf);
  parts.push(
    "/** Commands that carry a new `cid` of their own, as one text: a space before and after each. */\n" +
      `export const WITH_CID =\n  " ${withCid.join(" ")} ";\n`,
  );
  return parts.join("\n");
}

const text = generate();
if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    console.error("src/protocol.ts is not current: run `npm run generate` in clients/typescript");
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
}
