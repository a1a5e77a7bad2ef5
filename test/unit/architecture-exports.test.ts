/** What a file exports is used by another one: nothing is public without need. */
import { expect, test } from "vitest";
import { linkageOf, withoutEnding } from "../support/source/exports.js";
import { files, roomOf } from "../support/source/files.js";

const linked = files.map(({ path, text }) => ({ path, ...linkageOf(path, text) }));
const uses = (isTest: boolean) => {
  const used = new Set<string>();
  for (const { path, uses } of linked)
    if ((roomOf(path) === "test") === isTest) for (const [file, names] of uses) for (const name of names) used.add(`${file}: ${name}`);
  return used;
};
const usedInside = uses(false);
const usedByTests = uses(true);

const exported = linked.filter(({ path }) => !isEntry(path)).flatMap(({ path, exports }) => exports.map((name) => ({ path, name })));
const has = (used: ReadonlySet<string>, { path, name }: { readonly path: string; readonly name: string }) =>
  used.has(`${withoutEnding(path)}: ${name}`) || used.has(`${withoutEnding(path)}: *`);

/** Used from outside: by Lambda, by serverless, by routes and sources that users write, by projects that install the package. */
function isEntry(path: string): boolean {
  return (
    /\.d\.[cm]?ts$|\.config\.[cm]?[jt]s$/.test(path) ||
    /^local\/(build|gateway|start)\/[^/]+\.mjs$|^test\/support\/(.+\/)?(broker|registry|page)-setup\.ts$/.test(path) ||
    /^functions\/|^test\/bench\/|\/projects\//.test(path) ||
    /^lib\/(targets\/[^/]+|sources\/([^/]+|webhook\/[a-z-]*schemes)|relay\/(route|relay|jsonata)|client\/client)\.ts$/.test(path) ||
    /^local\/kafka-trigger\/src\/(main|run|library)\.ts$/.test(path) ||
    /^local\/package\/entries\/|^local\/plugin\/(clone|package)-home\.ts$/.test(path)
  );
}

test("what a file exports is imported by another", () => {
  const unused = exported.filter((one) => !has(usedInside, one) && !has(usedByTests, one));

  expect(unused.map(({ path, name }) => `${path}: ${name}`)).toEqual([]);
});

/** What no code of the project calls, and why it is there. */
const forOthers: Readonly<Record<string, string>> = {
  "lib/schemas/framing.ts: guidHeader": "what Confluent's serializers write and this project reads: tests write it in their place",
  "local/registry/apicurio.ts: registryMissing": "why the tests with a registry are left out",
  "local/kafka-trigger/src/plugin/settings.ts: settingNames": "what the manual must describe",
};

test("code that only a test calls is not there for the test: its own file uses it too", () => {
  const textOf = new Map(linked.map(({ path }, index) => [path, files[index]?.text ?? ""]));
  const onlyTested = exported.filter((one) => roomOf(one.path) !== "test" && !has(usedInside, one) && has(usedByTests, one));
  const unused = onlyTested
    .filter(({ path, name }) => (textOf.get(path)?.match(new RegExp(`\\b${name}\\b`, "g")) ?? []).length < 2)
    .map(({ path, name }) => `${path}: ${name}`);

  expect(unused.filter((one) => forOthers[one] === undefined)).toEqual([]);
  expect(Object.keys(forOthers).filter((one) => !unused.includes(one))).toEqual([]);
});

test("exports and uses of every form are seen", () => {
  const text = `import a, { b as c } from "./x.js";\nimport * as all from "../y.js";\nexport { d as e } from "./z.js";\nexport const { f, g: [h] } = c;\nexport default a;\nexport type T = import("./t.js").U;\nconst lazy = await import("./lazy.js");\nimport "fs";`;
  const { exports, uses } = linkageOf("lib/r/s.ts", text);

  expect(exports).toEqual(["e", "f", "h", "default", "T"]);
  expect(Object.fromEntries([...uses].map(([file, names]) => [file, [...names]]))).toEqual({
    "lib/r/x": ["default", "b"],
    "lib/y": ["*"],
    "lib/r/z": ["d"],
    "lib/r/t": ["*"],
    "lib/r/lazy": ["*"],
  });
});
