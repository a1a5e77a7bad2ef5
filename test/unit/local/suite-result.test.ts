/** What a run says of a suite, whatever vitest left behind: nothing that went wrong is counted as good. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSuiteResult, summaryOf } from "../../support/run/suite-result.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kafka-relay-suite-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function reported(text: string): string {
  const file = join(folder, "report.json");
  writeFileSync(file, text);
  return file;
}

const reportOf = (...statuses: readonly string[]): string =>
  reported(
    JSON.stringify({
      testResults: [
        {
          name: "a.test.ts",
          status: statuses.includes("failed") ? "failed" : "passed",
          message: "",
          assertionResults: statuses.map((status, index) => ({ fullName: `test ${index}`, status, duration: 1 })),
        },
      ],
    }),
  );
const resultOf = (report: string | undefined, fault?: string) => readSuiteResult({ title: "suite", report, seconds: 1, fault });

test("tests are counted, and those that were skipped are named", () => {
  expect(resultOf(reportOf("passed", "failed", "skipped"), "the suite ended with exit code 1")).toMatchObject({
    passed: 1,
    failed: 1,
    failures: ["test 1"],
    notRun: ["test 2"],
  });
});

test.each([
  ["was killed before it wrote its report", undefined, "the suite was killed", "the suite was killed"],
  ["left half a report", '{"testResults": [', undefined, "the suite left no report"],
  ["left a report without tests", '{"testResults": []}', undefined, "no test has passed"],
])("a suite that %s has failed", (_, text, fault, failure) => {
  expect(resultOf(text === undefined ? undefined : reported(text), fault)).toMatchObject({ passed: 0, failed: 1, failures: [failure] });
});

test("a suite whose tests have all passed has failed where it ended badly", () => {
  expect(resultOf(reportOf("passed"), "the suite ended with exit code 1")).toMatchObject({ passed: 1, failed: 1 });
});

test("the last lines list what did not run, once each, regardless of who reported it", () => {
  const { text, passed, failed } = summaryOf([resultOf(reportOf("passed", "skipped"))], 1.5, ["the AWS targets: there is no Python 3"]);

  expect({ passed, failed }).toEqual({ passed: 1, failed: 0 });
  expect(text).toMatch(/Did not run:\n {2}the AWS targets: there is no Python 3\n {2}suite: test 1 \(skipped\)\n/);
});
