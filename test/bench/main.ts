/**
 * `npm run bench -- [name ...] [--short] [--seconds N] [--json FILE]`: runs the benches of this folder, each on a broker of its own (or on the one that
 * KAFKA_BROKERS names), and prints every ratio beside its budget. A bench that fails loses neither its finished rows nor the other benches.
 */
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pc from "picocolors";
import { startBroker } from "../../local/broker/cluster.js";
import { askBroker } from "../../local/broker/probe.js";
import { findTools } from "../../local/broker/tools.js";
import { npmEnded } from "../../local/processes/npm.js";
import { ensureTriggerBuild } from "../../local/start/build.js";
import { createRunFolder } from "../support/run/run-folder.js";
import { toRemarks, toReport, toTable } from "./result.js";
import { type BenchResult, loadNow, runBench } from "./run-bench.js";

const usage = "npm run bench -- [name ...] [--short] [--seconds N] [--json FILE]";
const secondsDefault = 2;
const shortSeconds = 0.2;
const secondsMax = 60;
const benchLimitMs = 15 * 60_000;
const heapMb = 512;
const brokerAnswerMs = 10_000;
const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".bench.ts"))
  .map((file) => file.replace(".bench.ts", ""))
  .sort();
const { isShort, secondsPerRow, json, asked } = parseUsage();

const folder = createRunFolder();
const results: BenchResult[] = [];
const interrupted = new Promise<never>((_, reject) => {
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => reject(new Error(`The run was ended by ${name}.`)));
  void npmEnded(process.env).then(() => reject(new Error("The run was ended: npm, which started it, has ended.")));
});
let failure: string | undefined;
try {
  await Promise.race([interrupted, runAll()]);
} catch (error) {
  failure = error instanceof Error ? error.message : String(error);
}
const conditions = { secondsPerRow, isShort };
if (results.length > 0) {
  console.log(toTable(results));
  for (const line of toRemarks(results, conditions)) console.log(line);
}
if (json !== undefined) writeFileSync(json, `${JSON.stringify(toReport(results, conditions, failure), null, 2)}\n`);
if (failure !== undefined) console.error(pc.red(failure));
await folder.remove();
const isDone = failure === undefined && results.every((result) => result.failure === undefined);
process.exit(isDone ? exitCodes.done : exitCodes.failed);

async function runAll(): Promise<void> {
  await ensureTriggerBuild((line) => console.error(line));
  const given = await givenBrokers();
  for (const name of asked) {
    console.error(pc.dim(`${name} ...`));
    results.push(await onBroker(name, given, (brokers) => run(name, brokers)));
  }
}

function run(name: string, brokers: readonly string[]): Promise<BenchResult> {
  const file = join(import.meta.dirname, `${name}.bench.ts`);
  return runBench({ name, file, brokers, secondsPerRow, isShort, limitMs: benchLimitMs });
}

/** A broker that another bench has filled or worn out would be measured too, so each bench has its own. */
async function onBroker(
  name: string,
  given: readonly string[] | undefined,
  use: (brokers: readonly string[]) => Promise<BenchResult>,
): Promise<BenchResult> {
  if (given !== undefined) return use(given);
  const dataFolder = join(folder.path, `broker-${name}`);
  const load = loadNow();
  try {
    const cluster = await startBroker({ nodes: 1, dataFolder, heapMb, progress: (line) => console.error(pc.dim(`  ${line}`)) });
    try {
      return await use(cluster.brokers);
    } finally {
      await cluster.stop();
    }
  } catch (error) {
    const why = `Its broker could not be started: ${(error as Error).message}`;
    return { bench: name, rows: [], notMeasured: [], failure: why, load: { before: load, after: loadNow() } };
  } finally {
    rmSync(dataFolder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** The brokers that KAFKA_BROKERS names; undefined where it is not set. */
async function givenBrokers(): Promise<readonly string[] | undefined> {
  const given = process.env.KAFKA_BROKERS ?? "";
  if (given === "") {
    const tools = await findTools(false);
    if ("missing" in tools)
      throw new Error(`The benches need a broker: set KAFKA_BROKERS, or install Java 17 or newer and Maven: ${tools.missing}.`);
    return undefined;
  }
  const [host = "", port = ""] = given.split(",")[0]?.split(":") ?? [];
  await askBroker(host, Number(port), brokerAnswerMs).catch((error: Error) => {
    throw new Error(
      `KAFKA_BROKERS names ${given}, and no broker answers there: ${error.message}\nUnset it: a broker is started for each bench then.`,
    );
  });
  return given.split(",");
}

function parseUsage() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { seconds: { type: "string" }, short: { type: "boolean", default: false }, json: { type: "string" } },
    });
    const unknown = positionals.filter((name) => !names.includes(name));
    if (unknown.length > 0) throw new Error(`There is no bench ${unknown.join(", ")}. There are: ${names.join(", ")}.`);
    const seconds = values.seconds === undefined ? (values.short ? shortSeconds : secondsDefault) : Number(values.seconds);
    if (!(seconds > 0 && seconds <= secondsMax))
      throw new Error(`--seconds must be more than 0 and at most ${secondsMax}, not ${JSON.stringify(values.seconds)}.`);
    return { isShort: values.short, secondsPerRow: seconds, json: values.json, asked: positionals.length > 0 ? positionals : names };
  } catch (error) {
    console.error(`${(error as Error).message}\nUsage: ${usage}`);
    process.exit(exitCodes.usage);
  }
}
