/** The paths of a record that docs/architecture.md lists, compared with the imports: few files, each handing a value to the next, and none that goes back. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { importsOf } from "../support/source/imports.js";
import { faultsOfWay, stationsBelow } from "../support/source/way-of-a-record.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const architecture = readFileSync(join(root, "docs/architecture.md"), "utf8");
const headings = architecture.match(/^### From .*$/gm) ?? [];

test.each(headings)("%s: at most 12 files, each hands a value to the next, and none imports an earlier one", (heading) => {
  const stations = stationsBelow(heading, architecture);

  expect(stations.length).toBeGreaterThan(1);
  expect(faultsOfWay(root, stations)).toEqual([]);
});

test("a list that goes back, that leaves out a hand-over or that is too long is refused", () => {
  const [, first, second, third] = stationsBelow("### From a v2 produce request to the socket", architecture);
  if (first === undefined || second === undefined || third === undefined) throw new Error("The list is too short for this test.");
  const byImport = { ...second, seam: undefined };

  expect(faultsOfWay(root, [second, first])).toContain(`${first.file} imports ${second.file}, which comes before it`);
  expect(faultsOfWay(root, [byImport, third])).toEqual([
    `${second.file} does not import ${third.file}, and the list names no other hand-over`,
  ]);
  expect(faultsOfWay(root, [{ ...second, seam: "noSuchName" }, third])).toEqual([
    `${second.file} and ${third.file} do not both have the name noSuchName`,
  ]);
  expect(faultsOfWay(root, Array(13).fill({ ...third, seam: "operation" }))).toEqual(["the list has 13 files, more than 12"]);
});

test.each(["lib/kafka/produce", "lib/http/produce"])(
  "no file of %s leads back to itself by its imports, of values or of types",
  (folder) => {
    const imports = new Map(
      readdirSync(join(root, folder)).map((name) => {
        const path = `${folder}/${name}`;
        const all = importsOf(path, readFileSync(join(root, path), "utf8"));
        return [path, all.map(({ what }) => what.replace(/\.js$/, ".ts")).filter((what) => what.startsWith(`${folder}/`))];
      }),
    );
    const reachable = (from: string, seen: Set<string>): Set<string> => {
      for (const next of imports.get(from) ?? []) if (!seen.has(next)) reachable(next, seen.add(next));
      return seen;
    };

    expect(imports.size).toBeGreaterThan(1);
    expect([...imports.keys()].filter((path) => reachable(path, new Set()).has(path))).toEqual([]);
  },
);
