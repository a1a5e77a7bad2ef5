/** Producing through serverless-offline: our bundled function against one there that does nothing but a bare kafkajs `send` of the same record, in turns. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { projectFolder } from "../../local/build/service-map.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import type { Bench, BenchContext } from "./bench.js";

const httpPort = 13_610;
const lambdaPort = 13_612;
const callsAtOnce = 8;
const turns = 4;
const ratioMin = 0.9;
const startTimeoutMs = 60_000;
const partitions = 16;

const bareFunction = `
const { Kafka, logLevel, Partitioners } = require("kafkajs");
const producer = new Kafka({ brokers: process.env.KAFKA_BROKERS.split(","), logLevel: logLevel.NOTHING })
  .producer({ createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false });
const connected = producer.connect();
exports.handler = async (event) => {
  await connected;
  const { records } = JSON.parse(event.body);
  const messages = records.map(({ value }) => ({ key: null, value: JSON.stringify(value) }));
  const sent = await producer.send({ topic: event.pathParameters.topic, acks: -1, messages });
  return { statusCode: 200, body: JSON.stringify(sent) };
};`;

const serviceMap = `
service: bench
plugins: [serverless-offline]
provider: { name: aws, runtime: nodejs20.x, region: eu-central-1, timeout: 29, environment: { RELAY_ACCESS: everything, KAFKA_BROKERS: '\${env:KAFKA_BROKERS}' } }
custom: { serverless-offline: { host: 127.0.0.1, httpPort: ${httpPort}, lambdaPort: ${lambdaPort}, noPrependStageInUrl: true, noSponsor: true } }
functions:
  ours: { handler: ours.handler, events: [{ httpApi: "POST /topics/{topic}" }] }
  bare: { handler: bare.handler, events: [{ httpApi: "POST /bare/{topic}" }] }
`;

export const bench: Bench = {
  name: "offline",
  run: async function* (context) {
    const folder = await writeService();
    const kafka = testKafka({ brokers: context.brokers });
    const offline = startOffline(folder, context);
    const agent = new Agent({ keepAlive: true, maxSockets: callsAtOnce });
    try {
      const topic = await createTestTopic(kafka, { partitions, configs: { "retention.bytes": "100000000" } });
      const ours = () => post(agent, `/topics/${topic}`);
      const bare = () => post(agent, `/bare/${topic}`);
      await untilBothAnswer([ours, bare]);
      const sums = { ours: 0, bare: 0 };
      for (let turn = 0; turn < turns; turn++) {
        sums.ours += (await callsPerSecond(ours, context.secondsPerRow / turns)) / turns;
        sums.bare += (await callsPerSecond(bare, context.secondsPerRow / turns)) / turns;
      }
      const ratio = sums.ours / sums.bare;
      yield {
        what: `HTTP produce through serverless-offline, 1 record of 200 B, ${callsAtOnce} calls at once`,
        ours: sums.ours,
        theirs: sums.bare,
        unit: "requests/s",
        against: "a handler with a bare kafkajs send",
        ratio,
        budget: `at least ${ratioMin}`,
        withinBudget: ratio >= ratioMin,
      };
    } finally {
      agent.destroy();
      await stop(offline);
      await kafka.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Inside the project, so that the framework finds its plugin and kafkajs. */
async function writeService(): Promise<string> {
  const parent = join(projectFolder, ".build");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "bench-offline-"));
  writeFileSync(join(folder, "package.json"), '{ "type": "commonjs" }\n');
  writeFileSync(join(folder, "serverless.yml"), serviceMap);
  writeFileSync(join(folder, "bare.js"), bareFunction);
  await build({
    absWorkingDir: projectFolder,
    entryPoints: ["functions/produce.ts"],
    outfile: join(folder, "ours.js"),
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    target: "node20.19",
    external: ["@aws-sdk/*", "@smithy/*"],
    logLevel: "silent",
  });
  return folder;
}

function startOffline(folder: string, { brokers, log }: BenchContext): ChildProcess {
  const child = spawn(process.execPath, [join(projectFolder, "node_modules/serverless/bin/serverless.js"), "offline", "start"], {
    cwd: folder,
    env: {
      ...process.env,
      KAFKA_BROKERS: brokers.join(","),
      RELAY_ACCESS: "everything",
      SLS_NOTIFICATIONS_MODE: "off",
      SLS_TELEMETRY_DISABLED: "1",
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
    },
    stdio: "ignore",
  });
  child.once("exit", (code) => code !== null && code !== 0 && log(`serverless-offline ended with code ${code}`));
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await Promise.race([ended, sleep(5_000).then(() => child.kill("SIGKILL"))]);
}

const body = JSON.stringify({ records: [{ value: { id: 1, place: "somewhere", note: "x".repeat(150) } }] });

function post(agent: Agent, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/vnd.kafka.json.v2+json", "content-length": Buffer.byteLength(body) };
    const call = request({ host: "127.0.0.1", port: httpPort, agent, method: "POST", path, headers }, (answer) => {
      answer.resume();
      answer.once("end", () => (answer.statusCode === 200 ? resolve() : reject(new Error(`${path} answered ${answer.statusCode}.`))));
    });
    call.once("error", reject);
    call.end(body);
  });
}

async function untilBothAnswer(calls: readonly (() => Promise<void>)[]): Promise<void> {
  const untilMs = Date.now() + startTimeoutMs;
  for (const call of calls) {
    for (;;) {
      try {
        await call();
        break;
      } catch (error) {
        if (Date.now() > untilMs) throw error;
        await sleep(200);
      }
    }
  }
}

async function callsPerSecond(call: () => Promise<void>, seconds: number): Promise<number> {
  const startMs = performance.now();
  let calls = 0;
  const one = async () => {
    while (performance.now() - startMs < seconds * 1000) {
      await call();
      calls++;
    }
  };
  await Promise.all(Array.from({ length: callsAtOnce }, one));
  return (calls * 1000) / (performance.now() - startMs);
}
