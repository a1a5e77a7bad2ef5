/** Finding and loading a handler as Lambda and serverless-offline do: `folder/file.export`, in every kind of module. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadHandler } from "../../../local/kafka-trigger/src/handlers/load.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kafka-trigger-load-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (file: string, text: string) => {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
};
const load = (handler: string) =>
  loadHandler({ serviceFolder: folder, handler, tsxFrom: [join(import.meta.dirname, "../../../package.json")] });
const called = async (handler: string) => ((await load(handler)) as () => unknown)();

test.each<[string, Record<string, string>, string]>([
  ["CommonJS without a package.json", { "a.js": "exports.handler = () => 'it';" }, "a.handler"],
  ["an ES module by package.json", { "package.json": '{"type":"module"}', "a.js": "export const handler = () => 'it';" }, "a.handler"],
  ["an ES module by its extension", { "a.mjs": "export const handler = () => 'it';" }, "a.handler"],
  ["CommonJS by its extension", { "package.json": '{"type":"module"}', "a.cjs": "exports.handler = () => 'it';" }, "a.handler"],
  ["a file in a folder", { "src/in/a.js": "exports.run = () => 'it';" }, "src/in/a.run"],
  ["an export inside an export", { "a.js": "exports.all = { run: () => 'it' };" }, "a.all.run"],
  ["a member of the default export", { "a.mjs": "export default { handler: () => 'it' };" }, "a.handler"],
  [
    "the nearest package.json",
    { "package.json": '{"type":"module"}', "old/package.json": "{}", "old/a.js": "exports.handler = () => 'it';" },
    "old/a.handler",
  ],
])("%s", async (_what, files, handler) => {
  for (const [file, text] of Object.entries(files)) write(file, text);

  expect(await called(handler)).toBe("it");
});

test.each<[string, string, string, RegExp]>([
  ["a file that is not there", "nofile.handler", "Runtime.ImportModuleError", /nofile\.js, \.mjs, \.cjs and \.ts do not exist/],
  ["an export that is not there", "a.other", "Runtime.HandlerNotFound", /a\.js does not export a function other/],
  ["an export that is not a function", "a.text", "Runtime.HandlerNotFound", /does not export a function text/],
  ["a name without an export", "a", "Runtime.MalformedHandlerName", /"a" is not a valid handler name/],
])("%s is reported with Lambda's name for it", async (_what, handler, name, message) => {
  write("a.js", "exports.handler = () => 'it'; exports.text = 'no function';");

  const failure = await load(handler).catch((thrown: unknown) => thrown as Error);

  expect(failure).toMatchObject({ name, message: expect.stringMatching(message) });
});
