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

/** Used from outside: by Lambda, by serverless, by routes that users write, by projects that install the package. */
function isEntry(path: string): boolean {
  return (
    /\.d\.[cm]?ts$|\.config\.[cm]?[jt]s$/.test(path) ||
    /^local\/(build|gateway|start)\/[^/]+\.mjs$|^test\/support\/(.+\/)?(broker|registry)-setup\.ts$/.test(path) ||
    /^functions\/|^test\/bench\/|\/projects\//.test(path) ||
    /^lib\/(targets\/[^/]+|relay\/(route|relay|jsonata)|client\/client)\.ts$/.test(path) ||
    /^local\/kafka-trigger\/src\/(main|run|library)\.ts$/.test(path) ||
    path.startsWith("local/package/entries/")
  );
}

test("what a file exports is imported by another", () => {
  const unused = exported.filter((one) => !has(usedInside, one) && !has(usedByTests, one));

  expect(unused.map(({ path, name }) => `${path}: ${name}`)).toEqual([]);
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
