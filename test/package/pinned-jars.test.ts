/** The checksums of the broker's jars, compared with what Maven resolves. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { pinnedFiles } from "../../local/broker/pinned-jars.js";
import { defaultVersion } from "../../local/broker/versions.js";
import { projectFolder } from "../../local/build/service-map.js";
import { didNotRun } from "../support/run/did-not-run.js";

test("the pinned checksums are those of what Maven resolves", () => {
  const lib = join(projectFolder, `.data/jars/kafka-${defaultVersion}/lib`);
  if (!existsSync(lib)) return didNotRun("the pinned checksums against Maven's jars", "no broker has been started here");
  const pinned = Object.entries(pinnedFiles(`kafka-${defaultVersion}`) ?? {}).map(([path, sha256]) => [basename(path), sha256]);

  const found = readdirSync(lib).map((name) => [
    name,
    createHash("sha256")
      .update(readFileSync(join(lib, name)))
      .digest("hex"),
  ]);

  expect(Object.fromEntries(pinned)).toEqual(Object.fromEntries(found));
});
