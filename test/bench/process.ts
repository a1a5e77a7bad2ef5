/** The process of one bench: writes each row as soon as it is finished, and why there are no more. Started by `run-bench.ts`. */
import { appendFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import pc from "picocolors";
import type { Bench, BenchContext } from "./bench.js";
import type { BenchJob, BenchLine } from "./run-bench.js";

const { file, linesFile, ...job } = JSON.parse(process.argv[2] ?? "") as Omit<BenchJob, "name" | "limitMs"> & {
  readonly linesFile: string;
};
const write = (line: BenchLine): void => appendFileSync(linesFile, `${JSON.stringify(line)}\n`);

function fail(error: unknown): never {
  console.error(error);
  write({ kind: "failed", why: error instanceof Error ? error.message : String(error) });
  process.exit(1);
}
process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);

const context: BenchContext = {
  ...job,
  log: (line) => console.error(pc.dim(`  ${line}`)),
  notMeasured: (what, why) => write({ kind: "not-measured", what, why }),
};

try {
  const { bench } = (await import(pathToFileURL(file).href)) as { readonly bench: Bench };
  for await (const row of bench.run(context)) {
    const figures = [row.ours, row.theirs, row.ratio];
    if (!figures.every(Number.isFinite)) throw new Error(`"${row.what}" has a figure that is not a number: ${figures.join(", ")}.`);
    write({ kind: "row", row });
  }
} catch (error) {
  fail(error);
}
// A client that keeps a timer or a socket must not keep the run waiting.
process.exit(0);
