/** serverless.yml is the map of the deployment, and equal to the code: the calls, the functions, the routes. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import type { SourceHandler } from "../../lib/sources/source.js";
import { deployedFunctions, projectFolder } from "../../local/build/service-map.js";

const functions = deployedFunctions();
const httpFunctions = functions.filter(({ file }) => !/^functions\/(routes|sources)\//.test(file));
const sources = functions.filter(({ file }) => file.startsWith("functions/sources/"));
const routes = functions.filter(({ file }) => file.startsWith("functions/routes/"));

const filesIn = (folder: string): string[] =>
  readdirSync(join(projectFolder, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => `${folder}/${entry.name.replace(/\.ts$/, "")}`);

const load = (file: string) => import(pathToFileURL(join(projectFolder, `${file}.ts`)).href);

test("every file of functions is a function of the map, and every function has its file", () => {
  const files = ["functions", "functions/routes", "functions/sources"].flatMap((folder) =>
    existsSync(join(projectFolder, folder)) ? filesIn(folder) : [],
  );

  // The canary is added by a parameter.
  expect([...functions.map(({ file }) => file), "functions/canary"].sort()).toEqual(files.sort());
});

test.each(httpFunctions)("$key answers exactly the calls that the map gives it", async ({ file, routeKeys }) => {
  const { operations } = (await load(file)) as { readonly operations: object };

  expect([...routeKeys].sort()).toEqual(Object.keys(operations).sort());
});

test("no call is given to two functions", () => {
  const keys = functions.flatMap(({ routeKeys }) => routeKeys);

  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
});

test.each(routes)("the route $key exports a handler and is triggered by a topic", async ({ file, triggers }) => {
  const { handler } = (await load(file)) as { readonly handler: unknown };

  expect(handler).toBeTypeOf("function");
  expect(triggers.map(({ topic }) => topic)).not.toEqual([]);
});

test.each(sources)("the source $key answers the calls that the map gives it, and is named as its file is", async ({ file, routeKeys }) => {
  const { handler } = (await load(file)) as { readonly handler: SourceHandler };

  expect(handler.source.name).toBe(file.split("/").pop());
  expect(routeKeys).toEqual(Object.keys(handler.operations ?? {}));
});

test("a function is called as its file is, in camel case", () => {
  const camelCase = (file: string) => (file.split("/").pop() ?? "").replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

  expect(functions.map(({ key }) => key)).toEqual(functions.map(({ file }) => camelCase(file)));
});
