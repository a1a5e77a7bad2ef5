/** What came of a suite, read from vitest's JSON report, and the last lines of `npm test`. */
import { readFileSync } from "node:fs";

const slowestShown = 10;

export interface SuiteResult {
  readonly title: string;
  readonly seconds: number;
  readonly passed: number;
  readonly failed: number;
  /** Full names of tests that were skipped or are still to be written. */
  readonly notRun: readonly string[];
  readonly tests: readonly { readonly name: string; readonly ms: number }[];
  readonly failures: readonly string[];
}

/** The part of vitest's report that is read (the shape of Jest's `--json`). */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string; readonly duration?: number | null }[];
  }[];
}

interface EndedSuite {
  readonly title: string;
  /** Vitest's report; it may be missing or torn where vitest did not end well. */
  readonly report: string | undefined;
  readonly seconds: number;
  /** Why the suite as a whole is not good, as half a sentence. */
  readonly fault: string | undefined;
}

/** A suite that ended badly without a failed test (a file that does not load, an unhandled error, a crash) has failed once. */
export function readSuiteResult({ title, report: file, seconds, fault }: EndedSuite): SuiteResult {
  const report = file === undefined ? undefined : readReport(file);
  const results = report?.testResults ?? [];
  const tests = results.flatMap(({ assertionResults }) => assertionResults);
  const named = (status: readonly string[]) => tests.filter((test) => status.includes(test.status)).map(({ fullName }) => fullName);
  const brokenFiles = results
    .filter(({ status, assertionResults }) => status === "failed" && assertionResults.every((test) => test.status !== "failed"))
    .map(({ name, message }) => `${name}: ${message.split("\n")[0]}`);
  const failures = [...named(["failed"]), ...brokenFiles];
  if (failures.length === 0 && fault !== undefined) failures.push(fault);
  if (failures.length === 0 && report === undefined) failures.push("the suite left no report");
  if (failures.length === 0 && !tests.some(({ status }) => status === "passed")) failures.push("no test has passed");
  return {
    title,
    seconds,
    passed: named(["passed"]).length,
    failed: failures.length,
    notRun: named(["pending", "skipped", "todo", "disabled"]),
    tests: tests.map(({ fullName, duration }) => ({ name: fullName, ms: duration ?? 0 })),
    failures,
  };
}

function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    return undefined;
  }
}

export function summaryOf(
  results: readonly SuiteResult[],
  seconds: number,
  didNotRun: readonly string[],
): { readonly text: string; readonly passed: number; readonly failed: number } {
  const total = (count: (result: SuiteResult) => number) => results.reduce((sum, result) => sum + count(result), 0);
  const slowest = results
    .flatMap(({ title, tests }) => tests.map((test) => ({ ...test, title })))
    .sort((one, other) => other.ms - one.ms)
    .slice(0, slowestShown);
  const notRun = [...didNotRun, ...results.flatMap(({ title, notRun }) => notRun.map((name) => `${title}: ${name} (skipped)`))];
  const lines = [
    "",
    "Suite                     Time    Passed  Failed",
    ...results.map(
      ({ title, seconds, passed, failed }) =>
        `${title.padEnd(22)} ${seconds.toFixed(1).padStart(6)} s  ${String(passed).padStart(7)} ${String(failed).padStart(7)}`,
    ),
    `${"the whole run".padEnd(22)} ${seconds.toFixed(1).padStart(6)} s`,
    "",
    "The slowest tests:",
    ...slowest.map(({ title, name, ms }) => `  ${(ms / 1000).toFixed(1).padStart(6)} s  ${title}: ${name}`),
    ...section(
      "Failed:",
      results.flatMap(({ title, failures }) => failures.map((failure) => `${title}: ${failure}`)),
    ),
    ...section("Did not run:", notRun),
    "",
  ];
  return { text: lines.join("\n"), passed: total(({ passed }) => passed), failed: total(({ failed }) => failed) };
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
}
