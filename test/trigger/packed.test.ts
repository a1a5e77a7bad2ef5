/** What `npm pack` makes of the trigger, installed into an empty project with plain JavaScript: nothing of this repository is needed there. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Kafka } from "../../lib/kafka/kafka.js";
import { createTestTopic, testKafka } from "../support/kafka.js";
import { createOfflineProject, notingHandler, type OfflineProject } from "../support/offline-project.js";
import { write } from "../support/relay-on-broker.js";

const source = join(import.meta.dirname, "../../local/kafka-trigger");
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
    "dist/run.cjs",
    "dist/worker.cjs",
    "main.d.ts",
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
