/**
 * `npm test`: builds what is missing, starts one broker for the whole run, runs the suites one after another, and ends with each suite's time, the ten
 * slowest tests, what did not run, and `N passed, N failed`. `npm test -- api unit` runs those suites; `long`, `versions` and `deploy` are runs of their own.
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { startBroker } from "../local/broker/cluster.js";
import { type KafkaVersionName, versions } from "../local/broker/versions.js";
import { whatDidNotRun } from "./support/did-not-run.js";
import { createRunFolder, startRunBroker } from "./support/run-folder.js";
import { readSuiteResult, type SuiteResult, summaryOf } from "./support/suite-result.js";

const root = join(import.meta.dirname, "..");
const suites = ["unit", "package", "api", "broker", "relay", "trigger", "e2e"];
const brokerVersions: readonly KafkaVersionName[] = ["2.8.1", "3.9.1", "4.4.0"];
/** What must hold on every broker; the rest is ours alone, or needs a newer one. */
const suitesOnEveryVersion = ["api", "relay", "trigger"];
const buildTimeoutMs = 5 * 60_000;
const suiteTimeoutMs = 60 * 60_000;

const asked = process.argv.slice(2);
const modes: Readonly<Record<string, () => Promise<SuiteResult[]>>> = {
  long: () => onRunBroker(["long"]),
  deploy: () => onRunBroker(["deploy"]),
  versions: onEveryVersion,
};
const unknown = asked.filter((name) => !suites.includes(name) && !(asked.length === 1 && name in modes));
if (unknown.length > 0) {
  console.error(`There is no suite ${unknown.join(", ")}. There are ${suites.join(", ")}; and alone: ${Object.keys(modes).join(", ")}.`);
  process.exit(2);
}

const folder = createRunFolder();
const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
for (const name of endings) {
  process.once(name, () => void folder?.remove().finally(() => process.exit(130)));
}

let results: SuiteResult[] = [];
let failure: unknown;
try {
  await buildWhatIsMissing();
  results = await (modes[asked[0] ?? ""]?.() ?? onRunBroker(asked.length > 0 ? suites.filter((name) => asked.includes(name)) : suites));
} catch (error) {
  failure = error;
}
const didNotRun = whatDidNotRun();
await folder?.remove();

if (failure !== undefined) console.error(`\n${failure instanceof Error ? failure.message : String(failure)}`);
const summary = summaryOf(results, didNotRun);
console.log(summary.text);
const failed = summary.failed + (failure === undefined ? 0 : 1);
console.log(`${summary.passed} passed, ${failed} failed`);
process.exit(failed > 0 || summary.passed === 0 ? 1 : 0);

async function onRunBroker(names: readonly string[]): Promise<SuiteResult[]> {
  const brokers = process.env.KAFKA_BROKERS ?? "";
  const needsBroker = names.some((name) => name !== "unit");
  const env = { KAFKA_BROKERS: brokers !== "" || !needsBroker ? brokers : (await startRunBroker(console.log)).brokers.join(",") };
  const done: SuiteResult[] = [];
  for (const name of names) done.push(await runSuite(name, name, env));
  return done;
}

async function onEveryVersion(): Promise<SuiteResult[]> {
  const done: SuiteResult[] = [];
  for (const version of brokerVersions) {
    const dataFolder = join(folder?.path ?? "", `kafka-${version}`);
    const broker = await startBroker({ nodes: 1, dataFolder, version, heapMb: 384, progress: console.log });
    const env = { KAFKA_BROKERS: broker.brokers.join(","), KAFKA_RELAY_TEST_BROKER_VERSION: versions[version].version };
    for (const name of suitesOnEveryVersion) done.push(await runSuite(name, `${name} on ${version}`, env));
    await broker.stop();
  }
  return done;
}

/** The local trigger's build, as `npm ci` makes it. */
async function buildWhatIsMissing(): Promise<void> {
  if (existsSync(join(root, "local/kafka-trigger/dist")) || !existsSync(join(root, "local/build/trigger.ts"))) return;
  console.log("Building local/kafka-trigger ...");
  const { code } = await run(["node_modules/tsx/dist/cli.mjs", "local/build/trigger.ts"], {}, buildTimeoutMs);
  if (code !== 0) throw new Error("local/kafka-trigger could not be built.");
}

async function runSuite(name: string, title: string, env: NodeJS.ProcessEnv): Promise<SuiteResult> {
  console.log(`\n== ${title}`);
  const output = join(folder?.path ?? "", `${title.replaceAll(/[^\w.]/g, "-")}.json`);
  const args = [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--project",
    name,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${output}`,
  ];
  const hasFiles =
    existsSync(join(root, "test", name)) &&
    readdirSync(join(root, "test", name), { recursive: true }).some((file) => String(file).endsWith(".test.ts"));
  if (!hasFiles) return { title, seconds: 0, passed: 0, failed: 1, notRun: [], tests: [], failures: [`test/${name} has no tests`] };
  const started = Date.now();
  const { code } = await run(args, env, suiteTimeoutMs);
  return readSuiteResult(title, output, code, (Date.now() - started) / 1000);
}

function run(args: readonly string[], env: NodeJS.ProcessEnv, timeoutMs: number): Promise<{ readonly code: number }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...args], {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
      env: { ...process.env, ...env },
    });
    child.once("close", (code) => resolve({ code: code ?? 1 }));
  });
}
