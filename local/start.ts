/**
 * `npm start`: everything on this machine - a broker, its topics, a SQL database, the HTTP API, the Kafka triggers and the routes - and then one line
 * per event. Ctrl-C stops what it started and keeps the data. Environment variables set ports and folders: docs/local.md.
 */
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pc from "picocolors";
import { asksForTokens, tokenEnvironment } from "./auth/tokens.js";
import { ensureTopics } from "./broker/create-topics.js";
import { type ProvidedBroker, provideBroker } from "./broker/provide.js";
import { type LocalSettings, readBrokerSettings } from "./broker/settings.js";
import { deployedFunctions, projectFolder } from "./build/service-map.js";
import { type Leash, leash } from "./processes/leash.js";
import { npmEnded } from "./processes/npm.js";
import { giveUpOwnership, ownerOf, takeOwnership } from "./processes/owner.js";
import { asksForRegistry, type ProvidedRegistry, provideRegistry } from "./registry/provide.js";
import { type ProvidedAws, provideAws } from "./start/aws.js";
import { ensureConsoleBuild, ensureTriggerBuild } from "./start/build.js";
import { functionEnvironment } from "./start/environment.js";
import { localHost } from "./start/host.js";
import { preflight } from "./start/preflight.js";
import { type Ending, endLeftovers, type ProcessGroup, startGroup } from "./start/process-group.js";
import { runSchedules } from "./start/schedules.js";
import { topicsToCreate } from "./start/topics.js";
import { welcome } from "./start/welcome.js";

const apiTimeoutMs = 60_000;
const sqlTimeoutMs = 60_000;
const pollMs = 50;
/** npm and the terminal both deliver the same Ctrl-C. Only a later one counts as a second. */
const secondInterruptAfterMs = 1_500;

const started = Date.now();
const say = (line: string): void => console.log(`${pc.dim(`${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s`)}  ${line}`);

/** What is running, in start order; stopped in reverse. */
const running: { readonly what: string; readonly stop: () => Promise<void> }[] = [];
let isStopping = false;
let ownLeash: Leash | undefined;
let ownFolder: string | undefined;

const interrupted = new Promise<void>((resolve) => {
  let firstAt: number | undefined;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (firstAt !== undefined && Date.now() - firstAt > secondInterruptAfterMs) process.exit(130);
      firstAt ??= Date.now();
      resolve();
    });
  }
  void npmEnded(process.env).then(() => resolve());
});
// Writing to a closed terminal fails. That must not end this process before everything is stopped.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

try {
  const offline = await startAll(readBrokerSettings(process.env));
  const ending = await Promise.race([interrupted, offline?.ended]);
  if (ending !== undefined && !isStopping) {
    console.error(`The API ended unexpectedly (exit code ${ending.code}). Its last lines:\n  ${ending.lastLines.slice(-10).join("\n  ")}`);
    process.exitCode = 1;
  }
} catch (error) {
  console.error(`\n${pc.red(error instanceof Error ? error.message : String(error))}`);
  process.exitCode = 1;
}
await stopAll();
// A handle that a library left open must not keep the process alive.
process.exit();

/** Queues and streams of sources. */
function startMappings(
  env: NodeJS.ProcessEnv,
  { endpoint, region, isOurs }: ProvidedAws,
  { lambdaPort }: LocalSettings,
  runFolder: string,
): void {
  const program = join(projectFolder, "local/start/source-mappings.ts");
  const group = startGroup({
    name: "mappings",
    args: ["--import", "tsx", program, endpoint, region, String(lambdaPort), isOurs ? "ours" : "theirs"],
    env,
    runFolder,
    onLine: (line) => console.log(line),
  });
  running.push({ what: "the queues and streams of sources", stop: group.stop });
}

/** Undefined where no source reads a queue or a stream, where the host has no Lambda API, or where none can be started; the output says why. */
async function awsOf(settings: LocalSettings, runFolder: string): Promise<ProvidedAws | undefined> {
  const hasEvents = deployedFunctions().some(({ queues = [], streams = [] }) => queues.length + streams.length > 0);
  const isNeeded = hasEvents && localHost(process.argv.slice(2), settings).name === "offline";
  const aws = await provideAws(settings, runFolder, { isNeeded, env: process.env, say });
  if (aws === undefined) return undefined;
  if ("missing" in aws) {
    say(aws.missing);
    return undefined;
  }
  if (aws.stop !== undefined) running.unshift({ what: "the emulated AWS", stop: aws.stop });
  say(`${aws.what} is at ${aws.endpoint}`);
  return aws;
}

