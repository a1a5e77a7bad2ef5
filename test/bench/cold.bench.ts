/**
 * What a cold function costs, on the Node that is deployed: the load of each bundle against kafkajs alone bundled the same way, and the first answer of the produce
 * function against kafkajs's first acknowledged send, both in new processes.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { parseConfig } from "../../lib/config.js";
import { createDeadline } from "../../lib/deadline.js";
import { createTopics, deleteTopics } from "../../lib/kafka/admin/topics.js";
import { createKafka, toKafkaOptions } from "../../lib/kafka/kafka.js";
import { bundleFunctions } from "../../local/build/bundle.js";
import { projectFolder } from "../../local/build/service-map.js";
import type { Bench, BenchRow } from "./bench.js";

/** Fetched for this run; a dependency of that name would replace the node of every script. */
const deployedNode = "24.21.0";
const fetchTimeoutMs = 180_000;
const kilobytesMax = 330;
const ratioMax = 1.5;
const runsMin = 5;
const shortRuns = 2;
const msPerRun = 300;

export const bench: Bench = {
  name: "cold",
  run: async function* ({ brokers, secondsPerRow, isShort, log }) {
    const node = nodeToRun(log);
    const folder = mkdtempSync(join(tmpdir(), "kafka-relay-cold-"));
    const topic = `cold-${process.pid}`;
    const kafka = createKafka(toKafkaOptions(parseConfig({ KAFKA_BROKERS: brokers.join(",") })));
    try {
      await createTopics(kafka, [{ name: topic, partitionsCount: 1 }], createDeadline(20_000));
      const bundles = await bundleFunctions(folder);
      const kafkajs = await bundleKafkajs(folder);
      const produce = bundles.find(({ key }) => key === "produce");
      if (produce === undefined) throw new Error("There is no bundle of the function produce.");
      yield sizeRow(produce.bytes, kafkajs.bytes);
      const runs = isShort ? shortRuns : Math.max(runsMin, Math.round((secondsPerRow * 1_000) / msPerRun));
      const loads = measure(runs, [kafkajs.path, ...bundles.map(({ path }) => path)], (path) => timeOf(node, loadScript(path), {}));
      const [theirs = Number.NaN] = loads;
      for (const [index, { key }] of bundles.entries())
        yield row(`${key} function, load in a new process`, loads[index + 1] ?? Number.NaN, theirs, "kafkajs alone");
      const env = { KAFKA_BROKERS: brokers.join(","), RELAY_ACCESS: "everything" };
      const [theirFirst = Number.NaN, ourFirst = Number.NaN] = measure(
        runs,
        [sendScript(kafkajs.path, topic, brokers), answerScript(produce.path, topic)],
        (script) => timeOf(node, script, env),
      );
      yield row("produce function, from nothing to one record acknowledged", ourFirst, theirFirst, "kafkajs: load, connect, send");
    } finally {
      await deleteTopics(kafka, [topic], createDeadline(20_000));
      await kafka.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function nodeToRun(log: (line: string) => void): string {
  try {
    const args = ["--yes", `--package=node@${deployedNode}`, "node", "-p", "process.execPath"];
    return execFileSync("npx", args, { encoding: "utf8", timeout: fetchTimeoutMs, stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    log(`Node ${deployedNode} could not be fetched; measured on ${process.version}`);
    return process.execPath;
  }
}

async function bundleKafkajs(folder: string): Promise<{ readonly path: string; readonly bytes: number }> {
  const entry = join(folder, "kafkajs-entry.cjs");
  writeFileSync(entry, `module.exports = require(${JSON.stringify(join(projectFolder, "node_modules/kafkajs"))});\n`);
  const path = join(folder, "kafkajs.cjs");
  const { metafile } = await build({
    absWorkingDir: projectFolder,
    entryPoints: [entry],
    outfile: path,
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    target: "node20.19",
    metafile: true,
    logLevel: "silent",
  });
  return { path, bytes: Object.values(metafile.outputs)[0]?.bytes ?? 0 };
}

/** Medians; one of each in turn, so that whatever else the machine does meets all alike. */
function measure(runs: number, subjects: readonly string[], timeIt: (subject: string) => number): readonly number[] {
  const times = subjects.map((): number[] => []);
  for (let run = 0; run < runs; run++) for (const [index, subject] of subjects.entries()) times[index]?.push(timeIt(subject));
  return times.map((list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN);
}

function timeOf(node: string, script: string, env: Readonly<Record<string, string>>): number {
  const { PATH, HOME } = process.env;
  return Number(
    execFileSync(node, ["--no-warnings", "-e", script], {
      encoding: "utf8",
      env: { PATH, HOME, ...env },
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );
}

const printElapsed = "process.stdout.write(String(performance.now() - from), () => process.exit(0));";

/** The AWS SDK must not be among what is loaded. */
const loadScript = (path: string): string => `const from = performance.now(); require(${JSON.stringify(path)});
  if (Object.keys(require.cache).some((file) => file.includes("@aws-sdk"))) throw new Error("The AWS SDK was loaded.");
  ${printElapsed}`;

const sendScript = (path: string, topic: string, brokers: readonly string[]): string => `const from = performance.now();
  const { Kafka, logLevel } = require(${JSON.stringify(path)});
  const producer = new Kafka({ brokers: ${JSON.stringify(brokers)}, logLevel: logLevel.NOTHING }).producer();
  producer.connect().then(() => producer.send({ topic: ${JSON.stringify(topic)}, acks: -1, messages: [{ value: "1" }] })).then(() => { ${printElapsed} });`;

const answerScript = (path: string, topic: string): string => `const from = performance.now();
  const { handler } = require(${JSON.stringify(path)});
  handler(${JSON.stringify({
    version: "2.0",
    routeKey: "POST /topics/{topic}",
    rawPath: `/topics/${topic}`,
    rawQueryString: "",
    headers: { host: "localhost", "content-type": "application/vnd.kafka.json.v2+json" },
    requestContext: { http: { method: "POST", path: `/topics/${topic}` }, requestId: "1", stage: "$default" },
    pathParameters: { topic },
    body: '{"records":[{"value":1}]}',
    isBase64Encoded: false,
  })}, { getRemainingTimeInMillis: () => 30000 }).then(({ statusCode, body }) => { if (statusCode !== 200) throw new Error(body); ${printElapsed} });`;

function sizeRow(ours: number, theirs: number): BenchRow {
  return {
    what: "produce function, bundle",
    ours: ours / 1_000,
    theirs: theirs / 1_000,
    unit: "kB",
    against: "kafkajs alone",
    ratio: ours / theirs,
    budget: `at most ${kilobytesMax} kB`,
    withinBudget: ours <= kilobytesMax * 1_000,
  };
}

function row(what: string, ours: number, theirs: number, against: string): BenchRow {
  const ratio = ours / theirs;
  return { what, ours, theirs, unit: "ms", against, ratio, budget: `at most ${ratioMax}`, withinBudget: ratio <= ratioMax };
}
