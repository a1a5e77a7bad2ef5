/** The check of licences in `npm run check`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { licenseFaults } from "../../local/build/licenses.js";
import { projectFolder } from "../../local/build/service-map.js";

const faultsOf = (license: string | undefined, dev: boolean) =>
  licenseFaults({
    packages: {
      "": { license: "proprietary" },
      "node_modules/a": { version: "1.0.0", dev, ...(license === undefined ? {} : { license }) },
    },
  });

test("every package of this project has a licence that lets us deliver or use it", () => {
  expect(licenseFaults(JSON.parse(readFileSync(join(projectFolder, "package-lock.json"), "utf8")))).toEqual([]);
});

test.each([
  ["MIT", false],
  ["(MIT OR GPL-3.0-or-later)", false],
  ["(MIT AND ISC)", false],
  ["MPL-2.0", true],
  ["(MIT AND Zlib)", true],
])("%s is accepted", (license, dev) => {
  expect(faultsOf(license, dev)).toEqual([]);
});

test.each([
  ["GPL-3.0-only", false],
  ["GPL-3.0-only", true],
  ["MPL-2.0", false],
  ["(MIT AND GPL-3.0-only)", false],
  ["SEE LICENSE IN LICENSE.md", false],
  ["UNLICENSED", true],
  [undefined, false],
])("%s is refused with the package's name", (license, dev) => {
  expect(faultsOf(license, dev)).toEqual([expect.stringMatching(/^a 1\.0\.0: /)]);
});
