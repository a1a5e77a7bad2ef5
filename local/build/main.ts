/** `npm run build`: every function as one file and one zip in `.build`, and what is in each. */
import Table from "cli-table3";
import { bundleFunctions } from "./bundle.js";

const started = Date.now();
const bundles = await bundleFunctions().catch((error: Error) => {
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
console.log(`${bundles.length} functions in ${Date.now() - started} ms: .build/bundles, .build/zips`);
