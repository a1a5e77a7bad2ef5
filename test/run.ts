/**
 * `npm test`: builds what is missing, starts one broker for the whole run, runs the suites turn by turn, and ends with each suite's time, the ten
 * slowest tests, what did not run, and `N passed, N failed`. `npm test -- api unit` runs those suites; `long`, `versions`, `nodes`, `adopt`, `deploy` and `docker` are runs of their own.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { startBroker } from "../local/broker/cluster.js";
import { askBroker } from "../local/broker/probe.js";
import { type KafkaVersionName, versions } from "../local/broker/versions.js";
import { npmEnded } from "../local/processes/npm.js";
import { ensureConsoleBuild, ensureTriggerBuild } from "../local/start/build.js";
import { whatDidNotRun } from "./support/run/did-not-run.js";
import { otherNodes, programOfNode } from "./support/run/other-nodes.js";
import { createRunFolder, startRunBroker } from "./support/run/run-folder.js";
import { runNode, runSuite } from "./support/run/run-suite.js";
import { type SuiteResult, summaryOf } from "./support/run/suite-result.js";

const root = join(import.meta.dirname, "..");
/** Suites of one turn run side by side: the brokers of `broker` are waited for most of its time, which leaves a core to the builds of `package`. */
const turns = [
  ["unit"],
  ["schemas"],
  ["broker", "package"],
  ["api"],
  ["relay"],
  ["trigger"],
  ["serve"],
  ["consumers"],
  ["console"],
  ["e2e"],
];
const suites = turns.flat();
const brokerVersions: readonly KafkaVersionName[] = ["2.8.1", "3.9.1", "4.4.0"];
/** What must hold on every broker; the rest is ours alone, or needs a newer one. */
const suitesOnEveryVersion = ["api", "relay", "trigger"];
const suitesOnEveryNode = ["unit", "api"];
const buildLimitMs = 5 * 60_000;
/** None takes two minutes on two quiet cores. */
const suiteLimitMs = 10 * 60_000;
const longLimitMs = 2 * 60 * 60_000;
const brokerAnswerMs = 10_000;
const removeLimitMs = 30_000;

const asked = process.argv.slice(2);
const modes: Readonly<Record<string, () => Promise<void>>> = {
  long: () => onRunBroker([["long"]], longLimitMs),
  adopt: () => onRunBroker([["adopt"]], longLimitMs),
  deploy: () => onRunBroker([["deploy"]], longLimitMs),
  docker: () => onRunBroker([["docker"]], longLimitMs),
  nodes: onOtherNodes,
  versions: async () => {
    await onEveryVersion();
    await onOtherNodes();
  },
};
const unknown = asked.filter((name) => !suites.includes(name) && !(asked.length === 1 && name in modes));
if (unknown.length > 0) {
  console.error(`There is no suite ${unknown.join(", ")}. There are ${suites.join(", ")}; and alone: ${Object.keys(modes).join(", ")}.`);
  process.exit(2);
}

const folder = createRunFolder();
const interrupted = new Promise<never>((_, reject) => {
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => reject(new Error(`The run was ended by ${name}.`)));
  }
  void npmEnded(process.env).then(() => reject(new Error("The run was ended: npm, which started it, has ended.")));
});
// The reader of the output is gone; the run still ends in good order.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

const startedMs = Date.now();
const results: SuiteResult[] = [];
/** Set: nothing more is begun. */
let failure: unknown;
try {
  await Promise.race([interrupted, work()]);
} catch (error) {
  failure = error;
}
const didNotRun = whatDidNotRun();
await Promise.race([folder.remove(), wait(removeLimitMs)]).catch((error) =>
  console.error(`The run's folder could not be deleted: ${error}`),
);

const summary = summaryOf(results, (Date.now() - startedMs) / 1000, didNotRun);
console.log(summary.text);
if (failure !== undefined) console.error(`${failure instanceof Error ? failure.message : String(failure)}\n`);
const failed = summary.failed + (failure === undefined ? 0 : 1);
process.exitCode = failed > 0 || summary.passed === 0 ? 1 : 0;
// The last line, and all of it is written before the end.
process.stdout.write(`${summary.passed} passed, ${failed} failed\n`, () => process.exit());

async function work(): Promise<void> {
  await buildWhatIsMissing();
  await (modes[asked[0] ?? ""]?.() ?? onRunBroker(turnsOf(asked), suiteLimitMs));
}

function turnsOf(asked: readonly string[]): string[][] {
  if (asked.length === 0) return turns;
  return turns.map((turn) => turn.filter((name) => asked.includes(name)));
}

async function onRunBroker(turns: readonly (readonly string[])[], limitMs: number): Promise<void> {
  const brokers = turns.flat().every((name) => name === "unit" || name === "schemas") ? "" : await brokersOfRun();
  for (const turn of turns) {
    await Promise.all(turn.map((name) => run(name, name, environment({ KAFKA_BROKERS: brokers }), limitMs)));
  }
}

async function run(name: string, title: string, env: NodeJS.ProcessEnv, limitMs: number, node = process.execPath): Promise<void> {
  if (failure === undefined) results.push(await runSuite({ name, title, env, limitMs, node }));
}

async function brokersOfRun(): Promise<string> {
  const given = process.env.KAFKA_BROKERS ?? "";
  if (given === "") return (await startRunBroker(console.log)).brokers.join(",");
  const [host = "", port = ""] = given.split(",")[0]?.split(":") ?? [];
  await askBroker(host, Number(port), brokerAnswerMs).catch((error: Error) => {
    throw new Error(
      `KAFKA_BROKERS names ${given}, and no broker answers there: ${error.message}\nUnset it: a broker is started for the run then.`,
    );
  });
  console.log(`On the brokers that KAFKA_BROKERS names: ${given}`);
  return given;
}

async function onEveryVersion(): Promise<void> {
  for (const version of brokerVersions) {
    const dataFolder = join(folder.path, `kafka-${version}`);
    const broker = await startBroker({ nodes: 1, dataFolder, version, heapMb: 384, progress: console.log });
    const env = environment({ KAFKA_BROKERS: broker.brokers.join(","), KAFKA_RELAY_TEST_BROKER_VERSION: versions[version].version });
    for (const name of suitesOnEveryVersion) await run(name, `${name} on ${version}`, env, suiteLimitMs);
    await broker.stop();
  }
}

/** The deployed runtime, and the line before it: what is pure, and the whole API against a broker. */
async function onOtherNodes(): Promise<void> {
  const brokers = await brokersOfRun();
  for (const version of otherNodes) {
    const node = await programOfNode(version);
    for (const name of suitesOnEveryNode)
      await run(name, `${name} on Node ${version}`, environment({ KAFKA_BROKERS: brokers }), suiteLimitMs, node);
  }
}

/** The builds that `npm ci` makes; it makes none where scripts are turned off. */
async function buildWhatIsMissing(): Promise<void> {
  await ensureTriggerBuild(console.log);
  await ensureConsoleBuild(console.log);
  if (existsSync(join(root, "local/cli/dist"))) return;
  console.log("Building local/cli ...");
  const { code } = await runNode(["node_modules/tsx/dist/cli.mjs", "local/build/cli.ts"], process.env, buildLimitMs);
  if (code !== 0) throw new Error("local/cli could not be built.");
}

/** The shell's, without what configures a relay or colours its output: a test says what it needs. */
function environment(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = /^(?:(?:KAFKA|RELAY|QUAKES)_(?!RELAY_TEST_)|FORCE_COLOR$)/;
  return { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name))), ...more };
}
