/** What `npm pack` makes of the trigger, installed into an empty project with plain JavaScript: nothing of this repository is needed there. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Kafka } from "../../lib/kafka/kafka.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { write } from "../support/relay/relay-on-broker.js";
import { createOfflineProject, notingHandler, type OfflineProject } from "../support/trigger/offline-project.js";

const source = join(import.meta.dirname, "../../local/kafka-trigger");
const typescript = join(import.meta.dirname, "../../node_modules/typescript/bin/tsc");
let folder: string;
let installed: string;
let kafka: Kafka;
let project: OfflineProject | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kafka-trigger-pack-"));
  const npm = (args: readonly string[], cwd: string) =>
    execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  npm(["pack", "--pack-destination", folder, "--ignore-scripts", source], folder);
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  npm(["install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, join(folder, tarball)], folder);
  installed = join(folder, "node_modules/serverless-offline-kafka-trigger");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  kafka = testKafka();
});
afterEach(async () => {
  project?.remove();
  await kafka.close();
});

test("the package is its build, its types and its manual, and needs no other package", () => {
  expect(readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(["serverless-offline-kafka-trigger"]);
  expect(readdirSync(installed, { recursive: true }).sort()).toEqual([
    "README.md",
    "bin.cjs",
    "dist",
    "dist/main.cjs",
    "dist/main.d.cts",
    "dist/run.cjs",
    "dist/worker.cjs",
    "package.json",
  ]);
});

test.each(["module", "commonjs"] as const)("it runs the handlers of a %s project", async (type) => {
  project = await createOfflineProject({ plugin: installed, type });
  const topic = await createTestTopic(kafka);
  project.write("orders.js", notingHandler("", type === "module" ? "esm" : "cjs"));
  project.configure({
    orders: { handler: "orders.handler", events: [{ msk: { arn: "arn:aws:kafka:eu-west-1:1:cluster/c/1", topic } }] },
  });
  await write(kafka, topic, [{ key: null, value: Buffer.from("a"), headers: [] }]);

  const run = project.run(["offline", "start"]);
  await run.until(() => project?.notes().length === 1);
  run.signal("SIGINT");
  await run.ended();

  expect(project.notes()).toEqual(["a"]);
});

test("its library is imported by name, from ES modules and from CommonJS", async () => {
  const topic = await createTestTopic(kafka);
  await write(kafka, topic, [{ key: null, value: Buffer.from("a"), headers: [] }]);
  const body = `const trigger = createKafkaTrigger({ brokers: ["${process.env.KAFKA_BROKERS}"], topic: "${topic}", consumerGroupId: "group-" + process.pid }, async (event) => {
  console.log(Object.keys(event.records).join());
  setImmediate(() => trigger.stop());
});`;
  const run = (kind: string, code: string) =>
    execFileSync(process.execPath, [`--input-type=${kind}`, "-e", code], { cwd: folder, encoding: "utf8" });

  const esm = run("module", `import { createKafkaTrigger } from "serverless-offline-kafka-trigger";\n${body}`);
  const cjs = run("commonjs", `const { createKafkaTrigger } = require("serverless-offline-kafka-trigger");\n${body}`);

  expect([esm.trim(), cjs.trim()]).toEqual([`${topic}-0`, `${topic}-0`]);
});

/** What a strict project without Node's types sees of the package: every exported name, with the options it has. */
const consumer = `import { createKafkaTrigger, lambdaFunction } from "serverless-offline-kafka-trigger";
import type { InvocationReport, KafkaEvent, KafkaEventRecord, KafkaTrigger, KafkaTriggerOptions, LambdaFunctionOptions, PartitionStatus, StartingPosition, TriggerStatus } from "serverless-offline-kafka-trigger";
const startingPosition: StartingPosition = { kind: "AT_TIMESTAMP", timestampMs: 1 };
const onInvocation = ({ records, verdict }: InvocationReport): string => verdict + records.toFixed();
const options: KafkaTriggerOptions = { brokers: ["127.0.0.1:9092"], topic: "orders", consumerGroupId: "orders", startingPosition, onInvocation };
const values = ({ records }: KafkaEvent): readonly (string | undefined)[] => Object.values(records).flat().map((record: KafkaEventRecord) => record.value);
const trigger: KafkaTrigger = createKafkaTrigger(options, async (event) => values(event));
const status: TriggerStatus = trigger.status();
const lags: readonly number[] = status.partitions.map((partition: PartitionStatus) => partition.lag);
const there: LambdaFunctionOptions = { endpoint: "http://127.0.0.1:3002" };
export const elsewhere = createKafkaTrigger(options, lambdaFunction("orders", there));
export const stopped: Promise<void> = trigger.stop({ limitMs: lags.length });
`;

/** What the compiler prints about a file of the empty project; "" where nothing is wrong. */
function compile(name: string, code: string, module: string): string {
  const file = join(folder, name);
  writeFileSync(file, code);
  const flags = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--skipLibCheck", "false", "--types", "", "--lib", "es2023"];
  const moduleFlags = module === "bundler" ? ["--module", "esnext", "--moduleResolution", "bundler"] : ["--module", module];
  const { stdout } = spawnSync(process.execPath, [typescript, ...flags, ...moduleFlags, "--target", "es2023", file], {
    cwd: folder,
    encoding: "utf8",
  });
  return stdout.trim();
}

test.each([
  ["an ES module", "consumer.mts", "nodenext"],
  ["a CommonJS module", "consumer.cts", "nodenext"],
  ["a module that is bundled", "consumer.ts", "bundler"],
])("its types compile in %s of a strict project that has nothing else", (_what, name, module) => {
  expect(compile(name, consumer, module)).toBe("");
});

test("its types refuse an option that does not exist, and one of the wrong type", () => {
  const wrong = consumer.replace('topic: "orders"', "topic: 5, bachSize: 10");

  expect(compile("wrong.mts", wrong, "nodenext")).toMatch(/error TS2322: Type 'number' is not assignable to type 'string'/);
  expect(compile("unknown.mts", wrong.replace("topic: 5", 'topic: "orders"'), "nodenext")).toMatch(
    /error TS2561: .*'bachSize' does not exist .*'batchSize'/,
  );
});
