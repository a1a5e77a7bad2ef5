/** `npm run broker [-- start | stop | status | reset]`: only the broker, in the foreground. Ctrl-C stops it and keeps its data. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { npmEnded } from "../processes/npm.js";
import { ownerOf } from "../processes/owner.js";
import { runningCluster } from "./cluster.js";
import { ensureTopics, parseCreateTopics } from "./create-topics.js";
import { askBroker } from "./probe.js";
import { brokerFolder, provideBroker, resetBroker, stopBroker } from "./provide.js";
import { readBrokerSettings } from "./settings.js";

const usage = `npm run broker                 start the broker and run until Ctrl-C; keeps its data
npm run broker -- stop         stop it from another terminal
npm run broker -- status       show whether a broker is running, and where
npm run broker -- reset        stop it and delete its data`;
const lookEveryMs = 1_000;

const [command = "start", ...rest] = process.argv.slice(2);
const commands: Readonly<Record<string, () => Promise<number>>> = { start, stop, status, reset };
const run = commands[command];
if (run === undefined || rest.length > 0) {
  console.error(usage);
  process.exit(2);
}
try {
  process.exitCode = await run();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

async function start(): Promise<number> {
  const settings = readBrokerSettings(process.env);
  const topics = parseCreateTopics(settings.createTopics);
  const interrupted = new Promise<"interrupted">((resolve) => {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => resolve("interrupted"));
    void npmEnded(process.env).then(() => resolve("interrupted"));
  });
  const broker = await provideBroker(settings, process.env, console.log);
  try {
    const created = await ensureTopics({ ...process.env, KAFKA_BROKERS: broker.brokers.join(",") }, topics);
    if (created.length > 0) console.log(`Created ${created.join(", ")}`);
    console.log(`${broker.what} is listening on ${broker.brokers.join(", ")}`);
    if (!broker.isOurs) {
      console.log("This broker is managed elsewhere, so there is nothing to do.");
      return 0;
    }
    console.log("Ctrl-C stops it and keeps its data. To delete the data, use npm run broker -- reset.");
    const how = await Promise.race([interrupted, untilGone(broker.brokers[0] ?? "")]);
    if (how === "gone") console.log("The broker was stopped.");
  } finally {
    await broker.stop();
  }
  return 0;
}

/** The broker may be stopped from elsewhere (`npm run broker -- stop`, or Docker). */
async function untilGone(address: string): Promise<"gone"> {
  let silent = 0;
  while (silent < 3) {
    await wait(lookEveryMs, undefined, { ref: true });
    silent = (await answers(address)) ? 0 : silent + 1;
  }
  return "gone";
}

async function answers(address: string): Promise<boolean> {
  const [host = "127.0.0.1", port = ""] = address.split(":");
  return askBroker(host, Number(port), 2_000).then(
    () => true,
    () => false,
  );
}

async function stop(): Promise<number> {
  console.log(
    (await stopBroker(readBrokerSettings(process.env)))
      ? "The broker is stopped. Its data is kept."
      : "No broker of this project is running.",
  );
  return 0;
}

async function reset(): Promise<number> {
  const settings = readBrokerSettings(process.env);
  await resetBroker(settings);
  console.log("The broker is stopped and its data is deleted.");
  const sql = join(settings.dataFolder, "sql");
  if (existsSync(sql)) {
    console.log(
      `The rows in PostgreSQL are kept, with the offsets that they came from. Delete ${sql} too: otherwise a new record with the same key may count as older.`,
    );
  }
  return 0;
}

async function status(): Promise<number> {
  const settings = readBrokerSettings(process.env);
  const folder = brokerFolder(settings);
  const cluster = runningCluster(folder);
  const address = cluster?.brokers[0] ?? `127.0.0.1:${settings.brokerPort}`;
  if (cluster !== undefined) {
    const owner = ownerOf(folder);
    const whose = owner === undefined ? "left by a killed program; the next start takes it over" : `held by process ${owner.pid}`;
    console.log(`Apache Kafka ${cluster.version}, process ${cluster.nodes.map(({ pid }) => pid).join(", ")}, ${whose}`);
    console.log(`cluster ${cluster.clusterId}, data in ${folder}`);
  }
  const isUp = await answers(address);
  console.log(isUp ? `A broker is listening on ${address}.` : `No broker is listening on ${address}.`);
  return isUp ? 0 : 1;
}
