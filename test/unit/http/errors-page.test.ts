/** docs/http-errors.md says what lib/errors.ts says. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Failure, failures } from "../../../lib/errors.js";

const page = readFileSync(new URL("../../../docs/http-errors.md", import.meta.url), "utf8");

test("the table of errors has every failure there is, with its numbers", () => {
  const told = [...page.matchAll(/^\| `([a-z-]+)` \| (\d+) \| (\d+) \| (yes|no) \| (yes|no) \|/gm)].map(([, ...cells]) => cells.join(" "));

  const known = Object.entries(failures as Readonly<Record<string, Failure>>).map(
    ([code, { status, restCode, isRetriable, written }]) =>
      `${code} ${status} ${restCode} ${isRetriable ? "yes" : "no"} ${written === "maybe" ? "yes" : "no"}`,
  );
  expect(told).toEqual(known);
});
