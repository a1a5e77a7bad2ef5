/** The plugin in a stranger's project, under the real `serverless offline`. */
import { cpSync, mkdtempSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Kafka } from "../../lib/kafka/kafka.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { write as writeRecords } from "../support/relay/relay-on-broker.js";
import { createOfflineProject, notingHandler, type OfflineProject, type OfflineRun } from "../support/trigger/offline-project.js";

let kafka: Kafka;
let project: OfflineProject;
let topic: TopicName;

beforeEach(async () => {
  kafka = testKafka();
  project = await createOfflineProject();
  topic = await createTestTopic(kafka, { partitions: 2 });
});

afterEach(async () => {
  project.remove();
  await kafka.close();
});

const write = (values: readonly string[], partition = 0) =>
  writeRecords(
    kafka,
    topic,
    values.map((value) => ({ key: null, value: Buffer.from(value), headers: [], partition })),
  );
const msk = (more: object = {}) => ({
  msk: { arn: "arn:aws:kafka:eu-west-1:111111111111:cluster/c/00000000-0000-0000-0000-000000000000-1", topic, ...more },
});
const functions = (more: object = {}, own: object = {}) => ({ orders: { handler: "src/orders.handler", events: [msk(more)], ...own } });
const noted = (run: OfflineRun, values: readonly string[]) => run.until(() => values.every((value) => project.notes().includes(value)));
const timesOf = (value: string) => project.notes().filter((one) => one === value).length;

test.each(["offline start", "offline"])("`serverless %s` polls, tells its table, and Ctrl-C drains and commits", async (command) => {
  project.write("src/orders.js", notingHandler("await new Promise((resolve) => setTimeout(resolve, 300));"));
  project.configure(functions());
  await write(["a", "b"]);

  const run = project.run(command.split(" "));
  await noted(run, ["a", "b"]);
  run.signal("SIGINT");
  await run.ended();

  expect(run.output()).toContain("starts");
  expect(run.output()).toContain(topic);
  const again = project.run(command.split(" "));
  await write(["c"]);
  await noted(again, ["c"]);
  again.signal("SIGINT");
  await again.ended();
  // The batch in progress was finished and committed, so nothing came twice; and nothing was lost.
  expect(project.notes()).toEqual(["a", "b", "c"]);
});

test("kill -9 in the middle of a batch loses nothing, twice", async () => {
  project.write("src/orders.js", notingHandler("await new Promise((resolve) => setTimeout(resolve, 100));"));
  project.configure(functions({ batchSize: 5, maximumBatchingWindow: 0 }));
  const values = Array.from({ length: 60 }, (_, index) => `r${index}`);
  await write(values.slice(0, 30), 0);
  await write(values.slice(30), 1);

  for (const least of [10, 30]) {
    const run = project.run(["offline", "start"]);
    await run.until(() => new Set(project.notes()).size >= least);
    run.signal("SIGKILL");
    await run.ended();
  }
  const run = project.run(["offline", "start"]);
  await run.until(() => new Set(project.notes()).size === values.length);
  run.signal("SIGINT");
  await run.ended();

  expect(new Set(project.notes())).toEqual(new Set(values));
  // Only what was with the function, or on its way to be committed, comes twice.
  expect(project.notes().length).toBeLessThan(values.length + 2 * 2 * 2 * 5 + 1);
});