/** Undefined if it was interrupted during the start. */
async function startAll(settings: LocalSettings): Promise<ProcessGroup | undefined> {
  const auth = asksForTokens(process.argv.slice(2)) ? tokenEnvironment(settings.dataFolder) : {};
  const runFolder = join(settings.dataFolder, "run");
  const topics = topicsToCreate(deployedFunctions(), settings.createTopics);
  const owner = ownerOf(runFolder);
  if (owner !== undefined) {
    throw new Error(
      `npm start is already running here (process ${owner.pid}). Stop it with Ctrl-C in its terminal, or with kill ${owner.pid}.`,
    );
  }
  takeOwnership(runFolder);
  ownFolder = runFolder;
  await endLeftovers(runFolder);
  const faults = await preflight(settings);
  if (faults.length > 0) throw new Error(faults.join("\n"));
  ownLeash = leash(runFolder);
  const stopped = interrupted.then(() => "interrupted" as const);
  const starting = sql(settings, runFolder);
  const startingRegistry = registryOf(settings, runFolder);
  const startingAws = awsOf(settings, runFolder);
  // Awaited once the broker is up. Until then, a failure must not count as an unhandled rejection.
  starting.catch(() => {});
  startingRegistry.catch(() => {});
  startingAws.catch(() => {});
  const broker = await provide(settings);
  await ensureTriggerBuild(say);
  await ensureConsoleBuild(say);
  const databaseUrl = await starting;
  const registry = await startingRegistry;
  const aws = await startingAws;
  if ((await Promise.race([stopped, "going on"])) === "interrupted") return undefined;
  const schemas = registry === undefined ? {} : { SCHEMA_REGISTRY_URL: registry.url };
  const env = functionEnvironment({ ...auth, ...process.env, ...schemas, ...aws?.variables }, settings, {
    brokers: broker.brokers,
    databaseUrl,
  });
  const created = await ensureTopics(env, topics);
  say(created.length > 0 ? `Created the topics ${created.join(", ")}` : `Found the topics ${topics.map(({ name }) => name).join(", ")}`);
  const host = localHost(process.argv.slice(2), settings);
  say(`Starting ${host.what} ...`);
  const group = startGroup({
    name: host.name,
    args: host.args,
    env,
    runFolder,
    onLine: (line) => {
      const readable = host.toLine(line);
      if (readable !== undefined) console.log(readable);
    },
  });
  running.push({ what: host.what, stop: group.stop });
  if ((await Promise.race([stopped, apiAnswers(settings, group, host.what)])) === "interrupted") return undefined;
  // Both call functions through Lambda's API, which only serverless-offline has.
  if (host.name === "offline") {
    if (aws !== undefined) startMappings(env, aws, settings, runFolder);
    await runSchedules(deployedFunctions(), settings.lambdaPort);
  }
  console.log(welcome(settings, { broker, databaseUrl, registry, aws, host: host.name }, env.RELAY_ACCESS));
  return group;
}

async function provide(settings: LocalSettings): Promise<ProvidedBroker> {
  const broker = await provideBroker(settings, process.env, say);
  if (broker.isOurs) running.unshift({ what: "the broker", stop: broker.stop });
  say(`${broker.what} is listening on ${broker.brokers.join(", ")}`);
  return broker;
}

async function registryOf(settings: LocalSettings, runFolder: string): Promise<ProvidedRegistry | undefined> {
  const isAsked = asksForRegistry(process.argv.slice(2));
  const registry = await provideRegistry(settings, runFolder, { isAsked, given: process.env.SCHEMA_REGISTRY_URL, progress: say });
  if (registry === undefined) return undefined;
  if (registry.stop !== undefined) running.unshift({ what: "the schema registry", stop: registry.stop });
  say(`${registry.what} is listening on ${registry.url}`);
  return registry;
}

/** Returns its URL once it answers. */
async function sql({ dataFolder, sqlPort }: LocalSettings, runFolder: string): Promise<string> {
  say("Starting PostgreSQL (PGlite) ...");
  let hasAnswered = (_url: string): void => {};
  const ready = new Promise<string>((resolve) => {
    hasAnswered = resolve;
  });
  const group = startGroup({
    name: "sql",
    args: ["--import", "tsx", join(projectFolder, "local/start/sql.ts"), join(dataFolder, "sql"), String(sqlPort)],
    env: process.env,
    runFolder,
    onLine: (line) => {
      if (line.startsWith("ready ")) hasAnswered(line.slice("ready ".length));
    },
  });
  running.unshift({ what: "PostgreSQL", stop: group.stop });
  const url = await Promise.race([ready, group.ended, wait(sqlTimeoutMs, undefined, { ref: false })]);
  if (typeof url !== "string") {
    throw new Error(
      `PostgreSQL (PGlite) did not start within ${sqlTimeoutMs / 1000} s:\n  ${url?.lastLines.slice(-10).join("\n  ") ?? "it printed nothing"}`,
    );
  }
  say(`PostgreSQL is listening on 127.0.0.1:${sqlPort}`);
  return url;
}

/** Ready when the health check answers, which also loads the first function. */
async function apiAnswers({ httpPort }: LocalSettings, group: ProcessGroup, what: string): Promise<"up"> {
  const until = Date.now() + apiTimeoutMs;
  let end: Ending | undefined;
  void group.ended.then((ended) => {
    end = ended;
  });
  while (Date.now() < until) {
    if (end !== undefined) throw new Error(`${what} did not start (exit code ${end.code}):\n  ${end.lastLines.slice(-15).join("\n  ")}`);
    const response = await fetch(`http://127.0.0.1:${httpPort}/health`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    if (response !== undefined) return "up";
    await wait(pollMs);
  }
  throw new Error(`The API did not answer on port ${httpPort} within ${apiTimeoutMs / 1000} s.`);
}

async function stopAll(): Promise<void> {
  isStopping = true;
  if (running.length > 0) console.log("");
  for (const { what, stop } of running.reverse()) {
    console.log(`Stopping ${what} ...`);
    await stop().catch((error: Error) => {
      console.error(`${what} could not be stopped: ${error.message}`);
      process.exitCode = 1;
    });
  }
  ownLeash?.drop();
  if (ownFolder !== undefined) giveUpOwnership(ownFolder);
  if (running.length > 0) console.log("Stopped. The data is kept for the next npm start.");
}
