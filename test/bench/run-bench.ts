/** Runs one bench in a process of its own: whatever becomes of it, the rows that it has finished stay. */
import { existsSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { runFolder } from "../support/run/run-folder.js";
import { runNode } from "../support/run/run-suite.js";
import type { BenchRow, ComparedRow } from "./bench.js";

/** What the process writes while it runs, one JSON object per line. */
export type BenchLine =
  | { readonly kind: "row"; readonly row: BenchRow | ComparedRow }
  | { readonly kind: "not-measured"; readonly what: string; readonly why: string }
  | { readonly kind: "failed"; readonly why: string };

export interface BenchJob {
  readonly name: string;
  /** A module that exports `bench`. */
  readonly file: string;
  readonly brokers: readonly string[];
  readonly secondsPerRow: number;
  readonly isShort: boolean;
  readonly limitMs: number;
}

export interface BenchResult {
  readonly bench: string;
  readonly rows: readonly (BenchRow | ComparedRow)[];
  readonly notMeasured: readonly { readonly what: string; readonly why: string }[];
  /** Set: the bench did not finish, and this is why. */
  readonly failure?: string;
  /** Of the machine, over one minute, as the bench began and ended; 0 where the system has no such figure. */
  readonly load: { readonly before: number; readonly after: number };
}

/** Never rejects for what happens to the bench. */
export async function runBench({ name, file, limitMs, ...context }: BenchJob): Promise<BenchResult> {
  const linesFile = join(runFolder(), `bench-${name}.jsonl`);
  const job = JSON.stringify({ file, linesFile, ...context });
  const before = loadNow();
  const { code, wasTooLong } = await runNode(["--import", "tsx", join(import.meta.dirname, "process.ts"), job], process.env, limitMs);
  const lines = linesIn(linesFile);
  const failure = lines.flatMap((line) => (line.kind === "failed" ? [line.why] : []))[0] ?? endingOf(code, wasTooLong, limitMs);
  return {
    bench: name,
    rows: lines.flatMap((line) => (line.kind === "row" ? [line.row] : [])),
    notMeasured: lines.flatMap((line) => (line.kind === "not-measured" ? [{ what: line.what, why: line.why }] : [])),
    ...(failure === undefined ? {} : { failure }),
    load: { before, after: loadNow() },
  };
}

export const loadNow = (): number => loadavg()[0] ?? 0;

function endingOf(code: number | null, wasTooLong: boolean, limitMs: number): string | undefined {
  if (wasTooLong) return `It did not end within ${limitMs / 1_000} s.`;
  if (code === 0) return undefined;
  return code === null ? "Its process was ended by a signal." : `Its process ended with exit code ${code}.`;
}

/** A process that was killed may have left half a line at the end. */
function linesIn(file: string): readonly BenchLine[] {
  if (!existsSync(file)) return [];
  const complete = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return complete.map((line) => JSON.parse(line) as BenchLine);
}