test("a handler that throws, rejects, exits, exhausts memory or never returns is reported and tried again, and the process lives on", async () => {
  const faults = {
    throws: 'throw new Error("thrown");',
    rejects: 'return Promise.reject(new TypeError("rejected"));',
    exits: "process.exit(3);",
    late: 'setTimeout(() => { throw new Error("beside"); }, 10); await new Promise(() => {});',
    memory: "const kept = []; for (;;) kept.push(new Array(1e6).fill(Math.random()));",
    hangs: "await new Promise(() => {});",
    circular: "const self = {}; self.self = self; return self;",
  };
  const bodies = Object.entries(faults).map(([name, body]) => `if (values.includes("${name}") && first("${name}")) { ${body} }`);
  project.write(
    "src/orders.js",
    `import { existsSync, writeFileSync } from "node:fs";
const first = (name) => !existsSync(name + ".done") && (writeFileSync(name + ".done", ""), true);
${notingHandler(bodies.join("\n  "))}`,
  );
  project.configure(functions({ batchSize: 1, maximumBatchingWindow: 0 }, { timeout: 3, memorySize: 128 }));
  await write(Object.keys(faults));

  const run = project.run(["offline", "start"]);
  await run.until(() => Object.keys(faults).every((name) => timesOf(name) === 2));
  run.signal("SIGINT");
  await run.ended();

  for (const reason of ["thrown", "TypeError: rejected", "exit code 3", "beside", "OutOfMemory", "Timedout", "stringify"]) {
    expect(run.output()).toContain(reason);
  }
});

test("a saved edit is what the next batch meets", async () => {
  project.write("src/orders.js", notingHandler('note("old code");'));
  project.configure(functions({ maximumBatchingWindow: 0 }));
  await write(["a"]);
  const run = project.run(["offline", "start"]);
  await noted(run, ["a", "old code"]);

  project.write("src/orders.js", notingHandler('note("new code");'));
  await run.printed(/has changed/);
  await write(["b"]);
  await noted(run, ["b", "new code"]);
  run.signal("SIGINT");
  await run.ended();

  expect(timesOf("old code")).toBe(1);
});

test("a TypeScript handler, its environment and its context are as serverless-offline gives them", async () => {
  project.write(
    "src/orders.ts",
    `import { appendFileSync } from "node:fs";
export const handler = async (_event: unknown, context: { getRemainingTimeInMillis: () => number } & Record<string, unknown>): Promise<void> => {
  const { STAGE, OWN, IS_OFFLINE, AWS_REGION } = process.env;
  const left = context.getRemainingTimeInMillis();
  appendFileSync("notes.jsonl", JSON.stringify({ STAGE, OWN, IS_OFFLINE, AWS_REGION, name: context.functionName, isInTime: left > 0 && left <= 9_000 }) + "\\n");
};
`,
  );
  project.configure(
    functions({}, { timeout: 9, environment: { OWN: "own" } }),
    {},
    {
      provider: { name: "aws", region: "eu-west-1", runtime: "nodejs24.x", environment: { STAGE: "dev" } },
    },
  );
  await write(["a"]);

  const run = project.run(["offline", "start"]);
  await run.until(() => project.notes().length === 1);
  run.signal("SIGINT");
  await run.ended();

  expect(project.notes()).toEqual([
    { STAGE: "dev", OWN: "own", IS_OFFLINE: "true", AWS_REGION: "eu-west-1", name: "stranger-dev-orders", isInTime: true },
  ]);
});

test("the status endpoint tells state, positions and lag", async () => {
  project.write("src/orders.js", notingHandler());
  project.configure(functions());
  await write(["a", "b"]);
  const run = project.run(["offline", "start"]);
  await noted(run, ["a", "b"]);

  await run.until(async () => (await statusOf()).mappings[0]?.partitions?.[0]?.lag === 0);
  const status = await statusOf();
  const statuses = await Promise.all([`localhost:${new URL(project.statusUrl).port}`, "[::1]", "evil.example"].map(statusUnder));
  run.signal("SIGINT");
  await run.ended();

  expect(status.mappings[0]).toMatchObject({ function: "orders", topic, state: "polling" });
  expect(statuses, "a name that was made to resolve to this machine is refused").toEqual([200, 200, 403]);
});

// biome-ignore lint/suspicious/noExplicitAny: JSON of the endpoint, looked into by path
const statusOf = async (): Promise<any> => (await fetch(project.statusUrl)).json();

/** Not fetch: that sets Host by itself. */
const statusUnder = (host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get(project.statusUrl, { headers: { host }, agent: false }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode));
    }).once("error", reject);
  });

