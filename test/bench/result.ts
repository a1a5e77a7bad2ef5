/** What a run of benches prints: a table for people, JSON for programs. */
import { cpus } from "node:os";
import Table from "cli-table3";
import pc from "picocolors";
import type { BenchRow, ComparedRow } from "./bench.js";
import type { BenchResult } from "./run-bench.js";

export interface RunConditions {
  readonly secondsPerRow: number;
  readonly isShort: boolean;
}

const hasBudget = (row: BenchRow | ComparedRow): row is BenchRow => "budget" in row;

export function toTable(results: readonly BenchResult[]): string {
  const table = new Table({ head: ["bench", "what", "ours", "theirs", "against", "ratio", "budget", ""], style: { head: [], border: [] } });
  for (const { bench, rows } of results) {
    for (const row of rows) {
      const figure = (value: number) => `${value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3)} ${row.unit}`;
      const verdict = hasBudget(row) ? [row.budget, row.withinBudget ? pc.green("within") : pc.red("over")] : ["", ""];
      table.push([bench, row.what, figure(row.ours), figure(row.theirs), row.against, row.ratio.toFixed(2), ...verdict]);
    }
  }
  return table.toString();
}

/** The lines below the table: how to read it, and what is missing from it. */
export function toRemarks(results: readonly BenchResult[], { isShort }: RunConditions): readonly string[] {
  const budgets = results.flatMap(({ rows }) => rows.filter(hasBudget));
  const loads = results.map(({ bench, load }) => `${bench} ${load.before.toFixed(1)} to ${load.after.toFixed(1)}`);
  return [
    `${budgets.filter((row) => row.withinBudget).length} of ${budgets.length} rows within budget; Node ${process.version}, ${cpus().length} cores`,
    `load average (1 min) while each bench ran: ${loads.join(", ")}`,
    ...(isShort ? ["This was a short run: its figures only show that the benches work."] : []),
    ...results.flatMap(({ notMeasured }) => notMeasured.map(({ what, why }) => pc.yellow(`not measured: ${what}: ${why}`))),
    ...results.flatMap(({ bench, failure }) => (failure === undefined ? [] : [pc.red(`failed: ${bench}: ${failure}`)])),
  ];
}

/** `failure`: what ended the run before its last bench. */
export function toReport(results: readonly BenchResult[], conditions: RunConditions, failure?: string) {
  return {
    conditions: {
      node: process.version,
      cores: cpus().length,
      cpu: cpus()[0]?.model ?? "unknown",
      at: new Date().toISOString(),
      ...conditions,
      load: Object.fromEntries(results.map(({ bench, load }) => [bench, load])),
    },
    rows: results.flatMap(({ bench, rows }) => rows.map((row) => ({ bench, ...row }))),
    notMeasured: results.flatMap(({ bench, notMeasured }) => notMeasured.map((one) => ({ bench, ...one }))),
    failed: results.flatMap((result) => (result.failure === undefined ? [] : [{ bench: result.bench, why: result.failure }])),
    ...(failure === undefined ? {} : { endedBy: failure }),
  };
}
