/** `npm run build`: every function as one file and one zip in `.build`, what is in each, and whose it is. */
import Table from "cli-table3";
import { canaryFunction } from "../plugin/api-functions.js";
import { buildFolder, bundleFunctions } from "./bundle.js";
import { writeMaterials } from "./materials.js";
import { deployedFunctions } from "./service-map.js";

const started = Date.now();
/** Deployed only if a parameter asks for it. */
const onRequest = { key: "canary", file: `functions/${canaryFunction.file}` };
const bundles = await bundleFunctions(buildFolder, [...deployedFunctions(), onRequest]).catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
const table = new Table({ head: ["function", "minified", "zipped", "of it"], style: { head: [], border: [] } });
const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} kB`;
for (const { key, bytes, zipBytes, packages } of bundles) {
  const largest = packages.slice(0, 4).map(({ name, bytes: size }) => `${name} ${kilobytes(size)}`);
  table.push([key, kilobytes(bytes), kilobytes(zipBytes), largest.join(", ")]);
}
console.log(table.toString());
const components = writeMaterials(bundles, buildFolder);
console.log(
  `${bundles.length} functions in ${Date.now() - started} ms: .build/bundles, .build/zips; of ${components} packages: .build/sbom.cdx.json, .build/licenses.txt`,
);
