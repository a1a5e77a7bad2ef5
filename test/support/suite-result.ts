/** What came of a suite, read from vitest's JSON report, and the last lines of `npm test`. */
import { existsSync, readFileSync } from "node:fs";

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

/** A suite that ended badly without a failed test (a file that does not load, an unhandled error) has failed once. */
export function readSuiteResult(title: string, file: string, exitCode: number, seconds: number): SuiteResult {
  const report: Report = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Report) : { testResults: [] };
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const named = (status: readonly string[]) => tests.filter((test) => status.includes(test.status)).map(({ fullName }) => fullName);
  const brokenFiles = report.testResults
    .filter(({ status, assertionResults }) => status === "failed" && assertionResults.every((test) => test.status !== "failed"))
    .map(({ name, message }) => `${name}: ${message.split("\n")[0]}`);
  const failures = [...named(["failed"]), ...brokenFiles];
  if (exitCode !== 0 && failures.length === 0) failures.push(`the suite ended with exit code ${exitCode}`);
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

export function summaryOf(
  results: readonly SuiteResult[],
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
    `${"together".padEnd(22)} ${total(({ seconds }) => seconds)
      .toFixed(1)
      .padStart(6)} s`,
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
