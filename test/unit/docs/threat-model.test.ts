/** Every line of the threat model is held by a test that exists. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
const page = readFileSync(join(root, "docs/threat-model.md"), "utf8");
const lines = page.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| threat") && !line.startsWith("| ---"));

test.each(lines.map((line) => [line.split("|")[1]?.trim() ?? "", line]))("%s", (_, line) => {
  const [, file = "", title = ""] = /`(test\/[\w/.-]+)`: (.+?) \|$/.exec(line) ?? [];

  expect(existsSync(join(root, file)), `${file} does not exist`).toBe(true);
  expect(readFileSync(join(root, file), "utf8")).toContain(title);
});
