/** `npm run bench`: it needs nothing but the project, and what it has measured is never lost. The figures themselves are nobody's promise. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type BenchResult, runBench } from "../bench/run-bench.js";

const root = join(import.meta.dirname, "../..");
const runLimitMs = 150_000;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bench-"));
});

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** `npm run bench -- <words>`, with and without KAFKA_BROKERS. */
function npmRunBench(words: readonly string[], brokers?: string): Promise<Ended> {
  const { KAFKA_BROKERS: _, ...env } = process.env;
  const options = { cwd: root, env: brokers === undefined ? env : { ...env, KAFKA_BROKERS: brokers }, timeout: runLimitMs };
  return new Promise((resolve) => {
    const child = execFile("npm", ["run", "bench", "--", ...words], options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, output: stdout + stderr }),
    );
  });
}

/** Runs a bench whose body is this, in a process as every bench has one. */
function runBody(name: string, body: string, limitMs = 60_000): Promise<BenchResult> {
  const file = join(folder, `${name}.mjs`);
  const row = `{ what: "one", ours: 2, theirs: 1, unit: "records/s", against: "another", ratio: 2 }`;
  writeFileSync(file, `const row = ${row};\nexport const bench = { name: "${name}", async *run(context) { ${body} } };\n`);
  return runBench({ name, file, brokers: [], secondsPerRow: 0.1, isShort: true, limitMs });
}

test("without KAFKA_BROKERS a bench starts a broker of its own, and prints the load of the machine with its rows", async () => {
  const json = join(folder, "result.json");

  const { code, output } = await npmRunBench(["produce-handler", "--short", "--json", json]);

  expect(output).toContain("Starting Apache Kafka");
  expect(output).toMatch(/produce handler, 1 record/);
  expect(output).toMatch(/load average \(1 min\) while each bench ran: produce-handler [\d.]+ to [\d.]+/);
  expect(code).toBe(0);
  const { rows, failed, conditions } = JSON.parse(readFileSync(json, "utf8"));
  expect(rows).toHaveLength(4);
  expect(failed).toEqual([]);
  expect(conditions.load["produce-handler"]).toEqual({ before: expect.any(Number), after: expect.any(Number) });
}, 180_000);

test("brokers that KAFKA_BROKERS names are used, and named when none answers there", async () => {
  const adopted = await npmRunBench(["produce-handler", "--short"], process.env.KAFKA_BROKERS);
  const deaf = await npmRunBench(["produce-handler", "--short"], "127.0.0.1:1");

  expect(adopted.output).not.toContain("Starting Apache Kafka");
  expect(adopted.output).toMatch(/produce handler, 1 record/);
  expect(adopted.code).toBe(0);
  expect(deaf.output).toContain("KAFKA_BROKERS names 127.0.0.1:1, and no broker answers there");
  expect(deaf.code).toBe(1);
}, 180_000);

test("a missing bench and an invalid number of seconds are wrong usage", async () => {
  const unknown = await npmRunBench(["prodcer"]);
  const seconds = await npmRunBench(["--seconds", "soon"]);

  expect(unknown).toMatchObject({ code: 2, output: expect.stringContaining("There is no bench prodcer. There are: admin, cold,") });
  expect(seconds).toMatchObject({ code: 2, output: expect.stringContaining("--seconds must be more than 0 and at most 60") });
});

test.each([
  ["throws", "yield row; throw new Error('The second row failed.');", "The second row failed."],
  ["throws where nobody waits", "yield row; setTimeout(() => { throw new Error('Late.'); }); await new Promise(() => {});", "Late."],
  ["ends its process", "yield row; process.exit(7);", "Its process ended with exit code 7."],
  ["is killed", "yield row; process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});", "Its process was ended by a signal."],
  ["measures nothing", "yield row; yield { ...row, ours: NaN };", '"one" has a figure that is not a number: NaN, 1, 2.'],
])("a bench that %s keeps the rows that it had finished, and says why there are no more", async (name, body, why) => {
  const result = await runBody(name.replaceAll(" ", "-"), body);

  expect(result.rows).toEqual([{ what: "one", ours: 2, theirs: 1, unit: "records/s", against: "another", ratio: 2 }]);
  expect(result.failure).toBe(why);
});

test("a bench that never ends is ended at its limit, and keeps its rows", async () => {
  const result = await runBody("endless", "yield row; setInterval(() => {}, 1000); await new Promise(() => {});", 5_000);

  expect(result.rows).toHaveLength(1);
  expect(result.failure).toBe("It did not end within 5 s.");
});

test("a bench that this machine cannot run is named and does not count as a failure", async () => {
  const result = await runBody("lacking", `context.notMeasured("another client", "it could not be installed"); yield row;`);

  expect(result).toMatchObject({ notMeasured: [{ what: "another client", why: "it could not be installed" }] });
  expect(result.failure).toBeUndefined();
});
