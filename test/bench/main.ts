/** `npm run bench [name ...] [--seconds N] [--json FILE]`: runs the benches of this folder on a real broker and prints every ratio beside its budget. */
import { readdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import pc from "picocolors";
import type { Bench, BenchRow } from "./bench.js";
import { benchBroker } from "./broker.js";

const folder = fileURLToPath(new URL(".", import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: "string", default: "2" }, json: { type: "string" } },
});

const names = readdirSync(folder)
  .filter((file) => file.endsWith(".bench.ts"))
  .map((file) => file.replace(".bench.ts", ""))
  .sort();
const unknown = positionals.filter((name) => !names.includes(name));
const secondsPerRow = Number(values.seconds);
if (unknown.length > 0 || !(secondsPerRow > 0)) {
  console.error(
    unknown.length > 0
      ? `There is no bench ${unknown.join(", ")}; there are ${names.join(", ")}.`
      : `--seconds takes a number above 0, not ${JSON.stringify(values.seconds)}.`,
  );
  process.exit(2);
}

const broker = await benchBroker();
const rows: (BenchRow & { readonly bench: string })[] = [];
try {
  for (const name of positionals.length > 0 ? positionals : names) {
    const { bench } = (await import(`./${name}.bench.ts`)) as { bench: Bench };
    console.error(pc.dim(`${name} ...`));
    const log = (line: string) => console.error(pc.dim(`  ${line}`));
    for (const row of await bench.run({ brokers: broker.brokers, secondsPerRow, log })) rows.push({ bench: name, ...row });
  }
} finally {
  await broker.stop();
}

const table = new Table({ head: ["bench", "what", "ours", "theirs", "against", "ratio", "budget", ""], style: { head: [], border: [] } });
for (const row of rows) {
  const figure = (value: number) => `${value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3)} ${row.unit}`;
  table.push([
    row.bench,
    row.what,
    figure(row.ours),
    figure(row.theirs),
    row.against,
    row.ratio.toFixed(2),
    row.budget,
    row.withinBudget ? pc.green("within") : pc.red("over"),
  ]);
}
console.log(table.toString());
const conditions = {
  node: process.version,
  cores: cpus().length,
  cpu: cpus()[0]?.model ?? "unknown",
  at: new Date().toISOString(),
  secondsPerRow,
};
console.log(
  `${rows.filter((row) => row.withinBudget).length} of ${rows.length} rows within budget; Node ${conditions.node}, ${conditions.cores} cores`,
);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ conditions, rows }, null, 2)}\n`);