test("what is given up goes to the on-failure topic, one record each", async () => {
  const failures = await createTestTopic(kafka);
  project.write("src/orders.js", notingHandler('throw new Error("always");'));
  project.configure(
    functions({ maximumRetryAttempts: 1, onFailureDestination: `kafka://${failures}`, provisionedPollerConfig: { minimumPollers: 1 } }),
  );
  await write(["a", "b"]);

  const run = project.run(["offline", "start"]);
  const { readAll } = await import("../support/relay/relay-on-broker.js");
  await run.until(async () => (await readAll(kafka, failures)).length === 2);
  run.signal("SIGINT");
  await run.ended();

  const told = (await readAll(kafka, failures)).map(({ value }) => JSON.parse(String(value)));
  expect(told[0]).toMatchObject({
    version: "1.0",
    requestContext: {
      condition: "RetriesExhausted",
      approximateInvokeCount: 2,
      functionArn: "arn:aws:lambda:eu-west-1:000000000000:function:stranger-dev-orders",
    },
    responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
    KafkaBatchInfo: { batchSize: 1, recordInfo: { offset: "0" } },
  });
  expect(Object.keys(told[0].payload.records)).toEqual([`${topic}-0`]);
});

test.each<[string, object, RegExp]>([
  ["a value out of range", { batchSize: 20_000 }, /function orders: msk\.batchSize is 20000; it must be a whole number from 1 to 10000/],
  ["a misspelt setting", { maximumRetryAttempt: 3 }, /msk\.maximumRetryAttempt.*did you mean maximumRetryAttempts\?/],
  ["a pattern that AWS refuses", { filterPatterns: [{ value: { a: "x" } }] }, /filterPatterns\[0\]\.value\.a/],
])("%s ends the start, whatever configValidationMode says, and names function and property", async (_what, event, message) => {
  project.write("src/orders.js", notingHandler());
  project.configure(functions(event), {}, { configValidationMode: "off" });

  const run = project.run(["offline", "start"]);

  expect(await run.ended()).not.toBe(0);
  expect(run.output().replace(/\s+/g, " ")).toMatch(message);
});

test("an on-failure destination whose SDK nobody has installed ends the start with the command that installs it", async () => {
  const plugin = mkdtempSync(join(tmpdir(), "plugin-"));
  const source = join(import.meta.dirname, "../../local/kafka-trigger");
  for (const file of ["package.json", "dist"]) cpSync(join(source, file), join(plugin, file), { recursive: true });
  const alone = await createOfflineProject({ plugin });
  alone.write("src/orders.js", notingHandler());
  alone.configure(functions({ onFailureDestination: "arn:aws:sqs:eu-west-1:000000000000:lost" }));

  const run = alone.run(["offline", "start"]);
  const code = await run.ended();
  alone.remove();

  expect(code).not.toBe(0);
  expect(run.output().replace(/\s+/g, " ")).toContain(
    "function orders: msk.onFailureDestination: @aws-sdk/client-sqs is not installed; run npm install --save-dev @aws-sdk/client-sqs",
  );
});

test("a missing topic and an unreachable broker are one line each, and the other mappings are polled", async () => {
  const missing = uniqueName("missing");
  project.write("src/orders.js", notingHandler());
  project.configure(
    {
      ...functions(),
      lost: {
        handler: "src/orders.handler",
        events: [
          {
            kafka: {
              topic: missing,
              bootstrapServers: ["unused:1"],
              accessConfigurations: { saslScram512Auth: "arn:aws:secretsmanager:eu-west-1:1:secret:s" },
            },
          },
        ],
      },
    },
    { brokers: { "unused:1": "127.0.0.1:1", [msk().msk.arn]: process.env.KAFKA_BROKERS } },
  );
  await write(["a"]);

  const run = project.run(["offline", "start"]);
  await noted(run, ["a"]);
  await run.printed(/127\.0\.0\.1:1\b/);
  run.signal("SIGINT");
  await run.ended();
});
