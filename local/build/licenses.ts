/**
 * `npm run check`: every package that is installed with this project in production, by the lockfile, has a licence that lets us deliver it; and every package that
 * only development needs has one that lets us use it. What the bundles contain is in `licenses.txt` beside them.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectFolder } from "./service-map.js";

/** They ask for their notice to go along, and for nothing else (https://spdx.org/licenses). */
const delivered = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "ISC", "MIT"];
/** Tools are run and not delivered, so the terms of their own source code may be stricter. */
const usedOnly = [
  ...delivered,
  "CC0-1.0",
  "CC-BY-4.0",
  "LGPL-3.0-only",
  "LGPL-3.0-or-later",
  "MPL-2.0",
  "PSF-2.0",
  "Python-2.0",
  "Unlicense",
  "Zlib",
];

interface LockedPackage {
  readonly license?: string;
  readonly version?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

/** One sentence per package without an accepted licence. @param lock the content of package-lock.json. */
export function licenseFaults(lock: { readonly packages: Readonly<Record<string, LockedPackage>> }): readonly string[] {
  return Object.entries(lock.packages)
    .filter(([path, { link }]) => path !== "" && link !== true)
    .flatMap(([path, { license, version, dev }]) => {
      const accepted = dev === true ? usedOnly : delivered;
      const name = path.replace(/^.*node_modules\//, "");
      if (license === undefined) return [`${name} ${version}: names no licence.`];
      const use = dev === true ? "development" : "delivered packages";
      return isAccepted(license, accepted)
        ? []
        : [`${name} ${version}: ${license} is not among the licences for ${use}: ${accepted.join(", ")}.`];
    });
}

/** An SPDX expression (https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/) of alternatives, or of terms that all hold. */
function isAccepted(expression: string, accepted: readonly string[]): boolean {
  const plain = expression.replace(/^\((.*)\)$/, "$1");
  if (/[()]/.test(plain)) return false;
  return plain.split(" OR ").some((alternative) => alternative.split(" AND ").every((id) => accepted.includes(id)));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const faults = licenseFaults(JSON.parse(readFileSync(join(projectFolder, "package-lock.json"), "utf8")));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exit(1);
}
