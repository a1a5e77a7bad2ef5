/** The rules of the house, executed: who may import whom, who knows kafkajs, who reads the environment, what a name may be. */
import { expect, test } from "vitest";
import { broken, roomOf, rooms } from "../support/source/files.js";
import { importsOf } from "../support/source/imports.js";

const mayImport: Readonly<Record<string, readonly string[]>> = {
  functions: ["functions", "lib"],
  lib: ["lib"],
  local: ["local", "lib"],
  test: ["test", "local", "lib", "functions"],
};

test("functions lean on lib, local leans on lib, and nothing leans on functions, local or test but the tests", () => {
  const sentences = broken((file) =>
    file.imports
      .filter(({ what }) => rooms.some((room) => what.startsWith(`${room}/`)))
      .filter(({ what }) => !(mayImport[roomOf(file.path)] ?? []).includes(roomOf(what)))
      .map(
        ({ what }) =>
          `${file.path} imports ${what}, and ${roomOf(file.path)} may import ${mayImport[roomOf(file.path)]?.join(" and ")} only`,
      ),
  );
  expect(sentences).toEqual([]);
});

test("a function does not lean on another function", () => {
  const sentences = broken((file) =>
    roomOf(file.path) !== "functions"
      ? []
      : file.imports
          .filter(({ what }) => what.startsWith("functions/"))
          .map(({ what }) => `${file.path} imports ${what}: what two functions share belongs in lib`),
  );
  expect(sentences).toEqual([]);
});

test("kafkajs is known in lib/kafka/kafkajs alone", () => {
  const sentences = broken((file) =>
    roomOf(file.path) === "test" || file.path.startsWith("lib/kafka/kafkajs/")
      ? []
      : file.imports
          .filter(({ what }) => /^kafkajs(\/|$)/.test(what))
          .map(() => `${file.path} imports kafkajs: only lib/kafka/kafkajs may know it`),
  );
  expect(sentences).toEqual([]);
});

test("the AWS SDK is imported on demand, by the file that needs it", () => {
  const sentences = broken((file) =>
    roomOf(file.path) === "test"
      ? []
      : file.imports
          .filter(({ what, isDynamic, isType }) => what.startsWith("@aws-sdk/") && !isDynamic && !isType)
          .map(({ what }) => `${file.path} imports ${what} at load: import() it where it is used`),
  );
  expect(sentences).toEqual([]);
});

test("one file per program reads the environment", () => {
  const readers = new Set(["lib/config.ts", "local/start.ts", "local/cli/main.ts", "local/serve/main.ts", "local/plugin/plugin.ts"]);
  const sentences = broken((file) => {
    const code = file.text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");
    if (!/\bprocess\.env\b/.test(code)) return [];
    if (roomOf(file.path) === "test" || readers.has(file.path) || /^local\/(build|broker|demo|doctor|sql|start)\//.test(file.path))
      return [];
    if (/^local\/kafka-trigger\/.*\b(environment|config)\.ts$/.test(file.path)) return [];
    return [`${file.path} reads process.env: take it as an argument from the file of the program that does`];
  });
  expect(sentences).toEqual([]);
});

test("there are no barrels: a file that only hands on what others export", () => {
  const sentences = broken(({ path, text }) => {
    const code = text.replace(/\/\*[\s\S]*?\*\//g, "").trim();
    const isBarrel =
      code !== "" && code.split("\n").every((line) => line.trim() === "" || /^export (type )?(\*|\{[^}]*\}) from /.test(line.trim()));
    // What a published package exports is named in one place.
    const isPublic = path === "local/kafka-trigger/src/main.ts" || path.startsWith("local/package/entries/");
    return isBarrel && !path.endsWith(".d.ts") && !isPublic ? [`${path} only hands on exports`] : [];
  });
  expect(sentences).toEqual([]);
});

test("a file opens by saying what it is for", () => {
  const sentences = broken(({ path, text }) =>
    /^(#!.*\n)?\s*(\/\*\*|\/\/|\/\*)/.test(text) || /\.config\.ts$/.test(path) || path.includes("/projects/")
      ? []
      : [`${path} does not open with what it is for`],
  );
  expect(sentences).toEqual([]);
});

test("the import scanner sees static, dynamic, type and side-effect imports", () => {
  const text = `import { a } from "./a.js";\nimport type { B } from "../b.js";\nimport "kafkajs";\nexport { c } from "./c.js";\nconst d = await import("@aws-sdk/x");\nimport {\n  e,\n} from "./e.js";`;
  expect(importsOf("lib/x/y.ts", text)).toEqual([
    { what: "lib/x/a.js", isDynamic: false, isType: false },
    { what: "lib/b.js", isDynamic: false, isType: true },
    { what: "kafkajs", isDynamic: false, isType: false },
    { what: "lib/x/c.js", isDynamic: false, isType: false },
    { what: "lib/x/e.js", isDynamic: false, isType: false },
    { what: "@aws-sdk/x", isDynamic: true, isType: false },
  ]);
});
