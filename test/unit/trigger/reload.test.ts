/** An edit of a source is noticed, and nothing else is. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { watchSources } from "../../../local/kafka-trigger/src/plugin/reload.js";
import { until } from "../../support/broker/kafka.js";

let folder: string;
let edits: string[];
let stop: () => void;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kafka-trigger-watch-"));
  for (const one of ["src/deep", "node_modules/some", "packages/one/node_modules/other"]) mkdirSync(join(folder, one), { recursive: true });
  edits = [];
  stop = watchSources(
    folder,
    (file) => edits.push(file),
    () => {},
  );
});

afterEach(() => {
  stop();
  rmSync(folder, { recursive: true });
});

const save = (file: string) => writeFileSync(join(folder, file), "// edited");

test("an edited source is reported by its path in the project", async () => {
  save("src/deep/handler.ts");

  await until(() => edits.length > 0);

  expect(edits).toEqual(["src/deep/handler.ts"]);
});

test("a source in a folder that is made later is noticed", async () => {
  mkdirSync(join(folder, "src/new"));
  await until(() => {
    save("src/new/handler.js");
    return edits.length > 0;
  });

  expect(edits).toContain("src/new/handler.js");
});

test("what is installed, built, a test or no source is not", async () => {
  save("node_modules/some/index.js");
  save("packages/one/node_modules/other/index.js");
  save("src/notes.jsonl");
  for (const name of ["handler.test.ts", "handler.spec.mjs", "handler.d.ts"]) save(`src/${name}`);
  save("src/deep/handler.ts");

  await until(() => edits.length > 0);

  expect(edits).toEqual(["src/deep/handler.ts"]);
});
